// What the encoding allows besides the obvious: order, repetition, merging, packing, unknown fields, groups.

import { assertEquals, assertThrows } from "@std/assert";
import { encodeMessage, type MessageCodec } from "../../../surface/proto/codec.ts";
import { DecodeError, EncodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

const { messages } = parseProto(`syntax = "proto3"; package t;
enum Color { RED = 0; BLUE = 3; ALSO_BLUE = 3 [deprecated = true]; option allow_alias = true; NEGATIVE = -1; }
message Inner { int32 a = 1; int32 b = 2; repeated int32 list = 3; Inner inner = 4; }
message Outer {
  Inner inner = 1;
  repeated int32 packed = 2;
  repeated int32 loose = 3 [packed = false];
  map<string, Inner> map = 4;
  oneof pick { Inner first = 5; string second = 6; int32 third = 7; }
  Color color = 8;
  repeated Inner inners = 9;
  map<int32, Color> colors = 10;
  bool flag = 11;
  uint32 number = 12;
  bytes data = 13;
}
message Empty {}`);
const outer = messages["t.Outer"]!;
const inner = messages["t.Inner"]!;

test("the last value of a singular field counts", () => {
  assertEquals(inner.decode(fromHex("08 01 10 05 08 02")).a, 2);
});

test("parts of one message field are merged", () => {
  const merged = outer.decode(fromHex("0a 04 08 01 18 07  0a 06 10 02 1a 02 08 09  0a 06 08 03 22 02 08 04"));
  assertEquals(merged.inner, {
    a: 3,
    b: 2,
    list: [7, 8, 9],
    inner: { a: 4, b: 0, list: [], inner: undefined },
  });
});

test("of a oneof the last member counts; parts of one message member are merged", () => {
  const message = outer.decode(fromHex("38 01 32 01 61"));
  assertEquals([message.pick, message.first, message.second, message.third], [
    "second",
    undefined,
    "a",
    undefined,
  ]);
  assertEquals(outer.decode(fromHex("2a 02 08 01 2a 02 10 02")).first, {
    a: 1,
    b: 2,
    list: [],
    inner: undefined,
  });
  const between = outer.decode(fromHex("2a 02 08 01 38 05 2a 02 10 02"));
  assertEquals([between.pick, between.first.a, between.first.b], ["first", 0, 2]);
});

test("repeated numbers are read packed, unpacked and mixed, however they are declared", () => {
  assertEquals(outer.decode(fromHex("12 02 01 02 10 03 12 01 04 12 00")).packed, [1, 2, 3, 4]);
  assertEquals(outer.decode(fromHex("18 01 1a 02 02 03 18 04")).loose, [1, 2, 3, 4]);
  assertEquals(encodeMessage(outer, { packed: [1, 300] }), fromHex("12 03 01 ac 02"));
  assertEquals(encodeMessage(outer, { loose: [1, 300] }), fromHex("18 01 18 ac 02"));
});

test("enums are names, numbers where unknown; both are taken", () => {
  assertEquals(outer.decode(fromHex("40 03")).color, "BLUE");
  assertEquals(outer.decode(fromHex("40 ff ff ff ff ff ff ff ff ff 01")).color, "NEGATIVE");
  assertEquals(outer.decode(fromHex("40 63")).color, 99);
  assertEquals(outer.decode(new Uint8Array(0)).color, "RED");
  assertEquals(encodeMessage(outer, { color: "ALSO_BLUE" }), fromHex("40 03"));
  assertEquals(encodeMessage(outer, { color: 99 }), fromHex("40 63"));
  assertEquals(encodeMessage(outer, { color: "RED" }).length, 0);
  const numbers = { ...parseProto(`enum E { A = 5; B = -7; }`, "x").enums["E"] };
  assertEquals(numbers, { A: 5, B: -7 });
  const values = Array.from({ length: 140_000 }, (_, i) => `V${i} = ${i};`).join("\n");
  const many = parseProto(`syntax = "proto3"; enum E { ${values} } message M { repeated E e = 1; }`);
  const e = ["V0", "V127", "V255", "V256", "V139999", 140_000];
  const codec = many.messages["M"]!;
  assertEquals(codec.decode(encodeMessage(codec, { e })), { e });
});

test("unknown fields and wire types are passed over, groups with all that is in them", () => {
  const unknown = "f8 06 01 f9 06 0102030405060708 fa 06 02 aabb fd 06 01020304";
  const group = "fb 06 08 01 12 01 61 0b 0c fc 06";
  // Field 1 as a varint: the wire type does not fit a message, so it is unknown.
  const message = outer.decode(fromHex(`${unknown} ${group} 08 05 60 07`));
  assertEquals(message.number, 7);
  assertEquals(message.inner, undefined);
  assertEquals(Object.keys(messages["t.Empty"]!.decode(fromHex(`${unknown}${group}`))), []);
});

test("varints may be longer than needed, up to 10 bytes", () => {
  assertEquals(outer.decode(fromHex("60 81 80 80 80 80 80 80 80 80 00")).number, 1);
  assertEquals(outer.decode(fromHex("60 ff ff ff ff ff ff ff ff ff 01")).number, 0xffffffff);
  assertEquals(outer.decode(fromHex("58 80 80 80 80 80 01")).flag, true);
  assertEquals(inner.decode(fromHex("08 ff ff ff ff 0f")).a, -1);
  assertThrows(
    () => outer.decode(fromHex("60 81 80 80 80 80 80 80 80 80 80 00")),
    DecodeError,
    "longer than 10 bytes",
  );
});

test("maps: the last entry of a key counts, keys and values may be missing", () => {
  assertEquals(outer.decode(fromHex("52 04 08 01 10 03 52 02 08 01")).colors, { 1: "RED" });
  assertEquals(outer.decode(fromHex("22 00")).map, { "": { a: 0, b: 0, list: [], inner: undefined } });
  assertEquals(outer.decode(fromHex("52 06 18 09 10 03 08 02")).colors, { 2: "BLUE" });
});

test("map keys like __proto__ are properties like any other", () => {
  const entries = new Map([["__proto__", { a: 1 }], ["constructor", { a: 2 }], ["toString", { a: 3 }]]);
  const bytes = encodeMessage(outer, { map: entries });
  const { map } = outer.decode(bytes);
  assertEquals(Object.keys(map), ["__proto__", "constructor", "toString"]);
  assertEquals(Object.getPrototypeOf(map), Object.prototype);
  assertEquals(map["__proto__"].a, 1);
  assertEquals(encodeMessage(outer, { map }), bytes);
  assertEquals(({} as { a?: number }).a, undefined);
});

test("fields named like what objects inherit are absent unless set", () => {
  const { messages } = parseProto(`syntax = "proto3"; message M {
    string constructor = 1; int32 toString = 2; bool __proto__ = 3; M valueOf = 4; int32 has_own_property = 5; }`);
  const codec = messages["M"]!;
  assertEquals(encodeMessage(codec, {}).length, 0);
  const message = { constructor: "c", toString: 2, hasOwnProperty: 5 };
  const decoded = codec.decode(encodeMessage(codec, message));
  assertEquals([decoded.constructor, decoded.toString, decoded.hasOwnProperty], ["c", 2, 5]);
});

test("messages nest 100 deep, not deeper; so do groups", () => {
  const nest = (levels: number) => {
    let bytes = fromHex("08 01");
    for (let i = 0; i < levels; i++) {
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
      bytes = Uint8Array.from([0x22, ...length, ...bytes]);
    }
    return bytes;
  };
  assertEquals(encodeMessage(inner, inner.decode(nest(100))), nest(100));
  assertThrows(() => inner.decode(nest(101)), DecodeError, "nested more than 100 deep");
  const groups = (levels: number) => fromHex("fb06".repeat(levels) + "fc06".repeat(levels));
  inner.decode(groups(100));
  assertThrows(() => inner.decode(groups(101)), DecodeError, "nested more than 100 deep");
  assertThrows(() => inner.decode(fromHex("fb06".repeat(50_000))), DecodeError);
});

test("entries of maps and packed fields are no nesting, on both ways", () => {
  const codec =
    (parseProto(`syntax = "proto3"; message M { map<int32, M> m = 1; repeated int32 n = 2; }`) as {
      messages: Record<string, MessageCodec>;
    }).messages["M"]!;
  const nest = (levels: number) => {
    let message: Record<string, unknown> = { n: [1] };
    for (let i = 0; i < levels; i++) message = { m: { 1: message } };
    return message;
  };
  const bytes = encodeMessage(codec, nest(100));
  assertEquals(encodeMessage(codec, codec.decode(bytes)), bytes);
  assertThrows(() => encodeMessage(codec, nest(101)), EncodeError, "nested more than 100 deep");
});

test("decoded bytes are views of what was received", () => {
  const received = fromHex("6a 03 01 02 03");
  const { data } = outer.decode(received);
  assertEquals(data, fromHex("01 02 03"));
  received[2] = 9;
  assertEquals(data[0], 9);
});

test("messages of one type always have the same properties in the same order", () => {
  const keys = ["a", "b", "list", "inner"];
  assertEquals(Object.keys(inner.decode(new Uint8Array(0))), keys);
  assertEquals(Object.keys(inner.decode(fromHex("22 00 10 01"))), keys);
});

test("groups that follow one another are not nested, however many they are", () => {
  // Field 15 as a group, begun and ended 1,000 times: unknown to the message, so it is skipped.
  const groups = new Uint8Array(2_000).map((_, i) => i % 2 === 0 ? 0x7b : 0x7c);
  assertEquals(inner.decode(new Uint8Array([...groups, 0x08, 0x05])).a, 5);
});
