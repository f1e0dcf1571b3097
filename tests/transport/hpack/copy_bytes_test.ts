// Copies: right for every length and place, and how many the runtime is asked for.

import { assertEquals } from "@std/assert";
import { copyBytes } from "../../../transport/hpack/copy_bytes.ts";
import { test } from "../../harness.ts";

const PAGE = 4_096;

/** An array that counts the copies made into it. */
class Counted extends Uint8Array {
  copies = 0;

  override set(from: ArrayLike<number>, at?: number): void {
    this.copies++;
    super.set(from, at);
  }
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 1 + i % 251);
}

test("copies: what was between start and end, and nothing around it, whatever the length and the place", () => {
  for (const length of [0, 1, 47, 48, 49, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 16_384, 20_001]) {
    for (const start of [0, 3, 16]) {
      for (const at of [0, 1, 5, 16, 31, PAGE - 1]) {
        const from = bytes(start + length + 7);
        const to = new Uint8Array(at + length + 7);
        copyBytes(from, start, start + length, to, at);
        const wanted = new Uint8Array(to.length);
        for (let i = 0; i < length; i++) wanted[at + i] = from[start + i]!;
        assertEquals(to, wanted, `${length} octets from ${start} to ${at}`);
      }
    }
  }
});

test("copies: one of the runtime, but pieces where memmove is slow, to 1 to 15 octets further on in a page", () => {
  const from = bytes(16_384);
  const copies = (at: number) => {
    const to = new Counted(16_384 + 2 * PAGE);
    copyBytes(from.subarray(1_000), 0, 8_192, to, at);
    return to.copies;
  };
  for (const distance of [1, 8, 15]) {
    assertEquals(copies(1_000 + distance), 4);
    assertEquals(copies(1_000 + PAGE + distance), 4);
  }
  for (const distance of [-999, -1, 0, 16, 17, 2_048, PAGE - 1, PAGE, PAGE + 16]) {
    assertEquals(copies(1_000 + distance), 1, `${distance} octets further on`);
  }
});
