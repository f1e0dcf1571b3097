// The rope of views: nothing is copied until it is joined.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { test } from "../../harness.ts";

function buffer(...slices: number[][]): SliceBuffer {
  const result = new SliceBuffer();
  for (const slice of slices) result.append(Uint8Array.from(slice));
  return result;
}

function bytes(of: SliceBuffer): number[] {
  assertEquals(of.slices.reduce((sum, slice) => sum + slice.length, 0), of.byteLength);
  return [...of.join()];
}

test("append keeps the view itself, and leaves out empty ones", () => {
  const view = Uint8Array.of(1, 2, 3).subarray(1);
  const rope = new SliceBuffer();
  rope.append(view);
  rope.append(new Uint8Array(0));
  assertStrictEquals(rope.slices[0], view);
  assertEquals([rope.slices.length, rope.byteLength], [1, 2]);
});

test("join gives the only view itself, or a copy of all", () => {
  const view = Uint8Array.of(1, 2);
  const rope = new SliceBuffer();
  assertEquals(rope.join().length, 0);
  rope.append(view);
  assertStrictEquals(rope.join(), view);
  rope.append(Uint8Array.of(3));
  assertEquals(bytes(rope), [1, 2, 3]);
});

test("drop takes bytes from the front, within and across views", () => {
  const all = [[1, 2, 3], [4], [5, 6]];
  for (let count = 0; count <= 6; count++) {
    const rope = buffer(...all);
    rope.drop(count);
    assertEquals(bytes(rope), all.flat().slice(count));
    assertEquals(rope.slices.every((slice) => slice.length > 0), true);
  }
});

test("drop of more than there is, or less than nothing, throws and changes nothing", () => {
  const rope = buffer([1, 2], [3]);
  assertThrows(() => rope.drop(4), RangeError, "Cannot drop 4 bytes: the slice buffer holds 3");
  assertThrows(() => rope.drop(-1), RangeError);
  assertEquals(bytes(rope), [1, 2, 3]);
});

test("clear forgets all, be it few views or many", () => {
  for (const count of [0, 1, 2, 8, 9, 100]) {
    const rope = buffer(...Array.from({ length: count }, (_, i) => [i, i]));
    assertEquals(rope.byteLength, 2 * count);
    rope.clear();
    assertEquals([rope.byteLength, rope.slices.length], [0, 0]);
  }
});
