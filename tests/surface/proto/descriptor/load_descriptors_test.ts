// Descriptors as declarations: the same as those of the text, in any order, and every refusal with its place.

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  descriptorCodecs,
  type FileDescriptor,
} from "../../../../surface/proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../../../surface/proto/descriptor/link_descriptors.ts";
import { fileDescriptorBytes } from "../../../../surface/proto/descriptor/write_file.ts";
import type { FileNode } from "../../../../surface/proto/language/nodes.ts";
import { loadDescriptors, loadProto, ProtoError } from "../../../../surface/proto/mod.ts";
import { runtime, test } from "../../../harness.ts";
import { DESCRIPTORS, TEXTS } from "./described_files.ts";

const bytesOf = (path: string) => Uint8Array.from(atob(DESCRIPTORS[path]!), (c) => c.charCodeAt(0));
const ALL = Object.keys(DESCRIPTORS).map(bytesOf);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

test("what is read of descriptors is written as the same descriptors, in whatever order they come", () => {
  for (const list of [ALL, [...ALL].reverse()]) {
    for (const file of linkDescriptors(list)) {
      assertEquals(base64(fileDescriptorBytes(file)), DESCRIPTORS[file.path], file.path);
    }
  }
});

test("the entry of a map whose name begins with _ and a digit is called by that digit, as to protoc", async () => {
  const text = `syntax = "proto3"; message M { map<string, M> _1 = 1; map<int32, bool> _2b = 2; }
    service S { rpc Get(M) returns (M); }`;
  const { S } = await loadProto({ files: { "m.proto": text }, entry: "m.proto" });
  const { messages } = loadDescriptors([S!.file!.bytes()]);
  const message = { "1": { a: {} }, "2b": { 5: true } };
  assertEquals(messages["M"]!.toJson(messages["M"]!.fromJson(message)), message);
  const named = descriptorCodecs().file.encode({ name: "n.proto", messageType: [{ name: "1M" }] });
  assertThrows(() => loadDescriptors([named]), ProtoError, '"1M" is not a valid identifier');
});

test("services, messages, enums and extensions are those of the texts", async () => {
  for (const entry of ["a.proto", "e24.proto"]) {
    const loaded = loadDescriptors(ALL);
    const parsed = await loadProto({ files: { ...TEXTS }, entry });
    for (const kind of ["messages", "enums", "extensions"] as const) {
      for (const name of Object.keys(parsed[kind])) {
        assert(name in loaded[kind], name);
        if (kind === "enums") assertEquals(loaded.enums[name], parsed.enums[name]);
        const schema = (from: typeof parsed) =>
          (from.messages[name] as { schema?: unknown } | undefined)?.schema;
        assertEquals(schema(loaded), schema(parsed), name);
      }
    }
    for (const name of Object.keys(parsed).filter((key) => "methods" in parsed[key]!)) {
      const shape = ({ fullName, methods }: typeof parsed[string]) => [
        fullName,
        Object.values(methods).map((
          { name, localName, path, kind, idempotency },
        ) => [name, localName, path, kind, idempotency]),
      ];
      assertEquals(shape(loaded[name]!), shape(parsed[name]!));
    }
  }
});

test("a set is read, and the octets of its files are those that were given", () => {
  const { fileSet } = descriptorCodecs();
  const { Shop } = loadDescriptors(fileSet.encode({ file: ALL }));
  assertEquals(base64(Shop!.file!.bytes()), DESCRIPTORS["a.proto"]);
  assertEquals(Shop!.file!.imports.map(({ name }) => name), [
    "google/protobuf/descriptor.proto",
    "sub/b.proto",
    "google/protobuf/any.proto",
  ]);
  assertEquals(base64(Shop!.file!.imports[1]!.bytes()), DESCRIPTORS["sub/b.proto"]);
  const sameTwice = [...ALL, ...ALL];
  assertEquals(linkDescriptors(sameTwice).length, ALL.length);
});

test("a simple name means the service of the outermost file", () => {
  const service = (name: string, pkg: string, dependency: string[]): FileDescriptor => ({
    name,
    package: pkg,
    dependency,
    messageType: [{ name: "M" }],
    service: [{ name: "S", method: [{ name: "Call", inputType: `.${pkg}.M`, outputType: `.${pkg}.M` }] }],
  });
  const loaded = loadDescriptors(
    encoded(service("in.proto", "inner", []), service("o.proto", "outer", ["in.proto"])),
  );
  assertEquals(loaded["S"]!.fullName, "outer.S");
  assertStrictEquals(loaded["outer.S"], loaded["S"]);
  assertEquals(loaded["inner.S"]!.fullName, "inner.S");
});

