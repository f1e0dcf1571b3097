// .proto files: imports, well-known types, and errors with file and line.

import { assertEquals, assertThrows } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import { ProtoError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { importCandidates, normalise } from "../../../surface/proto/paths.ts";
import { test } from "../../harness.ts";

function refuses(text: string, says: string): void {
  assertThrows(() => parseProto(text, "shop.proto"), ProtoError, says);
}

test("syntax errors say file and line", () => {
  refuses(`syntax = "proto3";\nmessage M {\n  int32 a = ;\n}`, "shop.proto:3:13: Expected field number");
  refuses(`syntax = "proto3";\n\nmessag M {}`, "shop.proto:3:1: Expected top-level statement");
  refuses(
    `syntax = "proto3";\nmessage M {`,
    "shop.proto:2:12: Reached end of input in message definition (missing '}')",
  );
  refuses(`syntax = "proto9";`, 'shop.proto:1:10: Unrecognized syntax identifier "proto9"');
  refuses(
    `syntax = "proto3";\nmessage M {}\nmessage Mine {}\nmessage M {}`,
    'shop.proto:4:9: "M" is already defined',
  );
  refuses(
    `syntax = "proto3";\nmessage M {\n int32 a = 1;\n int32 b = 1;\n}`,
    'shop.proto:4:12: Field number 1 has already been used in "M" by field "a"',
  );
});

test("types that do not exist are named, with file and line", () => {
  refuses(
    `syntax = "proto3";\npackage p;\nmessage M {\n  string part = 1;\n  repeated Part part_list = 2;\n}`,
    'shop.proto:5:12: "Part" is not defined',
  );
  refuses(
    `syntax = "proto3";\nmessage M {}\nservice S {\n  rpc A(M) returns (M);\n  rpc B(M) returns (stream Gone);\n}`,
    'shop.proto:5:28: "Gone" is not defined',
  );
  refuses(
    `syntax = "proto2";\nextend Gone { optional int32 a = 100; }`,
    'shop.proto:2:8: "Gone" is not defined',
  );
});

test("text alone may import well-known files only", () => {
  refuses(`syntax = "proto3";\nimport "other.proto";`, 'shop.proto:2:1: Cannot import "other.proto"');
});

test("well-known types are plain messages", () => {
  const { messages } = parseProto(`syntax = "proto3";
    import "google/protobuf/any.proto"; import "google/protobuf/duration.proto";
    import "google/protobuf/empty.proto"; import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto"; import public "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto"; import "google/protobuf/source_context.proto";
    message M { google.protobuf.Timestamp at = 1; google.protobuf.Struct data = 2; google.protobuf.Int64Value n = 3;
      google.protobuf.Any any = 4; google.protobuf.Empty empty = 5; google.protobuf.FieldMask mask = 6; }`);
  const message = {
    at: { seconds: 5n, nanos: 7 },
    data: {
      fields: { a: { numberValue: 1.5 }, b: { listValue: { values: [{ nullValue: "NULL_VALUE" }] } } },
    },
    n: {},
    mask: { paths: ["a.b"] },
  };
  const decoded = messages["M"]!.decode(encodeMessage(messages["M"]!, message));
  assertEquals(decoded.at, message.at);
  assertEquals(decoded.data.fields.a.kind, "numberValue");
  assertEquals(decoded.data.fields.b.listValue.values[0].nullValue, "NULL_VALUE");
  assertEquals(decoded.n, { value: 0n });
  assertEquals(decoded.empty, undefined);
});

test("custom options and descriptor.proto are understood", () => {
  const { messages, S } = parseProto(`syntax = "proto3"; import "google/protobuf/descriptor.proto";
    extend google.protobuf.MethodOptions { string role = 50001; }
    message M { google.protobuf.FileDescriptorProto file = 1; }
    service S { rpc A(M) returns (M) { option (role) = "admin"; } }`);
  assertEquals(S!.methods["a"]!.path, "/S/A");
  const bytes = encodeMessage(messages["M"]!, { file: { name: "a.proto", messageType: [{ name: "X" }] } });
  assertEquals(messages["M"]!.decode(bytes).file.messageType[0].name, "X");
});

test("a byte order mark at the start is no syntax error", () => {
  assertEquals(Object.keys(parseProto("\ufeffmessage M {}").messages), ["M"]);
});

test("where an import is looked up, in order", () => {
  const file = { location: "/src/protos/shop/cart.proto", root: "/src/protos/shop/" };
  assertEquals(importCandidates("shop/item.proto", file, ["/inc/"]).map(({ location }) => location), [
    "/inc/shop/item.proto",
    "/src/protos/shop/shop/item.proto",
    "/src/protos/shop/item.proto",
  ]);
  assertEquals(importCandidates("item.proto", { location: "cart.proto", root: "" }, []), [
    { location: "item.proto", root: "" },
  ]);
  const url = { location: "file:///a%20b/shop/cart.proto", root: "file:///a%20b/shop/" };
  assertEquals(importCandidates("shop/item.proto", url, []).map(({ location }) => location), [
    "file:///a%20b/shop/shop/item.proto",
    "file:///a%20b/shop/item.proto",
  ]);
});

test("paths are normalised to one spelling", () => {
  assertEquals(
    ["./a/../b.proto", "C:\\x\\y.proto", "/a//b/./c", "../x", "/../x", "http://h/a/../b"].map(normalise),
    [
      "b.proto",
      "C:/x/y.proto",
      "/a/b/c",
      "../x",
      "/x",
      "http://h/b",
    ],
  );
});

test("numbers and defaults that cannot be sent are refused when the file is read", () => {
  const field = (text: string) => `syntax = "proto2";\nenum E { A = 0; }\nmessage M { optional ${text}; }`;
  refuses(field("int32 a = 0"), "shop.proto:3:32: Field numbers must be positive integers");
  refuses(field("int32 a = 536870912"), "shop.proto:3:32: Field numbers cannot be greater than 536870911");
  parseProto(field("int32 a = 536870911"));
  refuses(`syntax = "proto3"; enum E { A = 0; B = 2147483648; }`, "shop.proto:1:40: Integer out of range");
  const wrong: Array<[type: string, value: string, says: string]> = [
    ["bool", "7", 'Expected "true" or "false"'],
    ["string", "7", "Expected string for field default value"],
    ["int32", "2147483648", "Integer out of range"],
    ["E", "B", 'Enum type "E" has no value named "B"'],
  ];
  for (const [type, value, says] of wrong) {
    refuses(field(`${type} a = 1 [default = ${value}]`), `shop.proto:3:${40 + type.length}: ${says}`);
  }
});

test("a statement may say more extension ranges than a call takes arguments", () => {
  const ranges = Array.from({ length: 140_000 }, (_, i) => 20_000 + 2 * i).join(", ");
  const loaded = parseProto(`message M { extensions ${ranges}; }
extend M { optional int32 last = ${20_000 + 2 * 139_999}; }`);
  assertEquals(loaded.extensions["last"]!.number, 299_998);
});
