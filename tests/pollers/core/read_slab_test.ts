// Receive slabs: what was handed out is never written again, and the size follows what is received.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReadSlab } from "../../../pollers/core/read_slab.ts";
import { test } from "../../harness.ts";

/** A read of `count` bytes, each of value `fill`; of less where there is less room. */
function receive(slab: ReadSlab, count: number, fill: number): Uint8Array {
  const room = slab.room();
  assert(room.length > 0, "there is no room");
  const taken = Math.min(count, room.length);
  room.fill(fill, 0, taken);
  const view = slab.take(taken);
  assertEquals(view.length, taken);
  return view;
}

/** Bytes of memory that hold `view`. */
function pinned(view: Uint8Array): number {
  return view.buffer.byteLength;
}

test("bytes handed out keep their value whatever is received later", () => {
  for (const maxBytes of [1, 100, 2048, 5000, 65_536, 100_000]) {
    const slab = new ReadSlab(maxBytes);
    const kept: Array<[view: Uint8Array, fill: number]> = [];
    for (let i = 0; i < 400; i++) {
      // Small and large reads in turns, so that slabs grow and shrink.
      const count = i % 40 < 25 ? 1 + i % 60 : 70_000;
      kept.push([receive(slab, count, i & 255), i & 255]);
    }
    for (const [view, fill] of kept) assert(view.every((byte) => byte === fill));
  }
});

test("slabs start small, grow while reads fill them, and stop at the limit", () => {
  const slab = new ReadSlab(65_536);
  assertEquals(slab.room().length, 2048);
  const sizes: number[] = [];
  for (let i = 0; i < 6; i++) sizes.push(receive(slab, 1_000_000, 1).length);
  assertEquals(sizes, [2048, 8192, 32_768, 65_536, 65_536, 65_536]);
});

test("small reads share a slab, and large slabs are given up for small ones", () => {
  const slab = new ReadSlab(65_536);
  const first = receive(slab, 100, 1);
  assertEquals(receive(slab, 100, 2).buffer, first.buffer);
  for (let i = 0; i < 5; i++) receive(slab, 1_000_000, 3);
  assertEquals(pinned(receive(slab, 10, 4)), 65_536);
  let last = first;
  for (let i = 0; i < 100; i++) last = receive(slab, 10, 5);
  assertEquals(pinned(last), 2048);
  assertEquals(pinned(slab.room()), 2048);
});

test("an endpoint that never received pins nothing until it reads, and little then", () => {
  assertEquals(new ReadSlab(65_536).room().length, 2048);
  assertEquals(new ReadSlab(512).room().length, 512);
});

test("a slab is left when less than 1 KiB of it is free", () => {
  const slab = new ReadSlab(65_536);
  const first = receive(slab, 1024, 1);
  assertEquals(slab.room().buffer, first.buffer);
  receive(slab, 1, 1);
  assert(slab.room().buffer !== first.buffer);
});

test("sizes that are no power of two never shrink to nothing", () => {
  const slab = new ReadSlab(70_000);
  for (let i = 0; i < 10; i++) receive(slab, 100_000, 1);
  for (let i = 0; i < 500; i++) receive(slab, 1, 2);
  assert(slab.room().length >= 1024);
});

test("a size that is no size is misuse", () => {
  for (const bytes of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new ReadSlab(bytes), RangeError, `slabs of ${bytes} bytes`);
  }
});

test("a slab grows no further than its share, and one that has grown keeps what it has", () => {
  const shares = { slabShare: 20_000 };
  const slab = new ReadSlab(65_536, shares);
  const sizes: number[] = [];
  const read = () => {
    const { length } = slab.room();
    slab.take(length);
    sizes.push(length);
  };
  for (let i = 0; i < 4; i++) read();
  shares.slabShare = 100_000;
  for (let i = 0; i < 3; i++) read();
  shares.slabShare = 8_192;
  for (let i = 0; i < 2; i++) read();
  assertEquals(sizes, [2_048, 8_192, 20_000, 20_000, 20_000, 65_536, 65_536, 65_536, 65_536]);
});

/** A read that lends, of as much as there is room for. */
function lent(slab: ReadSlab): Uint8Array {
  return slab.take(slab.room(true).length);
}

test("slabs that are lent are used again, grow to four times the limit, and shrink", () => {
  const slab = new ReadSlab(65_536);
  assertEquals([lent(slab), lent(slab), lent(slab), lent(slab), lent(slab)].map(pinned), [
    2_048,
    8_192,
    32_768,
    131_072,
    262_144,
  ]);
  const memory = lent(slab).buffer;
  for (let i = 0; i < 7; i++) {
    slab.room(true);
    const view = slab.take(100);
    assertEquals([view.buffer === memory, view.byteOffset], [true, 0]);
  }
  for (let i = 0; i < 100; i++) {
    slab.room(true);
    slab.take(100);
  }
  assertEquals(slab.room(true).length, 2_048);
});

test("what is read after a slab was lent, and before, lies elsewhere and within the limit", () => {
  const slab = new ReadSlab(65_536);
  for (let i = 0; i < 6; i++) receive(slab, 1_000_000, 1);
  const before = receive(slab, 100, 1);
  for (let i = 0; i < 4; i++) assert(lent(slab).fill(2).buffer !== before.buffer);
  const memory = lent(slab).fill(2).buffer;
  const after = receive(slab, 100, 3);
  assert(after.buffer !== memory && pinned(after) === 65_536);
  for (let i = 0; i < 4; i++) lent(slab).fill(4);
  assert(before.every((byte) => byte === 1) && after.every((byte) => byte === 3));
});