test("weak imports may be missing", () => {
  const [file] = linkDescriptors(
    encoded({ name: "a.proto", dependency: ["gone.proto"], weakDependency: [0] }),
  ) as [
    FileNode,
  ];
  assertEquals(file.imports.map(({ kind, file }) => [kind, file]), [["weak", undefined]]);
});

function encoded(...files: FileDescriptor[]): Uint8Array[] {
  return files.map((file) => descriptorCodecs().file.encode(file));
}

const INT32 = { label: 1, type: 5 };
const inMessage = (rest: NonNullable<FileDescriptor["messageType"]>[number]): FileDescriptor => ({
  name: "a.proto",
  package: "p",
  syntax: "proto3",
  messageType: [{ name: "M", ...rest }],
});
const entry = { name: "XEntry", options: [Uint8Array.of(0x38, 1)] };
const KEY = { name: "key", number: 1, ...INT32 };
const VALUE = { name: "value", number: 2, ...INT32 };
const X = { name: "x", number: 1, label: 3, type: 11, typeName: ".p.M.XEntry" };

/** Files, and what is said of them. */
const REFUSED: [what: string, files: FileDescriptor[], message: string][] = [
  ["a file without a name", [{}], "(descriptor): The file has no name"],
  ["another syntax", [{ name: "a.proto", syntax: "proto4" }], 'a.proto: Unrecognized syntax "proto4"'],
  [
    "a later edition",
    [{ name: "a.proto", syntax: "editions", edition: 1002 }],
    "a.proto: Edition 2026 is not supported: 2023 and 2024 are",
  ],
  [
    "an edition that nobody has named",
    [{ name: "a.proto", syntax: "editions", edition: 9999 }],
    "a.proto: Edition number 9999 is not supported: 2023 and 2024 are",
  ],
  [
    "a package that is no name",
    [{ name: "a.proto", package: "a..b" }],
    'a.proto: "a..b" is not a valid name',
  ],
  [
    "an import that is missing",
    [{ name: "a.proto", dependency: ["b.proto"] }],
    'a.proto: Cannot import "b.proto"',
  ],
  [
    "an import twice",
    [{ name: "a.proto", dependency: ["b.proto", "b.proto"] }, { name: "b.proto" }],
    "listed twice",
  ],
  [
    "an index of no import",
    [{ name: "a.proto", publicDependency: [0] }],
    "Invalid public dependency index 0",
  ],
  ["a negative index", [{ name: "a.proto", weakDependency: [-1] }], "Invalid weak dependency index -1"],
  [
    "a cycle",
    [
      { name: "z.proto", dependency: ["a.proto"] },
      { name: "a.proto", dependency: ["b.proto"] },
      { name: "b.proto", dependency: ["a.proto"] },
    ],
    "File recursively imports itself: a.proto -> b.proto -> a.proto",
  ],
  ["itself imported", [{ name: "a.proto", dependency: ["a.proto"] }], "itself: a.proto -> a.proto"],
  [
    "two files of one name",
    [{ name: "a.proto" }, { name: "a.proto", package: "p" }],
    'two files that differ are called "a.proto"',
  ],
  [
    "a name twice",
    [{ name: "a.proto", messageType: [{ name: "M" }, { name: "M" }] }],
    '"M" is already defined',
  ],
  ["a message without a name", [{ name: "a.proto", messageType: [{}] }], "Missing name"],
  [
    "a name that is none",
    [{ name: "a.proto", messageType: [{ name: "a b" }] }],
    '"a b" is not a valid identifier',
  ],
  [
    "a type that is not there",
    [inMessage({ field: [{ name: "x", number: 1, type: 11, typeName: ".p.N" }] })],
    'a.proto (p.M.x): ".p.N" is not defined',
  ],
  [
    "a type without a name",
    [inMessage({ field: [{ name: "x", number: 1, type: 11 }] })],
    "missing type_name",
  ],
  ["no type at all", [inMessage({ field: [{ name: "x", number: 1 }] })], "(p.M.x): The field has no type"],
  ["an unknown type", [inMessage({ field: [{ name: "x", number: 1, type: 19 }] })], "There is no type 19"],
  [
    "an unknown label",
    [inMessage({ field: [{ name: "x", number: 1, type: 5, label: 4 }] })],
    "There is no label 4",
  ],
  [
    "a scalar with a name",
    [inMessage({ field: [{ name: "x", number: 1, type: 5, typeName: ".p.M" }] })],
    "primitive type has type_name",
  ],
  ["a message that is said to be an enum", [
    inMessage({ field: [{ name: "x", number: 1, type: 14, typeName: ".p.M" }] }),
  ], '".p.M" is not an enum'.replace(".p", "p")],
  ["no number", [inMessage({ field: [{ name: "x", type: 5 }] })], "Field numbers must be positive integers"],
  ["a number twice", [
    inMessage({ field: [{ name: "x", number: 1, type: 5 }, { name: "y", number: 1, type: 5 }] }),
  ], "Field number 1 has already been used"],
  [
    "a oneof that is not there",
    [inMessage({ field: [{ name: "x", number: 1, type: 5, oneofIndex: 0 }] })],
    "There is no oneof with index 0",
  ],
  ["a list in a oneof", [
    inMessage({
      oneofDecl: [{ name: "o" }],
      field: [{ name: "x", number: 1, type: 5, label: 3, oneofIndex: 0 }],
    }),
  ], "Fields in oneofs must not be"],
  ["a oneof of nothing", [inMessage({ oneofDecl: [{ name: "o" }] })], "Oneof must have at least one field"],
  ["proto3_optional outside of a oneof", [
    inMessage({ field: [{ name: "x", number: 1, type: 5, proto3Optional: true }] }),
  ], "must be a member of a one-field oneof"],
  ["proto3_optional in proto2", [{
    ...inMessage({ field: [{ name: "x", number: 1, type: 5, proto3Optional: true }] }),
    syntax: "proto2",
  }], "not proto3"],
  ["a default that is no value", [
    inMessage({ field: [{ name: "x", number: 1, type: 5, defaultValue: "one" }] }),
  ], `Couldn't parse default value "one"`],
  [
    "a default in proto3",
    [inMessage({ field: [{ name: "x", number: 1, type: 5, defaultValue: "1" }] })],
    "Explicit default values are not allowed in proto3",
  ],
  [
    "an extension of nothing",
    [{ name: "a.proto", extension: [{ name: "x", number: 1, type: 5 }] }],
    "lacks what it extends",
  ],
  [
    "a field that extends",
    [inMessage({ field: [{ name: "x", number: 1, type: 5, extendee: ".p.M" }] })],
    "is no extension",
  ],
  ["an extension in a oneof", [{
    name: "a.proto",
    extension: [{ name: "x", number: 1, type: 5, extendee: "M", oneofIndex: 0 }],
  }], "Extensions cannot be in a oneof"],
  ["a group in editions", [{
    ...inMessage({ field: [{ name: "x", number: 1, type: 10, typeName: ".p.M" }] }),
    syntax: "editions",
    edition: 1000,
  }], "Group types are not allowed under editions"],
  ["required in editions", [{
    ...inMessage({ field: [{ name: "x", number: 1, type: 5, label: 2 }] }),
    syntax: "editions",
    edition: 1000,
  }], "Required label is not allowed"],
  ["entries with a third field", [
    inMessage({
      field: [X],
      nestedType: [{ ...entry, field: [KEY, VALUE, { ...VALUE, name: "z", number: 3 }] }],
    }),
  ], "map_entry should not be set"],
  [
    "entries of no map",
    [inMessage({ nestedType: [{ ...entry, field: [KEY, VALUE] }] })],
    "The entries are those of no map",
  ],
  ["keys that are messages", [
    inMessage({
      field: [X],
      nestedType: [{ ...entry, field: [{ ...KEY, type: 11, typeName: ".p.M" }, VALUE] }],
    }),
  ], "Key in map fields cannot be"],
  [
    "an empty enum",
    [{ name: "a.proto", enumType: [{ name: "E" }] }],
    "Enums must contain at least one value",
  ],
  [
    "a range that ends before it begins",
    [inMessage({ reservedRange: [{ start: 5, end: 5 }] })],
    "end number must be greater",
  ],
  [
    "a method without a type",
    [{ name: "a.proto", service: [{ name: "S", method: [{ name: "C" }] }] }],
    "a.proto (S.C): The method lacks a type",
  ],
  [
    "options that are none",
    [inMessage({ options: [Uint8Array.of(0x0a)] })],
    "a.proto: Cannot read options: ",
  ],
  [
    "options with a tag of 0",
    [inMessage({ options: [Uint8Array.of(0, 1, 2)] })],
    "a.proto: Cannot read options: a tag has field number 0",
  ],
  ["a feature that is no value", [{
    name: "a.proto",
    options: [Uint8Array.of(0x92, 3, 2, 8, 99)],
    syntax: "editions",
    edition: 1000,
  }], "must resolve to a known value"],
];

