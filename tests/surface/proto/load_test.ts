// loadProto: files from texts and from disk, their imports, and what is said when one is missing.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import { ProtoError } from "../../../surface/proto/errors.ts";
import { loadProto } from "../../../surface/proto/load.ts";
import type { ServiceOf, Unary } from "../../../surface/proto/service.ts";
import { test } from "../../harness.ts";

interface CartProto {
  Cart: ServiceOf<{ add: Unary<{ item?: { name?: string } }, object> }>;
}

const CART = `syntax = "proto3"; package shop.cart;
import "item.proto";
import "google/protobuf/timestamp.proto";
message AddRequest { shop.Item item = 1; google.protobuf.Timestamp at = 2; }
message AddResponse {}
service Cart { rpc Add(AddRequest) returns (AddResponse); }`;
const ITEM = `syntax = "proto3"; package shop; message Item { string name = 1; }`;

const here = new URL("./fixtures/", import.meta.url);

test("an import beside the importing file is found", async () => {
  const { Cart } = await loadProto<CartProto>({
    files: { "a/cart.proto": CART, "a/item.proto": ITEM },
    entry: "a/cart.proto",
  });
  const codec = Cart.methods.add.requestCodec;
  assertEquals(codec.decode(encodeMessage(codec, { item: { name: "tea" } })).item, { name: "tea" });
});

test("an import is found below an include directory, before the one beside", async () => {
  const files = {
    "a/cart.proto": CART,
    "a/item.proto": `syntax = "proto3"; package shop; message Item { int32 other = 1; }`,
    "inc/item.proto": ITEM,
  };
  const proto = await loadProto({ files, entry: "./a/cart.proto" }, { includeDirs: ["./inc/"] });
  assertEquals(proto.messages["shop.Item"]!.decode(new Uint8Array(0)), { name: "" });
});

test("an import from the root is found above the importing file, and once only", async () => {
  const files = {
    "src/shop/cart/cart.proto":
      `syntax = "proto3"; import "shop/base/item.proto"; import "shop/cart/more.proto";
      message M { shop.Item item = 1; More more = 2; }`,
    "src/shop/cart/more.proto":
      `syntax = "proto3"; import "shop/base/item.proto"; message More { shop.Item item = 1; }`,
    "src/shop/base/item.proto": ITEM,
  };
  const { messages } = await loadProto({ files, entry: "src/shop/cart/cart.proto" });
  assertEquals(Object.keys(messages).sort(), ["M", "More", "shop.Item"]);
});

test("an import that is nowhere: where it stands and what was tried", async () => {
  const files = { "a/cart.proto": CART };
  const error = await assertRejects(
    () => loadProto({ files, entry: "a/cart.proto" }, { includeDirs: ["inc"] }),
    ProtoError,
  );
  assertEquals(
    error.message,
    'a/cart.proto:2:1: Cannot import "item.proto": no such file; tried "inc/item.proto", "a/item.proto"; ' +
      "name its directory in includeDirs",
  );
});

test("a weak import may be missing, the entry may not", async () => {
  const files = { "a.proto": `syntax = "proto3"; import weak "gone.proto"; message A {}` };
  assertEquals(Object.keys((await loadProto({ files, entry: "a.proto" })).messages), ["A"]);
  await assertRejects(
    () => loadProto({ files, entry: "b.proto" }),
    ProtoError,
    'Cannot load "b.proto": no such file',
  );
  await assertRejects(
    () => loadProto(new URL("./gone.proto", here)),
    ProtoError,
    "gone.proto",
  );
});

test("errors in imported files name that file", async () => {
  const files = {
    "a.proto": `import "b.proto";`,
    "b.proto": `syntax = "proto3";\nmessage B { Gone gone = 1; }`,
  };
  await assertRejects(
    () => loadProto({ files, entry: "a.proto" }),
    ProtoError,
    'b.proto:2:13: "Gone" is not defined',
  );
});

test("services of imported files are there; the entry's come first", async () => {
  const files = {
    "a.proto":
      `syntax = "proto3"; package a; import "b.proto"; message M {} service S { rpc One(M) returns (M); }`,
    "b.proto":
      `syntax = "proto3"; package b; message M {} service S { rpc Two(M) returns (M); } service T {}`,
  };
  const proto = await loadProto({ files, entry: "a.proto" });
  assertEquals(Object.keys(proto["S"]!.methods), ["one"]);
  assertEquals(Object.keys(proto["b.S"]!.methods), ["two"]);
  assertStrictEquals(proto["T"], proto["b.T"]);
});

test("files are loaded from disk by URL and by path", async () => {
  const byUrl = await loadProto<CartProto>(new URL("cart.proto", here));
  assertEquals(byUrl.Cart.methods.add.path, "/shop.cart.Cart/Add");
  const path = decodeURIComponent(new URL("cart.proto", here).pathname);
  const byPath = await loadProto<CartProto>(path);
  assertEquals(Object.keys(byPath.messages), Object.keys(byUrl.messages));
  assertEquals(Object.keys((await loadProto<CartProto>(new URL("cart.proto", here).href)).Cart.methods), [
    "add",
  ]);
});

test("a URL that is none of a file is refused", async () => {
  const says = 'Cannot load "https://x.example/a.proto": URLs are those of files; fetch the texts';
  await assertRejects(() => loadProto("https://x.example/a.proto"), ProtoError, says);
  await assertRejects(() => loadProto(new URL("https://x.example/a.proto")), ProtoError, says);
});

test("arguments that cannot be meant are refused at once", async () => {
  const load = loadProto as (source: unknown, options?: unknown) => Promise<unknown>;
  const files = { "a.proto": `syntax = "proto3";` };
  const cases: [unknown, unknown, string][] = [
    [undefined, undefined, "Cannot load undefined: give a path, a URL, or { files, entry }"],
    [{ files }, undefined, "Cannot load an object: give a path"],
    [{ files: null, entry: "a.proto" }, undefined, "Cannot load an object: give a path"],
    [
      { files: { ...files, "b.proto": new Uint8Array(1) }, entry: "a.proto" },
      undefined,
      'Cannot load a.proto: files["b.proto"] is an Uint8Array, not a text',
    ],
    [
      { files, entry: "a.proto" },
      { includeDir: ["x"] },
      'there is no option "includeDir"; did you mean includeDirs?',
    ],
    ["a.proto", { includeDirs: "x" }, 'Cannot load a.proto: includeDirs is the string "x", not an array'],
    [
      "a.proto",
      { includeDirs: ["x", undefined] },
      "Cannot load a.proto: includeDirs[1] is undefined, neither",
    ],
    ["a.proto", "x", 'its options are the string "x"'],
  ];
  for (const [source, options, says] of cases) {
    await assertRejects(() => load(source, options), TypeError, says);
  }
});
