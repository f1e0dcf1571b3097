// Descriptors of loaded files: protoc's bytes, for every kind of declaration and option.

import { assertEquals, assertStrictEquals } from "@std/assert";
import { descriptorCodecs } from "../../../../surface/proto/descriptor/descriptor_types.ts";
import { loadProto, parseProto, type ProtoFile } from "../../../../surface/proto/mod.ts";
import { test } from "../../../harness.ts";
import { withoutProtoc, withProtoc } from "../language/protoc.ts";
import { DESCRIPTORS, TEXTS } from "./described_files.ts";

/** A file that imports `path` and has a service. */
const entryOf = (path: string) =>
  `import "${path}"; message Nothing {} service S { rpc Call(Nothing) returns (Nothing); }`;

async function fileOf(path: string): Promise<ProtoFile> {
  const { S } = await loadProto({ files: { ...TEXTS, "entry.proto": entryOf(path) }, entry: "entry.proto" });
  return S!.file!.imports[0]!;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

for (const path of Object.keys(TEXTS)) {
  test(`the descriptor of ${path} is protoc's, octet by octet`, async () => {
    const file = await fileOf(path);
    assertEquals(file.name, path);
    const codec = descriptorCodecs().file;
    const expected = Uint8Array.from(atob(DESCRIPTORS[path]!), (c) => c.charCodeAt(0));
    assertEquals(codec.decode(file.bytes()), codec.decode(expected)); // whose failure can be read
    assertEquals(base64(file.bytes()), DESCRIPTORS[path]);
  });
}

test("the protoc that is installed makes the same descriptors", () => {
  const old = Object.fromEntries(Object.entries(TEXTS).filter(([path]) => !/^[eo]/.test(path)));
  const bytes = withProtoc((protoc) => protoc.compile(old, "a.proto"));
  if (typeof bytes === "string") throw new Error(bytes);
  const { fileSet, file } = descriptorCodecs();
  const made = new Map(fileSet.decode(bytes).file!.map((one) => [file.decode(one).name!, base64(one)]));
  for (const path of Object.keys(old)) assertEquals(made.get(path), DESCRIPTORS[path]);
}, { skip: withoutProtoc });

test("a file has its imports' files, each once, and makes its bytes once", async () => {
  const file = await fileOf("a.proto");
  assertEquals(file.imports.map(({ name }) => name), [
    "google/protobuf/descriptor.proto",
    "sub/b.proto",
    "google/protobuf/any.proto",
  ]);
  assertStrictEquals(file.bytes(), file.bytes());
  assertStrictEquals(file.imports, file.imports);
  const both = await loadProto({
    files: {
      "entry.proto": `import "x/one.proto"; ${entryOf("x/two.proto")}`,
      "x/one.proto": `import "two.proto";`,
      "x/two.proto": "message Two {}",
    },
    entry: "entry.proto",
  });
  const [one, two] = both["S"]!.file!.imports as [ProtoFile, ProtoFile];
  assertStrictEquals(one.imports[0], two);
  assertEquals(descriptorCodecs().file.decode(one.bytes()).dependency, ["x/two.proto"]);
});

test("files that are imported by the same path have names that differ", async () => {
  const { S } = await loadProto({
    files: {
      "entry.proto":
        `import "a/a.proto"; import "b/b.proto"; message N {} service S { rpc C(N) returns (N); }`,
      "a/a.proto": `package a; import "same.proto";`,
      "a/same.proto": "package a; message Same {}",
      "b/b.proto": `package b; import "same.proto";`,
      "b/same.proto": "package b; message Same {}",
    },
    entry: "entry.proto",
  });
  const names = S!.file!.imports.map((file) => file.imports[0]!.name);
  assertEquals(names, ["same.proto", "b/same.proto"]);
});

test("a file that parseProto was given has the name it was given", () => {
  const { S } = parseProto("message N {} service S { rpc C(N) returns (N); }", "dir/s.proto");
  assertEquals(S!.file!.name, "dir/s.proto");
  assertEquals(descriptorCodecs().file.decode(S!.file!.bytes()).name, "dir/s.proto");
});