for (const [what, files, message] of REFUSED) {
  test(`descriptors are refused: ${what}`, () => {
    assertThrows(() => linkDescriptors(encoded(...files)), ProtoError, message);
  });
}

test("what is no descriptor is refused", () => {
  assertThrows(() => loadDescriptors([Uint8Array.of(0xff)]), ProtoError, "Cannot read a descriptor: ");
  assertThrows(
    () => loadDescriptors(Uint8Array.of(0x0a, 9)),
    ProtoError,
    "Cannot read a set of descriptors: ",
  );
  assertThrows(() => loadDescriptors(["a.proto"] as never), TypeError, "expected a list of Uint8Arrays");
  assertThrows(() => loadDescriptors("a.proto" as never), TypeError, "expected a Uint8Array, or a list");
});

test("messages in messages are refused beyond a depth, however they are sent", () => {
  const nest = (depth: number): FileDescriptor => {
    let message: NonNullable<FileDescriptor["messageType"]>[number] = { name: "M" };
    for (let i = 1; i < depth; i++) message = { name: "M", nestedType: [message] };
    return { name: "a.proto", messageType: [message] };
  };
  assertEquals(linkDescriptors(encoded(nest(31))).length, 1);
  assertThrows(() => linkDescriptors(encoded(nest(32))), ProtoError, "recursion limit");
  let bytes: number[] = [];
  for (let i = 0; i < 200; i++) bytes = [...field(3, bytes)];
  assertThrows(
    () => linkDescriptors([Uint8Array.from(field(4, bytes))]),
    ProtoError,
    "nested more than 100 deep",
  );
});

