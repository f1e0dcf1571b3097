// Framed messages: 5 free bytes in front, and who owns the bytes when.

import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { encodeFramed, reuseFramed } from "../../../surface/proto/codec.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { PREFIX_BYTES, Writer } from "../../../surface/proto/writer.ts";
import { test } from "../../harness.ts";

const payload = parseProto(`syntax = "proto3"; message Payload { bytes body = 1; }`).messages["Payload"]!;

function write(writer: Writer, size: number, fill: number): Uint8Array {
  writer.begin();
  payload.encode({ body: new Uint8Array(size).fill(fill) }, writer);
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

test("chunks above 256 KB are not held on to", () => {
  const writer = new Writer();
  const big = write(writer, 300 * 1024, 1);
  writer.reuse(big);
  const small = write(writer, 10, 2);
  assertNotStrictEquals(small.buffer, big.buffer);
  assertEquals(small.buffer.byteLength <= 256 * 1024, true);
  assertEquals(bodyOf(big).length, 300 * 1024);
});
