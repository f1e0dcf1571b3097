// Malformed bytes: a DecodeError that names type, field and offset; never another error, never a hang.

import { assertEquals, assertThrows } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import { DecodeError } from "../../../surface/proto/errors.ts";
import type { JsonMessageCodec } from "../../../surface/proto/json/json_codec.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { interpreted } from "./compile/compare.ts";
import { Random } from "./reference.ts";

const { messages } = parseProto(`syntax = "proto3"; package routeguide;
message Point { int32 latitude = 1; int32 longitude = 2; }
message Feature {
  string name = 1; Point location = 2; repeated sint64 numbers = 3; map<string, Point> places = 4;
  oneof kind { double size = 5; bytes data = 6; } fixed32 code = 7; fixed64 stamp = 8; Feature child = 9;
}`);
const feature = messages["routeguide.Feature"]!;

const SAMPLE = encodeMessage(feature, {
  name: "a name of more than twenty bytes, \u00e4\u20ac\u{1f600}",
  location: { latitude: 409146138, longitude: -746188906 },
  numbers: [1n, -1n, 1n << 60n, -(1n << 60n)],
  places: { x: { latitude: 1 }, yy: {} },
  data: Uint8Array.of(1, 2, 3),
  code: 7,
  stamp: 1n << 63n,
  child: { name: "b", child: { size: 1.5, child: {} } },
});

function decodesOrSays(bytes: Uint8Array): void {
  try {
    feature.decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    assertEquals(error.offset >= 0 && error.offset <= bytes.length, true);
  }
}

test("a message cut at any byte decodes or throws DecodeError", () => {
  let cut = 0;
  for (let length = 0; length < SAMPLE.length; length++) {
    try {
      feature.decode(SAMPLE.subarray(0, length));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      cut++;
    }
  }
  assertEquals(cut > SAMPLE.length / 2, true);
});

test("a message with any byte changed decodes or throws DecodeError", () => {
  for (let at = 0; at < SAMPLE.length; at++) {
    for (const flip of [0x01, 0x02, 0x04, 0x07, 0x80, 0xff]) {
      const bytes = SAMPLE.slice();
      bytes[at]! ^= flip;
      decodesOrSays(bytes);
    }
  }
});

test("random bytes decode or throw DecodeError", () => {
  const random = new Random(7);
  for (let round = 0; round < 3000; round++) {
    decodesOrSays(
      Uint8Array.from({ length: random.below(40) }, () => random.below(256) & (round % 2 ? 255 : 0x1f)),
    );
  }
});

test("bytes beyond a nested message's end are not taken from what follows", () => {
  assertThrows(() => feature.decode(fromHex("12 01 08 05")), DecodeError, "beyond the end of its message");
  assertThrows(() => feature.decode(fromHex("1a 01 80 01")), DecodeError, "beyond the end of its field");
  assertThrows(() => feature.decode(fromHex("22 01 0a 00")), DecodeError, "beyond the end of its map entry");
});

test("errors name the innermost field, what is wrong and where", () => {
  const cases: [string, string][] = [
    ["08", "Cannot decode routeguide.Feature.name"],
    ["12 02 08 ff", "Cannot decode routeguide.Point.latitude: the message ends inside a varint"],
    [
      "12 02 0a 05",
      "Cannot decode routeguide.Point.latitude: a length of 5 is more than the 0 bytes left (at byte 4 of 4)",
    ],
    [
      "0a 05 61",
      "Cannot decode routeguide.Feature.name: a length of 5 is more than the 1 bytes left (at byte 2 of 3)",
    ],
    ["0a 02 c3 28", "Cannot decode routeguide.Feature.name: a string is not valid UTF-8"],
    ["3d 01 02", "Cannot decode routeguide.Feature.code: the message ends inside a 4-byte value"],
    ["41 01 02", "Cannot decode routeguide.Feature.stamp: the message ends inside an 8-byte value"],
    ["00", "a tag has field number 0"],
    ["0e", "wire type 6 does not exist"],
    ["0c", "a group ends that did not begin"],
    ["fb 06 08 01", "the message ends inside a group"],
    ["80 80 80 80 80 80 80 80 80 80 01", "a varint is longer than 10 bytes"],
    ["88 80 80 80 10 00", "a tag does not fit in 32 bits"],
    ["0a ff ff ff ff ff ff ff ff ff 01", "a length does not fit in 32 bits"],
    ["0a ff ff ff ff 0f", "a length of 4294967295 is more than the 0 bytes left"],
  ];
  for (const [bytes, says] of cases) {
    assertThrows(() => feature.decode(fromHex(bytes)), DecodeError, says, bytes);
  }
});

test("errors name what is wrong, and not the field behind it", () => {
  const { messages } = parseProto(
    `syntax = "proto2"; package t; message Inner { required int32 x = 1; optional int32 y = 2; }
message Outer { optional int64 a = 1 [jstype = JS_NUMBER]; repeated int64 list = 2 [packed = true, jstype = JS_NUMBER];
  repeated fixed64 fixed = 3 [packed = true]; map<int32, int32> map = 4; optional Inner inner = 5;
  optional group G = 6 { required int32 z = 1; } repeated bytes pieces = 7; optional int32 behind = 15; }`,
  );
  const compiled = messages["t.Outer"] as JsonMessageCodec;
  const large = "80 80 80 80 80 80 80 10"; // 2 ** 53
  const cases: [string, string][] = [
    [`08 ${large}`, "t.Outer.a: 9007199254740992 is no safe integer"],
    [`12 09 ${large} 01`, "t.Outer.list: 9007199254740992 is no safe integer"],
    ["1a 01 00", "t.Outer.fixed: a value reaches beyond the end of its field"],
    ["12 01 80 01", "t.Outer.list: a value reaches beyond the end of its field"],
    ["22 01 08 00", "t.Outer.map: a value reaches beyond the end of its map entry"],
    ["2a 01 08 00", "t.Inner.x: a value reaches beyond the end of its message"],
    ["2a 00", "t.Inner: required field t.Inner.x is missing"],
    ["2a 02 10 01", "t.Inner: required field t.Inner.x is missing"],
    ["33 34", "t.Outer.G: required field t.Outer.G.z is missing"],
    ["3a 01 41 3a 01 42", "t.Outer.pieces: the message has more elements than it may have"],
  ];
  for (const codec of [compiled, interpreted(compiled)]) {
    for (const [bytes, says] of cases) {
      assertThrows(() => codec.decode(fromHex(`${bytes} 78 01`), 1), DecodeError, says, bytes);
    }
  }
});

test("every kind of malformed UTF-8 is refused, short and long", () => {
  for (
    const bad of ["80", "c0 80", "c3", "e2 82", "ed a0 80", "f0 9f 98", "f4 90 80 80", "f8 88 80 80 80", "ff"]
  ) {
    for (const before of [0, 7, 8, 60]) {
      const text = [...new Array(before).fill(0x61), ...fromHex(bad)];
      assertThrows(
        () => feature.decode(Uint8Array.from([0x0a, text.length, ...text])),
        DecodeError,
        "not valid UTF-8",
      );
    }
  }
});

test("what is no Uint8Array is not decoded", () => {
  const wrong = [
    undefined,
    null,
    "",
    "x",
    [],
    [8, 1],
    new ArrayBuffer(2),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(2)),
    {},
  ];
  for (const value of [...wrong, Promise.resolve(SAMPLE)]) {
    assertThrows(
      () => feature.decode(value as never),
      TypeError,
      "Cannot decode routeguide.Feature: expected a Uint8Array, found",
    );
  }
});
