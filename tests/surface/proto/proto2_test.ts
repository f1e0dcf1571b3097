// proto2 and editions: required, defaults, groups, extensions, presence.

import { assertEquals, assertThrows } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import { DecodeError, EncodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { pairOf } from "./reference.ts";

const SOURCE = `syntax = "proto2"; package t;
enum Color { RED = 1; BLUE = 2; }
message Old {
  required int32 id = 1;
  optional string name = 2 [default = "none"];
  optional int64 big = 3 [default = -5];
  optional bytes raw = 4 [default = "\\001x"];
  optional Color color = 5 [default = BLUE];
  optional int32 plain = 6;
  repeated int32 list = 7;
  repeated int32 packed = 8 [packed = true];
  optional group Part = 9 { optional int32 n = 1; optional Old old = 2; }
  repeated group Item = 10 { optional string text = 1; }
  optional bool flag = 11 [default = true];
  extensions 100 to 199;
}
extend Old { optional string extra = 100; }`;
const { ours, theirs } = pairOf(SOURCE, "t.Old");

test("absent optional fields are undefined, or their declared default", () => {
  const { id, name, big, raw, color, plain, list, packed, part, item, flag } = ours.decode(fromHex("08 00"));
  assertEquals({ id, name, big, raw, color, plain, list, packed, part, item, flag }, {
    id: 0,
    name: "none",
    big: -5n,
    raw: Uint8Array.of(1, 120),
    color: "BLUE",
    plain: undefined,
    list: [],
    packed: [],
    part: undefined,
    item: [],
    flag: true,
  });
});

test("the default of an enum has the name that decoding gives its number", () => {
  const { messages } = parseProto(`syntax = "proto2";
    message M { enum E { option allow_alias = true; A = 0; B = 1; C = 1; } optional E e = 1 [default = C]; optional E f = 2; }`);
  const codec = messages["M"]!;
  assertEquals(codec.decode(new Uint8Array(0)).e, "B");
  assertEquals(codec.decode(codec.encode({ e: "C" })).e, "B");
  assertEquals(codec.decode(new Uint8Array(0)).f, undefined);
});

test("fields with presence are sent even when they hold their type's default", () => {
  const bytes = encodeMessage(ours, { id: 0, name: "", plain: 0, flag: false });
  assertEquals(bytes, fromHex("08 00 12 00 30 00 58 00"));
  assertEquals(ours.decode(bytes).name, "");
  assertEquals(ours.decode(bytes).flag, false);
});

test("a missing required field is an error on both ways", () => {
  assertThrows(
    () => encodeMessage(ours, {}),
    EncodeError,
    "Cannot encode t.Old.id: the field is required and missing",
  );
  assertThrows(() => ours.decode(new Uint8Array(0)), DecodeError, "required field t.Old.id is missing");
});

test("repeated fields are sent as declared", () => {
  assertEquals(
    encodeMessage(ours, { id: 1, list: [1, 2], packed: [3, 4] }),
    fromHex("08 01 38 01 38 02 42 02 03 04"),
  );
});

test("groups are written, read and merged as the reference does", () => {
  const message = { id: 1, part: { n: 5, old: { id: 2, item: [{ text: "x" }] } }, item: [{ text: "a" }, {}] };
  const bytes = encodeMessage(ours, message);
  assertEquals(
    theirs.toObject(theirs.decode(bytes)),
    theirs.toObject(theirs.decode(theirs.encode(message).finish())),
  );
  const decoded = ours.decode(Uint8Array.from(theirs.encode(message).finish()));
  assertEquals(decoded.part.n, 5);
  assertEquals(decoded.part.old.item[0].text, "x");
  assertEquals(decoded.item.length, 2);
  assertEquals(ours.decode(fromHex("08 01 4b 08 01 4c 4b 4c")).part.n, 1);
});

test("groups that do not end, or end otherwise, are malformed", () => {
  assertThrows(() => ours.decode(fromHex("08 01 4b 08 01")), DecodeError, "ends inside a group");
  assertThrows(
    () => ours.decode(fromHex("08 01 4b 08 01 54")),
    DecodeError,
    "a group ends that did not begin",
  );
  assertThrows(() => ours.decode(fromHex("08 01 4c")), DecodeError, "a group ends that did not begin");
  assertThrows(() => ours.decode(fromHex("08 01 00 00")), DecodeError, "field number 0");
  assertThrows(() => ours.decode(fromHex("4b 12".repeat(3000))), DecodeError);
});

test("extensions are unknown fields", () => {
  const bytes = fromHex("08 01 a2 06 01 61");
  assertEquals("extra" in ours.decode(bytes), false);
  assertEquals(ours.encode(ours.decode(bytes)), bytes);
});

test("editions: implicit presence and delimited encoding by features", () => {
  const { messages } = parseProto(`edition = "2023"; package e;
    message M {
      int32 explicit = 1;
      int32 implicit = 2 [features.field_presence = IMPLICIT];
      M sub = 3 [features.message_encoding = DELIMITED];
      repeated int32 loose = 4 [features.repeated_field_encoding = EXPANDED];
    }`);
  const codec = messages["e.M"]!;
  const bytes = encodeMessage(codec, { explicit: 0, implicit: 0, sub: { explicit: 5 }, loose: [1] });
  assertEquals(bytes, fromHex("08 00 1b 08 05 1c 20 01"));
  assertEquals(codec.decode(bytes).sub.explicit, 5);
});
