// Generated modules: what they export, import and carry with them.

import { assert, assertEquals } from "@std/assert";
import { getExtension, hasExtension, setExtension } from "../../../../surface/proto/extension.ts";
import { createRegistry } from "../../../../surface/proto/json/registry.ts";
import { generate } from "../../../../surface/proto/generate/generate.ts";
import type { GeneratedFile } from "../../../../surface/proto/generate/options.ts";
import { loadProto } from "../../../../surface/proto/load.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { dump } from "../compile/compare.ts";
import { generateText, generateTexts, importGenerated, linked } from "./generated.ts";

const SHOP = {
  "shop.proto": `syntax = "proto3"; package shop;
    import "shop/item.proto"; import "other.proto"; import "google/protobuf/timestamp.proto";
    message Cart {
      repeated Item items = 1; other.Item extra = 2; google.protobuf.Timestamp at = 3;
      map<string, Kind> kinds = 4; Kind kind = 5;
    }
    service Shop {
      rpc Buy(Cart) returns (Item) { option idempotency_level = IDEMPOTENT; }
      rpc Watch(Item) returns (stream Cart);
    }`,
  "shop/item.proto": `syntax = "proto3"; package shop;
    import "other.proto";
    enum Kind { NONE = 0; FRUIT = 1; }
    message Item { string name = 1; Kind kind = 2; other.Item other = 3; }`,
  "other.proto": `syntax = "proto3"; package other; message Item { int64 number = 1; }`,
};

function textOf(path: string, files: readonly GeneratedFile[]): string {
  return files.find((file) => file.path === path)!.text;
}

test("a file a proto, and one for each of protobuf's own that is used", () => {
  const paths = generateTexts(SHOP).map(({ path }) => path);
  assertEquals(paths, ["shop.ts", "shop/item.ts", "other.ts", "google/protobuf/timestamp.ts"]);
});

test("types of other files are imported, by another name where theirs is taken", () => {
  const text = textOf("shop.ts", generateTexts(SHOP));
  assert(text.includes('import { $file as item$file, Item, type Kind, Kind$ } from "./shop/item.ts";'), text);
  assert(text.includes('import { $file as other$file, Item as Item$2 } from "./other.ts";'), text);
  assert(text.includes('} from "./google/protobuf/timestamp.ts";'), text);
  assert(text.includes("  extra: Item$2 | undefined;"), text);
  const item = textOf("shop/item.ts", generateTexts(SHOP));
  assert(item.includes('import { $file as other$file, Item as Item$2 } from "../other.ts";'), item);
});

test("imports end as asked for", () => {
  for (const importExtension of [".ts", ".js", ""] as const) {
    const text = textOf("shop.ts", generateTexts(SHOP, { importExtension }));
    assert(text.includes(`} from "./shop/item${importExtension}";`), text);
  }
  assert(generateText(SHOP["other.proto"], { runtime: "./runtime.ts" }).includes('} from "./runtime.ts";'));
});

test("names that runtimes or TypeScript would read otherwise have underscores in them", () => {
  const message = (name: string): string => `syntax = "proto3"; message ${name} { int32 x = 1; }`;
  const names = ["a.d.proto", "b.d.v1.proto", "c#d.proto", "100%25.proto", "e?/f.proto", "g.d/h.dx.proto"];
  const files = Object.fromEntries(names.map((name, i) => [name, message(`M${i}`)]));
  const main = `syntax = "proto3"; ${names.map((name) => `import "${name}";`).join(" ")}
    message All { ${names.map((_, i) => `M${i} m${i} = ${i + 1};`).join(" ")} }`;
  const made = generateTexts({ "all.proto": main, ...files });
  const paths = ["a_d.ts", "b_d.v1.ts", "c_d.ts", "100_25.ts", "e_/f.ts", "g.d/h.dx.ts"];
  assertEquals(made.map(({ path }) => path), ["all.ts", ...paths]);
  const text = textOf("all.ts", made);
  for (const path of paths) assert(text.includes(`} from "./${path}";`), text);
});

test("equal files give equal text, whatever else is generated", () => {
  const all = generateTexts(SHOP);
  assertEquals(generateTexts(SHOP), all);
  const files = linked(SHOP);
  for (const file of files) {
    const path = file.path.replace(".proto", ".ts");
    assertEquals(textOf(path, generate([file])), textOf(path, all), path);
  }
});

test("generated services are those of loaded files, with their descriptors", async () => {
  const generated = await importGenerated(SHOP);
  const loaded = await loadProto({ files: SHOP, entry: "shop.proto" });
  assertEquals(generated.Shop.fullName, "shop.Shop");
  const withoutCodecs = ({ methods }: { methods: object }) =>
    Object.values(methods).map(({ requestCodec, responseCodec, ...rest }) =>
      [requestCodec.typeName, responseCodec.typeName, rest] as const
    );
  assertEquals(withoutCodecs(generated.Shop), withoutCodecs(loaded["Shop"]!));
  const files = (file: { name: string; imports: readonly unknown[]; bytes(): Uint8Array }): unknown => [
    file.name,
    toHex(file.bytes()),
    file.imports.map((one) => files(one as typeof file)),
  ];
  assertEquals(files(generated.Shop.file), files(loaded["Shop"]!.file!));
  assertEquals((await importGenerated(SHOP, { descriptors: false })).Shop.file, undefined);
});

