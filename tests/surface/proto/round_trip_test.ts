// Decoding and encoding again: presence, unknown fields, closed enums and merging, as protobuf's conformance suite has them.

import { assert, assertEquals } from "@std/assert";
import protobuf from "protobufjs";
import { parseProto } from "../../../surface/proto/parse.ts";
import { unknownFields } from "../../../surface/proto/unknown_fields.ts";
import { fromHex, toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { pairOf, Random, SCALARS } from "./reference.ts";

const SOURCE = `syntax = "proto2"; package t;
enum Color { RED = 1; BLUE = 2; FAR = 70000; }
enum Shade { NONE = 0; DARK = 1; }
message Old {
  optional int32 n = 1 [default = 7];
  optional string text = 2 [default = "none"];
  optional bool flag = 3 [default = true];
  optional Color color = 4 [default = BLUE];
  repeated Color loose = 5;
  repeated Color packed = 6 [packed = true];
  map<int32, Shade> colors = 7;
  oneof kind { Color tint = 8; Old nested = 9; int32 number = 10; }
  optional Old child = 11;
  optional group Part = 12 { optional int32 a = 1 [default = 3]; }
  map<string, Old> olds = 13;
  optional bytes raw = 14 [default = "x"];
  repeated int32 list = 15;
  optional double real = 16 [default = 1.5];
  optional int64 big = 17 [default = -9];
  extensions 100 to 199;
}`;
const { ours, theirs } = pairOf(SOURCE, "t.Old");

/** What comes in, and what goes out again where it is not the same. `alone`: protobufjs does it otherwise. */
const CASES: [what: string, bytes: string, again?: string, alone?: "alone"][] = [
  ["nothing stays nothing", ""],
  ["a value that is the default is sent", "08 07 12 04 6e6f6e65 18 01 20 02"],
  ["a value that is zero is sent", "08 00 12 00 18 00"],
  ["a default of bytes, double and int64", "72 01 78 81 01 000000000000f83f 88 01 f7ffffffffffffffff01"],
  ["defaults in nested messages stay away", "5a 00 4a 00", "4a 00 5a 00"],
  ["defaults in groups stay away", "63 64"],
  ["defaults in map values stay away", "6a 05 0a 01 61 12 00"],
  ["a singular field's last value counts", "08 01 08 02", "08 02"],
  ["parts of a message are merged", "5a 02 08 01 5a 02 18 00", "5a 04 08 01 18 00"],
  ["an absent field does not become its default by merging", "5a 02 08 01 5a 00", "5a 02 08 01"],
  ["packed and loose numbers go on as declared", "7a 02 01 02 78 03", "78 01 78 02 78 03"],
  ["the last member of a oneof clears the others", "50 05 4a 00", "4a 00"],
  ["a message member is merged with itself", "4a 02 08 01 4a 02 18 00", "4a 04 08 01 18 00"],
  ["a member between ends the merging", "4a 02 08 01 50 05 4a 02 18 00", "4a 02 18 00"],
  [
    "unknown fields of every wire type are kept in order",
    "fb 3e 08 01 fc 3e f8 3e 01 f9 3e 0102030405060708 fa 3e 02 aabb fd 3e 01020304 f8 3e 02",
  ],
  ["unknown fields go behind the known ones", "f8 3e 01 08 05 f8 3e 02", "08 05 f8 3e 01 f8 3e 02"],
  ["an unknown number's tag is written as short as it can be", "f8 be 00 01", "f8 3e 01", "alone"],
  ["extensions are unknown fields", "a2 06 01 61 a8 06 01"],
  ["a field of another wire type is unknown", "0a 01 61 0d 01020304"],
  ["groups in unknown groups", "fb 3e 13 08 01 14 fc 3e"],
  ["unknown fields of a nested message", "5a 05 08 01 f8 3e 01"],
  [
    "unknown fields of merged messages",
    "5a 05 f8 3e 01 08 01 5a 03 f8 3e 02",
    "5a 08 08 01 f8 3e 01 f8 3e 02",
  ],
  ["unknown fields of a group", "63 08 01 f8 3e 01 64"],
  ["unknown fields of a map's value", "6a 08 0a 01 61 12 03 f8 3e 01"],
  ["unknown fields of a oneof's member go with it", "4a 03 f8 3e 01 50 05", "50 05"],
  [
    "unknown fields of a oneof's member are merged",
    "4a 03 f8 3e 01 4a 03 f8 3e 02",
    "4a 06 f8 3e 01 f8 3e 02",
  ],
  ["a closed enum's unknown number is an unknown field", "20 63"],
  ["a negative one, of 10 bytes", "20 ff ff ff ff ff ff ff ff ff 01"],
  ["it does not replace a known value", "20 01 20 63"],
  ["in a repeated field", "28 01 28 63 28 02", "28 01 28 02 28 63"],
  ["in a packed field", "32 03 01 63 02", "32 02 01 02 30 63"],
  ["in a packed field, first and last", "32 04 e3 01 02 64", "32 01 02 30 e3 01 30 64"],
  ["in a map: the whole entry", "3a 04 08 01 10 63 3a 04 08 02 10 01", "3a 04 08 02 10 01 3a 04 08 01 10 63"],
  ["in a oneof: the member that is set stays", "50 05 40 63", "50 05 40 63"],
];

for (const [what, bytes, again = bytes, alone] of CASES) {
  test(`round trip: ${what}`, () => {
    const wanted = toHex(fromHex(again));
    assertEquals(toHex(ours.encode(ours.decode(fromHex(bytes)))), wanted);
    assertEquals(toHex(ours.encode(ours.decode(fromHex(again)))), wanted);
    if (alone === undefined) assertEquals(toHex(throughTheirs(fromHex(bytes))), wanted, "protobufjs");
  });
}

/** protobufjs keeps unknown fields only where it is asked to. */
function throughTheirs(bytes: Uint8Array): Uint8Array {
  const reader = protobuf.Reader.create(bytes) as protobuf.Reader & { discardUnknown: boolean };
  reader.discardUnknown = false;
  return Uint8Array.from(theirs.encode(theirs.decode(reader)).finish());
}

test("an absent field reads as its default, and is no property of the message", () => {
  const message = ours.decode(fromHex("18 00"));
  const { n, text, flag, color, real, big, raw } = message;
  assertEquals([n, text, flag, color, real, big, [...raw]], [7, "none", false, "BLUE", 1.5, -9n, [120]]);
  assertEquals([Object.hasOwn(message, "n"), Object.hasOwn(message, "flag")], [false, true]);
  const keys = ["loose", "packed", "colors", "tint", "nested", "number", "child", "part", "olds", "list"];
  assertEquals(Object.keys(message), [...keys, "kind", "flag"]);
  const inherited: string[] = [];
  for (const key in message) if (!Object.hasOwn(message, key)) inherited.push(key);
  assertEquals(inherited, []);
  assertEquals(JSON.parse(JSON.stringify(message)).n, undefined);
});

test("a field with a default is set by assigning, and absent again as undefined or deleted", () => {
  const message = ours.decode(new Uint8Array(0));
  message.n = 7;
  message.raw = Uint8Array.of(1);
  assertEquals(toHex(ours.encode(message)), "0807" + "720101");
  message.n = undefined;
  delete message.raw;
  assertEquals(toHex(ours.encode(message)), "");
  assertEquals([message.n, message.raw[0]], [undefined, 120]);
  assertEquals(ours.decode(new Uint8Array(0)).n, 7);
  assertEquals(toHex(ours.encode({ ...ours.decode(fromHex("08 05")), flag: true })), "08051801");
});

test("a default of bytes that is written to is nobody else's", () => {
  ours.decode(new Uint8Array(0)).raw[0] = 0;
  assertEquals(ours.decode(new Uint8Array(0)).raw[0], 120);
});

test("editions: defaults of fields with explicit presence, and enums that are closed only where they say so", () => {
  const { messages } = parseProto(`edition = "2023"; package e;
    enum Open { ZERO = 0; ONE = 1; }
    enum Closed { option features.enum_type = CLOSED; UNO = 1; }
    message M { int32 n = 1 [default = 7]; Open open = 2; Closed closed = 3; }`);
  const codec = messages["e.M"]!;
  assertEquals(codec.decode(new Uint8Array(0)).n, 7);
  assertEquals(toHex(codec.encode(codec.decode(new Uint8Array(0)))), "");
  const message = codec.decode(fromHex("10 63 18 63"));
  assertEquals([message.open, message.closed, [...message[unknownFields]]], [99, undefined, [0x18, 0x63]]);
});

test("options of descriptor.proto pass through without their defaults", () => {
  const { messages } = parseProto(`syntax = "proto3"; import "google/protobuf/descriptor.proto";`);
  for (const name of ["FieldOptions", "FileOptions", "MethodOptions"]) {
    const codec = messages[`google.protobuf.${name}`]!;
    assertEquals(codec.encode(codec.decode(new Uint8Array(0))).length, 0, name);
  }
  assertEquals(messages["google.protobuf.FileOptions"]!.decode(new Uint8Array(0)).optimizeFor, "SPEED");
});

test("unknown fields stand under one symbol, as a copy; where there are none there is no such property", () => {
  const received = fromHex("f8 3e 01");
  const message = ours.decode(received);
  received[2] = 9;
  assertEquals([...message[unknownFields]], [0xf8, 0x3e, 1]);
  assertEquals(message[unknownFields].buffer.byteLength, 3);
  assertEquals(Object.getOwnPropertySymbols(ours.decode(fromHex("08 01"))), []);
  assertEquals(ours.encode({ ...message, n: 1 }).length, 5);
  delete message[unknownFields];
  assertEquals(ours.encode(message).length, 0);
});

test("unknown fields are read by a newer schema", () => {
  const { messages } = parseProto(`syntax = "proto3"; message Newer { int32 later = 1007; }`);
  const message = ours.decode(fromHex("08 01 f8 3e 2a"));
  assertEquals(messages["Newer"]!.decode(message[unknownFields]).later, 42);
});

test("many unknown fields between known ones", () => {
  const parts: number[] = [];
  for (let i = 0; i < 2_000; i++) parts.push(0x08, i & 127, 0xf8, 0x3e, i & 127);
  const kept: Uint8Array = ours.decode(Uint8Array.from(parts))[unknownFields];
  assertEquals(kept.length, 6_000);
  assertEquals([...kept.subarray(-3)], [0xf8, 0x3e, 1999 & 127]);
});

test("a message of every type passes whole through a schema that knows some of its fields", () => {
  const field = (type: string, i: number) =>
    `optional ${type} f${i} = ${i + 1}; repeated ${type} r${i} = ${i + 101};`;
  const type = (name: string, known: (i: number) => boolean) =>
    `message ${name} { ${SCALARS.map((scalar, i) => known(i) ? field(scalar, i) : "").join(" ")}
      optional ${name} child = 1000; ${known(0) ? `map<string, ${name}> map = 1001;` : ""} }`;
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const pick = SCALARS.map(() => random.below(2) === 0);
    const { messages } = parseProto(
      `syntax = "proto2"; ${type("New", () => true)} ${type("Some", (i) => pick[i]!)}`,
    );
    const make = (depth: number): Record<string, unknown> => {
      const entries = SCALARS.flatMap((scalar, i) => [
        [`f${i}`, random.pick([undefined, random.scalar(scalar)])],
        [`r${i}`, Array.from({ length: random.below(3) }, () => random.scalar(scalar))],
      ]);
      const child = depth > 0 ? make(depth - 1) : undefined;
      return { ...Object.fromEntries(entries), child, map: depth > 0 ? { k: make(depth - 1) } : {} };
    };
    const sent = messages["New"]!.encode(make(2));
    const passed = messages["Some"]!.encode(messages["Some"]!.decode(sent));
    assertEquals(messages["New"]!.decode(passed), messages["New"]!.decode(sent), `seed ${seed}`);
    assert(passed.length === sent.length || !pick.includes(true), `seed ${seed}`);
  }
});
