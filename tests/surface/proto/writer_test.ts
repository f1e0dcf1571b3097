// Framed messages: 5 free bytes in front, and who owns the bytes when.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Codec, encodeFramed, reuseFramed } from "../../../surface/proto/codec.ts";
import { EncodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { PREFIX_BYTES, Writer } from "../../../surface/proto/writer.ts";
import { test } from "../../harness.ts";

const payload = parseProto(`syntax = "proto3"; message Payload { bytes body = 1; }`).messages["Payload"]!;

function write(writer: Writer, size: number, fill: number): Uint8Array {
  writer.begin();
  payload.encodeInto({ body: new Uint8Array(size).fill(fill) }, writer);
  return writer.finish();
}

function bodyOf(framed: Uint8Array): Uint8Array {
  return payload.decode(framed.subarray(PREFIX_BYTES)).body;
}

test("a framed message leaves 5 bytes free before it", () => {
  const framed = encodeFramed(payload, { body: Uint8Array.of(7, 8) });
  assertEquals(framed.length, 9);
  assertEquals(framed.subarray(5), Uint8Array.of(10, 2, 7, 8));
  assertEquals(encodeFramed(payload, {}).length, 5);
});

test("messages that were not given back are never overwritten", () => {
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 400; i++) {
    kept.push(encodeFramed(payload, { body: new Uint8Array(i * 3).fill(i) }));
    reuseFramed(encodeFramed(payload, { body: new Uint8Array(700).fill(255) }));
  }
  kept.forEach((framed, i) => assertEquals(bodyOf(framed), new Uint8Array(i * 3).fill(i)));
});

test("the place of a message that was given back is used again", () => {
  const writer = new Writer();
  const first = write(writer, 10, 1);
  writer.reuse(first);
  const second = write(writer, 10, 2);
  assertStrictEquals(second.buffer, first.buffer);
  assertEquals(second.byteOffset, first.byteOffset);
  writer.abandon(second);
  writer.reuse(second);
  assertEquals(write(writer, 10, 3).byteOffset, first.byteOffset + first.length);
});

test("a message of more than 2 GiB is refused, and not written with lengths that are cut off", () => {
  const writer = new Writer();
  writer.begin();
  assertThrows(() => writer.reserve(2 ** 31), EncodeError, "larger than 2 GiB");
  assertEquals(bodyOf(write(writer, 3, 1)), Uint8Array.of(1, 1, 1));
});

test("only the newest message can be given back", () => {
  const writer = new Writer();
  const first = write(writer, 10, 1);
  const second = write(writer, 10, 2);
  writer.reuse(first);
  const third = write(writer, 10, 3);
  assertEquals([...bodyOf(first), ...bodyOf(second), ...bodyOf(third)], [
    ...new Array(10).fill(1),
    ...new Array(10).fill(2),
    ...new Array(10).fill(3),
  ]);
});

test("chunks above 256 KB are held weakly, and serve no small message", () => {
  const writer = new Writer();
  const big = write(writer, 300 * 1024, 1);
  writer.reuse(big);
  assert(writer["large"] instanceof WeakRef && writer["spares"].length === 0);
  const small = write(writer, 10, 2);
  assertNotStrictEquals(small.buffer, big.buffer);
  assertEquals(small.buffer.byteLength <= 256 * 1024, true);
  assertEquals(bodyOf(big).length, 300 * 1024);
});

test("the chunk of a large message that was given back serves one of a quarter of it or more, and no other", () => {
  const writer = new Writer();
  const MB = 1024 * 1024;
  const first = write(writer, 4 * MB, 1);
  const held = write(writer, 4 * MB, 2);
  assertNotStrictEquals(held.buffer, first.buffer);
  for (const [bytes, again] of [[4 * MB, true], [2 * MB, true], [MB / 2, false], [5 * MB, false]] as const) {
    writer.reuse(first);
    const next = write(writer, bytes, 3);
    assertEquals(next.buffer === first.buffer, again, `${bytes} bytes`);
    assert(bodyOf(next).every((byte) => byte === 3));
    assertNotStrictEquals(write(writer, 4 * MB, 4).buffer, first.buffer); // it is taken, or dropped
  }
  assert(bodyOf(held).every((byte) => byte === 2));
});

/** Collects garbage, and lets tasks run that follow from it. */
function collector(): () => Promise<void> {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  let gc = Bun && (() => Bun.gc(true));
  if (gc === undefined) {
    setFlagsFromString("--expose-gc");
    gc = runInNewContext("gc") as () => void;
  }
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  return async () => {
    await turn(); // what a WeakRef gives in a task is held until its end
    gc();
    await turn();
  };
}

test("the chunk of a large message outlives one collection of garbage, which another large message brings on, and no more", async () => {
  const KB = 1024; // in all too little to bring on a collection
  const writers = Array.from({ length: 8 }, () => new Writer());
  const collect = collector();
  const sendLarge = () => writers.forEach((writer) => writer.reuse(write(writer, 512 * KB, 7)));
  let served = false;
  for (let i = 0; i < 20 && !served; i++) { // Bun may collect by itself once more
    sendLarge();
    await collect();
    served = writers.every((writer) => write(writer, 300 * KB, 8).buffer.byteLength > 512 * KB);
  }
  assert(served, "the memory of the first message does not serve the second one");
  sendLarge();
  const stay = () => writers.filter((writer) => writer["large"]?.deref() !== undefined).length;
  for (let i = 0; i < 20 && stay() > 2; i++) await collect(); // Bun takes what lies on its stack for references
  assert(stay() <= 2, `${stay()} of 8 stay`);
});

