// Values that do not fit their type: an EncodeError that names the field and quotes the value.

import { assertEquals, assertThrows } from "@std/assert";
import { encodeFramed, encodeMessage } from "../../../surface/proto/codec.ts";
import { EncodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { test } from "../../harness.ts";
import { pairOf } from "./reference.ts";

const SOURCE = `syntax = "proto3"; package t;
enum Color { RED = 0; BLUE = 3; }
message Sub { int32 n = 1; Sub sub = 2; }
message All {
  int32 i32 = 1; uint32 u32 = 2; int64 i64 = 3; uint64 u64 = 4; bool flag = 5; string text = 6; bytes data = 7;
  double real = 8; Color color = 9; Sub sub = 10; repeated sint32 list = 11; map<int32, string> map = 12;
  map<int64, bool> longs = 13; map<bool, string> flags = 14;
  oneof kind { string a = 15; Sub b = 16; }
}`;
const { messages } = parseProto(SOURCE);
const all = messages["t.All"]!;

test("values of the wrong type are refused, naming field and value", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ i32: "abc" }, 'Cannot encode t.All.i32: expected an integer of int32, found "abc"'],
    [{ i32: 1.5 }, "t.All.i32: expected an integer of int32, found 1.5"],
    [{ i32: 2 ** 31 }, "found 2147483648"],
    [{ i32: NaN }, "found NaN"],
    [{ i32: 5n }, "found 5n"],
    [{ u32: -1 }, "t.All.u32: expected an integer of uint32, found -1"],
    [{ u32: 2 ** 32 }, "found 4294967296"],
    [{ i64: 1n << 63n }, "t.All.i64: expected a bigint or safe integer of int64, found 9223372036854775808n"],
    [{ i64: 2 ** 53 }, "found 9007199254740992"],
    [{ i64: "5" }, 'found "5"'],
    [{ u64: -1n }, "found -1n"],
    [{ u64: -1 }, "found -1"],
    [{ u64: 1n << 64n }, "t.All.u64"],
    [{ flag: 1 }, "t.All.flag: expected a boolean, found 1"],
    [{ text: 5 }, "t.All.text: expected a string, found 5"],
    [{ data: "x" }, 't.All.data: expected a Uint8Array, found "x"'],
    [{ data: [] }, "found an array of 0"],
    [{ real: "1" }, 't.All.real: expected a number, found "1"'],
    [{ color: "GREEN" }, 't.All.color: expected the name or number of a t.Color, found "GREEN"'],
    [{ color: 1.5 }, "found 1.5"],
    [{ sub: 5 }, "t.All.sub: expected an object of t.Sub, found 5"],
    [{ sub: [] }, "found an array of 0"],
    [{ sub: { n: true } }, "t.Sub.n: expected an integer of int32, found true"],
    [{ list: 5 }, "t.All.list: expected an array, found 5"],
    [{ list: [1, undefined] }, "t.All.list: expected an integer of sint32, found undefined"],
    [{ map: [] }, "t.All.map: expected an object or Map, found an array of 0"],
    [{ map: { x: "y" } }, 't.All.map: expected keys of int32, found "x"'],
    [{ map: { 3000000000: "y" } }, "expected keys of int32"],
    [{ map: { 1: 2 } }, "t.All.map: expected a string, found 2"],
    [{ longs: { 9223372036854775808: true } }, "expected keys of int64"],
    [{ flags: { yes: "" } }, 'expected keys of bool, found "yes"'],
    [{ a: "x", b: {} }, "Cannot encode t.All.b: oneof kind already holds a; set one of them only"],
  ];
  for (const [message, says] of cases) {
    assertThrows(() => encodeMessage(all, message), EncodeError, says);
  }
});

test("what is no object is no message", () => {
  for (const value of [null, undefined, 5, "x", []]) {
    assertThrows(() => encodeMessage(all, value), EncodeError, "Cannot encode t.All: expected an object");
  }
});

test("a message that contains itself is refused", () => {
  const cycle: Record<string, unknown> = {};
  cycle["sub"] = cycle;
  assertThrows(() => encodeMessage(all, cycle), EncodeError, "is it a cycle?");
});

test("an error leaves nothing behind", () => {
  assertThrows(() => encodeMessage(all, { text: "long before", sub: { n: "bad" } }), EncodeError);
  assertEquals(all.decode(encodeMessage(all, { i32: 1 })).i32, 1);
});

test("maps are taken as objects and as Map, with keys of either form", () => {
  const asMap = { map: new Map([[1, "a"]]), longs: new Map([[-5n, true]]), flags: new Map([[true, "t"]]) };
  const asObject = { map: { 1: "a" }, longs: { "-5": true }, flags: { true: "t" } };
  assertEquals(encodeMessage(all, asMap), encodeMessage(all, asObject));
  const decoded = all.decode(encodeMessage(all, asMap));
  assertEquals([decoded.map, decoded.longs, decoded.flags], [asObject.map, asObject.longs, asObject.flags]);
});

test("a set member of a oneof is sent even when it is the default; the discriminator need not be given", () => {
  const decoded = all.decode(encodeMessage(all, { a: "" }));
  assertEquals([decoded.kind, decoded.a, decoded.b], ["a", "", undefined]);
  assertEquals(all.decode(encodeMessage(all, decoded)), decoded);
});

test("lone surrogates become U+FFFD in short and long strings alike", () => {
  for (const text of ["\ud800", "x\udc00y", "\ud83d", "a".repeat(80) + "\ud800z"]) {
    assertEquals(all.decode(encodeMessage(all, { text })).text, text.toWellFormed());
  }
});

test("strings of every length around the limits of the writer", () => {
  for (const character of ["a", "\u00e9", "\u20ac", "\u{1f600}"]) {
    for (const length of [1, 20, 42, 43, 55, 56, 63, 64, 127, 128, 5461, 5462, 16383, 16384, 16385, 40000]) {
      const text = character.repeat(length);
      assertEquals(
        all.decode(encodeMessage(all, { text, i32: 5 })).text === text,
        true,
        `${character} ${length}`,
      );
    }
  }
});

test("messages whose length takes more bytes than were left for it", () => {
  const { ours, theirs } = pairOf(
    `message Tree { optional bytes data = 1; repeated Tree tree = 2; }`,
    "Tree",
  );
  for (const size of [100, 125, 126, 127, 128, 16380, 16384, 70000, 300000, 2100000]) {
    const data = new Uint8Array(size).fill(5);
    const bytes = encodeMessage(ours, { tree: [{ data }, { tree: [{ data }] }], data: Uint8Array.of(1) });
    const read = theirs.decode(bytes) as unknown as { data: Uint8Array; tree: { data: Uint8Array }[] };
    assertEquals([read.data.length, read.tree[0]!.data.length, read.tree.length], [1, size, 2]);
  }
});

test("a getter that encodes another message does not disturb this one", () => {
  const message = {
    text: "outer",
    get sub() {
      encodeFramed(all, { text: "inner, and longer" });
      return { n: 7 };
    },
  };
  const decoded = all.decode(encodeMessage(all, message));
  assertEquals([decoded.text, decoded.sub.n], ["outer", 7]);
});