test("messages of several files are coded together, as loaded ones are", async () => {
  const { Cart } = await importGenerated(SHOP);
  const codec = (await loadProto({ files: SHOP, entry: "shop.proto" })).messages["shop.Cart"]!;
  const cart = {
    items: [{ name: "pear", kind: "FRUIT" }, {}],
    extra: { number: 5n },
    at: { seconds: 7n },
    kinds: { a: "FRUIT", b: 9 },
  };
  assertEquals(toHex(Cart.encode(cart)), toHex(codec.encode(cart)));
  assertEquals(dump(Cart.decode(codec.encode(cart))), dump(codec.decode(codec.encode(cart))));
  assertEquals(Cart.create({ kind: "FRUIT" }), codec.decode(codec.encode({ kind: "FRUIT" })));
  assertEquals(Cart.create(), codec.decode(new Uint8Array(0)));
});

test("message types have JSON unless they are to have none", async () => {
  const { Cart } = await importGenerated(SHOP);
  const json = {
    items: [{ name: "pear", kind: "FRUIT" }],
    extra: { number: "5" },
    at: "1970-01-01T00:00:07Z",
  };
  assertEquals(Cart.toJson(Cart.fromJson(json)), json);
  const plain = await importGenerated(SHOP, { json: false });
  assertEquals(plain.Cart.toJson, undefined);
  assertEquals(toHex(plain.Cart.encode({ kind: 1 })), toHex(Cart.encode({ kind: 1 })));
});

const EXTENDED = `edition = "2023"; package ext; import "google/protobuf/descriptor.proto";
  message Base {
    extensions 100 to 200;
    message In { int32 a = 1; In in = 2 [features.message_encoding = DELIMITED]; }
    In in = 1 [features.message_encoding = DELIMITED];
    extend Base { string nested_ext = 105; }
  }
  extend Base { int32 num = 100; Base.In in_ext = 101; repeated string names = 102; }
  extend google.protobuf.FieldOptions { string my_option = 50000; }`;

test("extensions and groups are generated", async () => {
  const { Base, num, in_ext, names, Base_nested_ext, my_option } = await importGenerated({
    "ext.proto": EXTENDED,
  });
  assertEquals([num.fullName, num.extendee, num.number], ["ext.num", "ext.Base", 100]);
  assertEquals([Base_nested_ext.fullName, my_option.extendee], [
    "ext.Base.nested_ext",
    "google.protobuf.FieldOptions",
  ]);
  const message = Base.create({ in: { a: 1, in: { a: 2 } } });
  assertEquals(message.in.in.a, 2);
  setExtension(message, num, 7);
  setExtension(message, in_ext, { a: 3 });
  setExtension(message, names, ["a", "b"]);
  const read = Base.decode(Base.encode(message));
  assertEquals([getExtension(read, num), getExtension(read, names)], [7, ["a", "b"]]);
  assertEquals((getExtension(read, in_ext) as { a: number }).a, 3);
  assert(!hasExtension(read, Base_nested_ext));
  const registry = createRegistry(num, in_ext, names);
  assertEquals(Base.toJson(read, { registry })["[ext.num]"], 7);
});

test("a message is narrowed by its oneofs unless they have more combinations than TypeScript should keep", () => {
  const oneof = (i: number) =>
    `oneof o${i} { ${[0, 1, 2].map((j) => `int32 f${i}_${j} = ${1 + i * 3 + j};`).join(" ")} }`;
  const text = (count: number) =>
    generateText(
      `syntax = "proto3"; message M { ${Array.from({ length: count }, (_, i) => oneof(i)).join(" ")} }`,
    );
  assertEquals(text(4).match(/& (?:Loose)?OneOf</g), ["& OneOf<", "& OneOf<", "& OneOf<", "& OneOf<"]);
  assertEquals(text(5).match(/& LooseOneOf<"o4"/g)?.length, 1);
});

test("fields and methods that begin with a digit in JavaScript are what they are in loaded files", async () => {
  const source =
    `syntax = "proto3"; message M { int32 _1a = 1; string _01 = 2; bool _1e5 = 3; oneof _2b { M _3c = 4; } }
    service S { rpc _1a(M) returns (M); rpc _01(M) returns (M); rpc _1e5(M) returns (M); rpc _(M) returns (M); }`;
  const { M, S } = await importGenerated({ "digits.proto": source });
  const loaded = parseProto(source);
  assertEquals(Object.keys(S.methods), Object.keys(loaded["S"]!.methods));
  assertEquals(Object.keys(S.methods), ["1a", "01", "1e5", "_"]);
  const message = { "1a": 1, "01": "x", "1e5": true, "3c": {} };
  assertEquals(toHex(M.encode(message)), toHex(loaded.messages["M"]!.encode(message)));
  assertEquals(M.decode(M.encode(message)), loaded.messages["M"]!.decode(M.encode(message)));
  assert(generateText(source, { typesOnly: true }).includes('"1e5": boolean;'));
});

test("a file whose name begins with a digit can be imported", async () => {
  const { S } = await importGenerated({
    "first.proto": `syntax = "proto3"; import "2024-01.proto"; service S { rpc Get(M) returns (M); }`,
    "2024-01.proto": `syntax = "proto3"; message M {}`,
  });
  assertEquals(S.file.imports.map(({ name }: { name: string }) => name), ["2024-01.proto"]);
});
