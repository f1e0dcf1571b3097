import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProtoError } from "../../../surface/proto/errors.ts";
import { loadProto } from "../../../surface/proto/load.ts";
import { loadSources } from "../../../surface/proto/load_sources.ts";
import { test } from "../../harness.ts";

/** Loads `entries` out of `files`. */
function load(
  files: Record<string, string>,
  entries: readonly string[],
  includeDirs: readonly string[] = [""],
) {
  const read = (location: string) => Promise.resolve(files[location]);
  return loadSources(entries, { includeDirs, read });
}

async function errorsOf(files: Record<string, string>, ...entries: string[]): Promise<string[]> {
  return (await load(files, entries)).errors.map(({ message }) => message);
}

const HEAD = 'syntax = "proto3";\n';

test("several files are loaded with what they import, each once and named from the include directory", async () => {
  const set = await load(
    {
      "p/shop/cart.proto": `${HEAD}import "shop/item.proto"; message Cart { Item item = 1; }`,
      "p/shop/item.proto": `${HEAD}import "google/protobuf/empty.proto"; message Item {}`,
      "p/b.proto": `${HEAD}import "shop/item.proto"; message B { Item item = 1; }`,
    },
    ["p/shop/cart.proto", "./p/b.proto", "p/b.proto"],
    ["./p"],
  );
  assertEquals(set.errors, []);
  assertEquals(set.entries.map(({ path }) => path), ["shop/cart.proto", "b.proto"]);
  assertEquals(set.files.map(({ path }) => path), ["shop/cart.proto", "b.proto", "shop/item.proto"]);
  assertEquals(set.files[0]!.messages[0]!.fields[0]!.target, set.files[2]!.messages[0]);
});

test("a file beside the importing one is named from the include directory that has it", async () => {
  const set = await load(
    { "p/a.proto": `${HEAD}import "b.proto"; message A { B b = 1; }`, "p/b.proto": `${HEAD}message B {}` },
    ["p/a.proto", "p/b.proto"],
  );
  assertEquals(set.errors, []);
  assertEquals(set.files.map(({ path }) => path), ["p/a.proto", "p/b.proto"]);
});

test("a file outside of the include directories is named from its own folder", async () => {
  const set = await load({ "/x/a.proto": `${HEAD}message A {}` }, ["/x/a.proto"]);
  assertEquals(set.entries.map(({ path }) => path), ["a.proto"]);
});

test("without include directories, files of one name in several folders are told apart, also those they import", async () => {
  const files: Record<string, string> = {};
  for (const folder of ["a", "b", "/c"]) {
    const name = folder.replace("/", "");
    files[`${folder}/s.proto`] = `${HEAD}package ${name}; import "item.proto"; message S { Item item = 1; }`;
    files[`${folder}/item.proto`] = `${HEAD}package ${name}; message Item {}`;
  }
  const set = await load(files, ["a/s.proto", "b/s.proto", "/c/s.proto", "./b/s.proto"], []);
  assertEquals(set.errors, []);
  assertEquals(set.entries.map(({ path }) => path), ["s.proto", "b/s.proto", "/c/s.proto"]);
  assertEquals(
    set.files.map(({ path, imports }) => [path, imports[0]?.file?.package]),
    [
      ["s.proto", "a"],
      ["b/s.proto", "b"],
      ["/c/s.proto", "c"],
      ...["item.proto", "b/item.proto", "/c/item.proto"].map((path) => [path, undefined]),
    ],
  );
  const named = await load(files, ["a/s.proto", "b/s.proto"], ["d"]);
  assertEquals(
    named.errors.map(({ message }) => message),
    ['Cannot load "b/s.proto": "a/s.proto" is s.proto too; name one of both, or another -I'],
  );
});

test("google/protobuf's files are the library's, as entries too", async () => {
  const set = await load({}, ["google/protobuf/timestamp.proto"]);
  assertEquals(set.errors, []);
  assertEquals(set.entries.map(({ package: name }) => name), ["google.protobuf"]);
  assertEquals(set.files, []);
});

test("every error is there, by file and place: of syntax the first, of names and types each", async () => {
  const files = {
    "a.proto": `${HEAD}message A {\n  Missing one = 1;\n  string two = 1;\n  Other three = 3;\n}\n` +
      `service S { rpc Do(A) returns (Gone); }`,
    "b.proto": `${HEAD}message B { string s 1; }`,
    "c.proto": `${HEAD}enum E { ONE = 1; }\nmessage M { optional int32 n = 1 [packed = true]; }`,
  };
  assertEquals(await errorsOf(files, "a.proto", "b.proto", "c.proto"), [
    'a.proto:3:3: "Missing" is not defined',
    'a.proto:4:16: Field number 1 has already been used in "A" by field "one". Next available field number is 2',
    'a.proto:5:3: "Other" is not defined',
    'a.proto:7:32: "Gone" is not defined',
    "b.proto:2:22: Missing field number",
    "c.proto:2:16: The first enum value must be zero in proto3",
    "c.proto:3:22: [packed = true] can only be specified for repeated primitive fields",
  ]);
});