test("content is copied to 16 octets or more behind the beginning of a chunk: to a few less takes ten times longer", () => {
  const writer = new Writer();
  for (const bytes of [10, 70_000, 300 * 1024, 5 * 1024 * 1024]) {
    const framed = write(writer, bytes, 1);
    const content = framed.byteOffset + framed.indexOf(1);
    assert(content >= 16, `${content} octets`);
    writer.reuse(framed);
  }
});

/** Holds the code that writes to what it reserved: nothing is written beyond. */
class StrictWriter extends Writer {
  private limit = 0;

  override begin(): void {
    super.begin();
    this.limit = this.pos;
  }

  override reserve(count: number): void {
    const at = this.pos;
    assert(at <= this.limit, `${at - this.limit} bytes were written without room`);
    super.reserve(count);
    this.limit = Math.max(this.limit + this.pos - at, this.pos + count);
  }
}

/** Fields whose tags and values are as long as they can be. */
const LONGEST: readonly (readonly [field: string, value: unknown])[] = [
  ["optional int32", -1],
  ["optional uint64", 0xffff_ffff_ffff_ffffn],
  ["optional double", 1.5],
  ["optional bool", true],
  ["optional string", "\u20ac".repeat(55)],
  ["optional string", "\u20ac".repeat(56)],
  ["optional bytes", Uint8Array.of(1, 2, 3)],
  ["optional M", {}],
  ["optional group", { a: -1 }],
  ["repeated group", [{ a: -1 }, {}]],
  ["repeated M", [{}, { end: -1 }]],
  ["repeated int32", [-1, -1, -1]],
  ["repeated string", ["\u20ac".repeat(55), "", "\u20ac".repeat(55)]],
  ["repeated string", []],
  ["map<int64, int32>", { "-1": -1 }],
  ["map<string, string>", { ["\u20ac".repeat(55)]: "\u20ac".repeat(55) }],
  ["map<string, M>", { a: {}, b: { end: -1 } }],
  ["packed", [-1, -1, -1]],
];

function strictly(codec: Codec, message: unknown): Uint8Array {
  const writer = new StrictWriter();
  writer.begin();
  codec.encodeInto(message, writer);
  writer.reserve(0);
  return writer.finish().subarray(PREFIX_BYTES);
}

test("there is room for all that is written, in a message of many fields some of which are absent", () => {
  const longest: Record<string, unknown> = { int32: -1, int64: -1n, string: "\u20ac".repeat(55) };
  for (const pattern of [["int32", "string", "int64", "int32"], ["string", "int32", "string"]]) {
    const fields = Array.from({ length: 60 }, (_, i) => [`f${i}`, pattern[i % pattern.length]!] as const);
    const codec = parseProto(
      `syntax = "proto2"; message M { ${
        fields.map(([name, type], i) => `optional ${type} ${name} = ${500_000_000 + i};`).join(" ")
      } }`,
    ).messages["M"]!;
    for (const absent of ["", "string", "int32", "int64"]) {
      const set = fields.filter(([, type]) => type !== absent).map(([name, type]) => [name, longest[type]]);
      const decoded = codec.decode(strictly(codec, Object.fromEntries(set)));
      for (const [name, value] of set) assertEquals(decoded[name as string], value);
    }
  }
});

test("there is room for all that is written, whichever field follows which", () => {
  const declared = (kind: string, name: string, number: number) =>
    kind.endsWith("group")
      ? `${kind} ${name.toUpperCase()} = ${number} { optional int32 a = ${number}; }`
      : kind === "packed"
      ? `repeated int32 ${name} = ${number} [packed = true];`
      : `${kind} ${name} = ${number};`;
  for (const [first, a] of LONGEST) {
    for (const [second, b] of LONGEST) {
      const codec = parseProto(`syntax = "proto2"; message M { ${declared(first, "a", 500_000_001)}
        ${declared(second, "b", 500_000_002)} optional string c = 500_000_003; optional int64 d = 500_000_004;
        optional int32 e = 500_000_005; optional string f = 500_000_006; optional int32 end = 500_000_007; }`
        .replaceAll("_", "")).messages["M"]!;
      const tail = { c: "\u20ac".repeat(55), d: -1n, e: -1, f: "x", end: -1 };
      for (const message of [{ a, b, ...tail }, { b, ...tail }, { a, ...tail }, tail, { a, b, end: -1 }]) {
        assertEquals(codec.decode(strictly(codec, message)).end, -1, `${first}, ${second}`);
      }
    }
  }
});

test("a view that was given back is handed out again for the same place and length only", () => {
  const writer = new Writer();
  const first = write(writer, 10, 1);
  writer.reuse(first);
  const other = write(writer, 11, 2);
  writer.reuse(other);
  assertStrictEquals(write(writer, 10, 3), first);
  // It is its holder's now: what follows begins behind it.
  const next = write(writer, 10, 4);
  assertEquals([bodyOf(first)[0], bodyOf(next)[0]], [3, 4]);
  writer.reuse(next);
  assertEquals(bodyOf(write(writer, 11, 5)), new Uint8Array(11).fill(5));
  assertEquals(bodyOf(first), new Uint8Array(10).fill(3));
});

test("views of a chunk that was left are not handed out again", () => {
  const writer = new Writer();
  const small = write(writer, 3, 0);
  writer.reuse(small);
  const held = write(writer, 65_100, 1); // it begins where `small` was, and leaves too little for another
  assertStrictEquals(held.buffer, small.buffer);
  assertNotStrictEquals(write(writer, 3, 2).buffer, held.buffer);
});