test("options in options are refused beyond a depth", () => {
  let bytes: number[] = [];
  for (let i = 0; i < 120; i++) bytes = field(1, bytes);
  const deep: FileDescriptor[] = [
    {
      name: "opts.proto",
      dependency: ["google/protobuf/descriptor.proto"],
      messageType: [{ name: "R", field: [{ name: "r", number: 1, label: 1, type: 11, typeName: ".R" }] }],
      extension: [
        {
          name: "e",
          number: 1000,
          label: 1,
          type: 11,
          typeName: ".R",
          extendee: ".google.protobuf.FileOptions",
        },
      ],
      options: [Uint8Array.from(field(1000, bytes))],
    },
  ];
  assertThrows(() => linkDescriptors(encoded(...deep)), ProtoError, "options are nested more than 100 deep");
});

/** A delimited field. */
function field(number: number, value: readonly number[]): number[] {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  return [...varint((number << 3) | 2), ...varint(value.length), ...value];
}

test("a map is one whatever its entry is called: proto-loader calls that of x X, and protoc XEntry", () => {
  const file = inMessage({
    field: [{ ...X, typeName: "X" }],
    nestedType: [{ ...entry, name: "X", field: [KEY, VALUE] }],
  });
  const { messages } = loadDescriptors(encoded(file));
  assertEquals(messages["p.M"]!.decode(messages["p.M"]!.encode({ x: { 7: 1 } })), { x: { 7: 1 } });
  assertEquals(Object.keys(messages).includes("p.M.X"), false);
});

test("long names of many declarations are refused before they fill the memory", () => {
  const name = "M".repeat(100_000);
  const value = Array.from({ length: 1000 }, (_, i) => ({ name: `V${i}`, number: i }));
  const files = encoded({ name: "a.proto", messageType: [{ name, enumType: [{ name: "E", value }] }] });
  assertThrows(() => linkDescriptors(files), ProtoError, "have more than 100000000 characters");
});

test("many extensions of many ranges are found in their ranges in a few steps each", () => {
  const numbers = Array.from({ length: 60_000 }, (_, i) => 20_000 + i);
  const extensionRange = numbers.map((start) => ({ start, end: start + 1 }));
  const extension = numbers.map((number) => ({
    name: `e${number}`,
    number,
    label: 1,
    type: 5,
    extendee: ".M",
  }));
  const files = encoded({ name: "a.proto", messageType: [{ name: "M", extensionRange }], extension });
  const begin = performance.now();
  assertEquals(linkDescriptors(files)[0]!.extensions.length, 60_000);
  const ms = performance.now() - begin;
  assert(ms < 5_000, `${ms} ms`); // half a second, and ten where each is compared with all
}, { skip: runtime === "bun" ? undefined : "elsewhere it takes a third of that time, either way" });

test("a set of more than 5,000 files is taken if they are as large as real ones, and refused if they say nothing", () => {
  const { file } = descriptorCodecs();
  const setOf = (octets: number) =>
    Array.from({ length: 5001 }, (_, i) =>
      file.encode({
        name: `${i}.proto`,
        package: `p${i}`,
        messageType: [{ name: "M".padEnd(octets, "m") }],
      }));
  assertEquals(linkDescriptors(setOf(512)).length, 5001);
  assertThrows(() => linkDescriptors(setOf(1)), ProtoError, "there are more than 5000 files");
});

test("octets that are changed at random give files or a ProtoError (seed 56)", () => {
  let state = 56;
  const random = (below: number) => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const list = ALL.map((bytes) => bytes.slice());
    const bytes = list[random(list.length)]!;
    for (let i = 0; i <= random(3); i++) bytes[random(bytes.length)] = random(256);
    try {
      loadDescriptors(list);
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      refused++;
    }
  }
  assert(refused > 100 && refused < 400, `${refused} of 400`);
});
