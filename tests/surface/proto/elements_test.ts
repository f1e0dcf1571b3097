// What decoding may make: elements are counted, and a message in many parts costs no more than its size.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecodeError, parseProto, unknownFields } from "../../../surface/proto/mod.ts";
import { UnknownFields } from "../../../surface/proto/unknown_fields.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";

const { messages } = parseProto(`syntax = "proto3"; package t;
message Tree {
  bytes body = 1; string text = 2; Tree child = 3; repeated int32 numbers = 4; repeated Tree children = 5;
  map<string, string> labels = 6; map<string, Tree> trees = 7; repeated bytes pieces = 8;
}
message Leaf { int32 x = 1; int32 y = 2; }
message Leaves { repeated Leaf leaves = 1; }`);
const tree = messages["t.Tree"]!;
const groups = parseProto(`edition = "2023"; package g;
message Node { repeated Node nodes = 1 [features.message_encoding = DELIMITED]; }`).messages["g.Node"]!;

function repeated(unit: number[], count: number): Uint8Array {
  const bytes = new Uint8Array(unit.length * count);
  for (let at = 0; at < bytes.length; at += unit.length) bytes.set(unit, at);
  return bytes;
}

/** Elements that one `unit` counts: a message of 1,000 decodes with this many, and with one fewer does not. */
function count(unit: number[], codec = tree, least = 0): number {
  const bytes = repeated(unit, 1_000);
  const fits = (limit: number) => {
    try {
      codec.decode(bytes, limit);
      return true;
    } catch (error) {
      assert(error instanceof DecodeError && error.exhausted, String(error));
      return false;
    }
  };
  let each = least;
  while (!fits(each * 1_000)) each++;
  if (each > 0) assertEquals(fits(each * 1_000 - 1), false);
  return each;
}

test("a message counts one and its lists and maps, entries and bytes count one, scalars do not", () => {
  const empty = 1 + 5; // the lists and maps of a Tree
  assertEquals({
    "number": count([0x20, 1]),
    "packed numbers": count([0x22, 2, 1, 1]),
    "text": count([0x12, 1, 65]),
    "bytes": count([0x42, 1, 65]),
    "no bytes": count([0x42, 0]),
    "list's message": count([0x2a, 0]),
    "message in a message": count([0x2a, 2, 0x2a, 0]),
    "merged message": count([0x1a, 0]),
    "map entry": count([0x32, 0]),
    "map entry with a message": count([0x3a, 2, 0x12, 0]),
    "map entry without its message": count([0x3a, 0]),
    "unknown field": count([0x78, 1]),
    "group": count([0x0b, 0x0c], groups),
  }, {
    "number": 0,
    "packed numbers": 0,
    "text": 0,
    "bytes": 1,
    "no bytes": 0,
    "list's message": empty,
    "message in a message": 2 * empty,
    "merged message": empty,
    "map entry": 1,
    "map entry with a message": 1 + empty,
    "map entry without its message": 1 + empty,
    "unknown field": 0,
    "group": 2,
  });
});

test("a message of many fields counts for its properties, by the square where it is a table", () => {
  for (const [fields, elements] of [[31, 1], [32, 2], [127, 4], [128, 17], [1_000, 962]] as const) {
    const all = Array.from({ length: fields }, (_, i) => `int32 f${i} = ${i + 1};`).join(" ");
    const { Holder } = parseProto(`syntax = "proto3"; message Wide { ${all} }
      message Holder { repeated Wide list = 1; Wide one = 2; }`).messages;
    assertEquals(count([0x0a, 0], Holder, elements), elements, `${fields}`);
    assertEquals(count([0x12, 0], Holder, elements), elements, `${fields}, merged`);
    if (fields < 1_000) continue;
    const begun = performance.now();
    assertThrows(() => Holder!.decode(repeated([0x12, 0], 700_000)), DecodeError, "more elements");
    const took = performance.now() - begun;
    assert(took < 30_000, `${Math.round(took)} ms`); // all of it: 100 s
  }
});

test("4 MiB of empty submessages are refused, with a limit or without one", () => {
  const bytes = repeated([0x2a, 0], 2 * 1024 * 1024);
  for (const limit of [undefined, 100]) {
    const error = assertThrows(() => tree.decode(bytes, limit), DecodeError) as DecodeError;
    assertEquals([error.exhausted, error.message.includes("more elements")], [true, true]);
  }
  assertEquals(
    (assertThrows(() => tree.decode(Uint8Array.of(0x2a, 1)), DecodeError) as DecodeError).exhausted,
    false,
  );
});

test("what is large and honest decodes: 4 MiB of points, of entries, of short bytes", () => {
  const leaves = messages["t.Leaves"]!;
  const points = repeated([0x0a, 4, 0x08, 5, 0x10, 6], 699_000);
  assertEquals((leaves.decode(points) as { leaves: unknown[] }).leaves.length, 699_000);
  const labels = tree.decode(repeated([0x32, 4, 0x0a, 0, 0x12, 0], 699_000)) as { labels: object };
  assertEquals(Object.keys(labels.labels).length, 1);
  const pieces = tree.decode(repeated([0x42, 3, 1, 2, 3], 799_000)) as { pieces: unknown[] };
  assertEquals(pieces.pieces.length, 799_000);
});

test("a larger message may have more elements in proportion", () => {
  const bytes = concat(repeated([0x42, 3, 1, 2, 3], 1_200_000), repeated([0x12, 0], 100));
  assertEquals((tree.decode(bytes) as { pieces: unknown[] }).pieces.length, 1_200_000);
});

test("no container is shared: what users push into one message is in no other", () => {
  type Tree = { numbers: number[]; labels: Record<string, string>; children: Tree[] };
  const first = tree.decode(Uint8Array.of(0x2a, 0, 0x2a, 0)) as Tree;
  first.numbers.push(1);
  first.labels.a = "b";
  first.children[0]!.numbers.push(2);
  first.children[0]!.labels.c = "d";
  const second = tree.decode(Uint8Array.of(0x2a, 0)) as Tree;
  for (const one of [first.children[1]!, second, second.children[0]!]) {
    assertEquals([one.numbers.length, Object.keys(one.labels).length], [0, 0]);
  }
});

test("unknown fields of a message in many parts are put together in one place, not copied for each part", () => {
  const parts = 1_000;
  const bytes = concat(
    Uint8Array.of(0x1a, 0x84, 0x80, 0x04, 0x7a, 0x80, 0x80, 0x04),
    new Uint8Array(65_536),
    repeated([0x1a, 2, 0x78, 1], parts),
  );
  const { child } = tree.decode(bytes) as { child: Record<PropertyKey, Uint8Array> };
  assertEquals(child[unknownFields]!.length, 4 + 65_536 + 2 * parts);
  assertEquals(child[unknownFields]!.slice(-4), Uint8Array.of(0x78, 1, 0x78, 1));

  const first = new UnknownFields();
  for (let i = 0; i < 3; i++) first.add(0x78, Uint8Array.of(1), 0, 1); // now there is room for more
  const begun = first.attach({})[unknownFields] as Uint8Array;
  const second = new UnknownFields(begun);
  second.add(0x78, Uint8Array.of(2), 0, 1);
  const whole = second.attach({})[unknownFields] as Uint8Array;
  assertEquals([...whole], [0x78, 1, 0x78, 1, 0x78, 1, 0x78, 2]);
  assertEquals(whole.buffer === begun.buffer, true);
});
