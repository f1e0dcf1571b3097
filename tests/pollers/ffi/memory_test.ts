import { assert, assertEquals, assertThrows } from "@std/assert";
import { addressOf, viewMemory } from "../../../pollers/ffi/library.ts";
import { Arena } from "../../../pollers/ffi/memory.ts";
import { test } from "../../harness.ts";
import { noLibc } from "./setup.ts";

const skip = noLibc;

/** Garbage of every size, so that what can be moved is moved. */
function makeGarbage(): number {
  let bytes = 0;
  for (let i = 0; i < 20_000; i++) bytes += new Uint8Array(i % 3000).length + `${i}`.repeat(20).length;
  return bytes;
}

/** What native code sees at `address`. */
function nativeBytes(address: number, count: number): number[] {
  return [...new Uint8Array(viewMemory(address, count))];
}

test("pieces of an arena are aligned for any struct and do not overlap", () => {
  for (const blockBytes of [1, 4096, 70_000]) {
    const arena = new Arena(blockBytes);
    const pieces = [1, 16, 3, 56, 128, 12].map((count) => arena.allocate(count));
    let end = 0;
    for (const { address, bytes, view } of pieces) {
      assertEquals(address % 16, 0);
      assert(address >= end);
      assertEquals([view.byteLength, view.byteOffset], [bytes.length, bytes.byteOffset]);
      end = address + bytes.length;
    }
  }
}, { skip });

test("an arena that is full throws, and keeps what it has", () => {
  const arena = new Arena(5000);
  const first = arena.allocate(4990);
  const error = assertThrows(() => arena.allocate(9), RangeError);
  assertEquals(error.message, "Cannot allocate 9 bytes: 8 are left");
  assertEquals(arena.allocate(8).address, first.address + 4992);
  assertThrows(() => arena.allocate(1), RangeError, "0 are left");
  assertThrows(() => new Arena(1).allocate(4097), RangeError);
}, { skip });

test("an arena's memory lies at its address, and stays there amid garbage", () => {
  const arenas = Array.from({ length: 50 }, () => new Arena(1));
  const pieces = arenas.flatMap((arena) => [arena.allocate(5), arena.allocate(40)]);
  pieces.forEach(({ bytes }, i) => bytes.fill(i));
  assert(makeGarbage() > 0);
  // Touching `.buffer` moves small arrays on some runtimes; a block must not be one of them.
  assert(pieces.every(({ bytes }) => bytes.buffer.byteLength >= 4096));
  pieces.forEach(({ address, bytes }, i) => {
    bytes.fill(i + 1);
    assertEquals(nativeBytes(address, bytes.length), [...bytes]);
    new Uint8Array(viewMemory(address, 1))[0] = 255;
    assertEquals(bytes[0], 255);
  });
}, { skip });

test("the address of a view counts its offset, and is exact beyond 32 bits", () => {
  const whole = new Uint8Array(10_000).map((_, i) => i % 251);
  const at = addressOf(whole);
  assert(Number.isSafeInteger(at) && at > 2 ** 32, `${at}`);
  for (const offset of [0, 1, 17, 9_999]) {
    const view = whole.subarray(offset);
    assertEquals(addressOf(view), at + offset);
    assertEquals(nativeBytes(at + offset, 1), [whole[offset]]);
  }
}, { skip });