test("what is only wrong because of another file is not said", async () => {
  const files = {
    "a.proto": `${HEAD}import "b.proto"; import "c.proto"; message A { B b = 1; C c = 2; }`,
    "b.proto": `${HEAD}message B {`,
    "c.proto": `${HEAD}message C { Missing m = 1; }`,
    "d.proto": `${HEAD}import "a.proto"; message D { A a = 1; }`,
    "e.proto": `${HEAD}import "d.proto"; message E { D d = 1; }`,
  };
  const errors = await errorsOf(files, "e.proto", "a.proto");
  assertEquals(errors.map((message) => message.slice(0, 8)), ["b.proto:", "c.proto:"]);
});

test("files that are missing are said, with where they were looked for", async () => {
  const set = await load({ "a.proto": `${HEAD}\nimport "b.proto";\nimport weak "w.proto";` }, [
    "a.proto",
    "x.proto",
  ]);
  assertEquals(set.errors.map(({ message }) => message), [
    'Cannot load "x.proto": no such file',
    'a.proto:3:1: Cannot import "b.proto": no such file; tried "b.proto"; name its directory by -I',
  ]);
  assert(set.places.has("b.proto") && set.places.has("w.proto"));
});

test("two files of one name are refused", async () => {
  const files = { "x/a.proto": `${HEAD}message A {}`, "y/a.proto": `${HEAD}message B {}` };
  const set = await load(files, ["x/a.proto", "y/a.proto"], ["x", "y"]);
  assertEquals(set.errors.map(({ message }) => message), [
    'Cannot load "y/a.proto": "x/a.proto" is a.proto too; name one of both, or another -I',
  ]);
});

test("a file is one file however it is reached, and an import is named as protoc names it", async () => {
  const files: Record<string, string> = {
    "a.proto": `${HEAD}import "here/b.proto"; import "x/c.proto"; message A { B b = 1; C c = 2; }`,
    "b.proto": `${HEAD}message B {}`,
    "../lib/x/c.proto": `${HEAD}message C {}`,
  };
  const read = (location: string) => Promise.resolve(files[location]);
  const includeDirs = ["..", "../lib"];
  const set = await loadSources(["a.proto", "/top/here/b.proto"], { includeDirs, read, here: "/top/here" });
  assertEquals(set.errors, []);
  assertEquals(set.files.map(({ path }) => path), ["here/a.proto", "here/b.proto", "x/c.proto"]);
  assertEquals(set.entries.map(({ source }) => source.name), ["a.proto", "b.proto"]);
});

test("an import with dots in its path is of the file that it leads to, under that file's own name", async () => {
  const files = {
    "p/m.proto": `${HEAD}import "./a.proto"; import "sub/..//c.proto"; message M { A a = 1; C c = 2; }`,
    "p/a.proto": `${HEAD}message A {}`,
    "p/c.proto": `${HEAD}import "a.proto"; message C { A a = 1; }`,
  };
  const set = await load(files, ["p/m.proto"], ["p"]);
  assertEquals(set.errors, []);
  assertEquals(set.files.map(({ path }) => path), ["m.proto", "a.proto", "c.proto"]);
});

test("files that import each other are refused, each circle at the import that begins it", async () => {
  const files = {
    "a.proto": `${HEAD}import "google/protobuf/empty.proto";\nimport "b.proto"; message A { B b = 1; }`,
    "b.proto": `${HEAD}import "a.proto"; message B { A a = 1; }`,
    "c.proto": `${HEAD}import "c.proto"; message C { Missing c = 1; }`,
    "d.proto": `${HEAD}import "a.proto"; message D { A a = 1; }`,
  };
  assertEquals(await errorsOf(files, ...Object.keys(files)), [
    "a.proto:3:1: File recursively imports itself: a.proto -> b.proto -> a.proto",
    "c.proto:2:1: File recursively imports itself: c.proto -> c.proto",
  ]);
  await assertRejects(
    () => loadProto({ files, entry: "d.proto" }),
    ProtoError,
    "a.proto:3:1: File recursively imports itself: a.proto -> b.proto -> a.proto",
  );
});
