// Slice buffers: views appended, dropped and joined.
import type { Bench } from "tinybench";
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";

const SLICES = 100;
const SLICE_BYTES = 100;
const ROUNDS = 10;

/** Adds the measurements. */
export function add(bench: Bench): void {
  const whole = pattern(SLICES * SLICE_BYTES);
  const views = Array.from(
    { length: SLICES },
    (_, i) => whole.subarray(i * SLICE_BYTES, (i + 1) * SLICE_BYTES),
  );
  const buffer = new SliceBuffer();
  fill(buffer, views);
  expectBytes("slices joined", buffer.join(), whole);
  buffer.drop(5_050);
  expectBytes("slices dropped", buffer.join(), whole.subarray(5_050));
  buffer.clear();
  expect("slices left", buffer.byteLength, 0);

  addBatch(bench, "slices: 100 appended, half dropped, cleared", ROUNDS, () => {
    let sum = 0;
    for (let i = 0; i < ROUNDS; i++) {
      fill(buffer, views);
      buffer.drop(5_050);
      sum += buffer.byteLength + buffer.slices[0]!.length;
      buffer.clear();
    }
    return sum;
  });
  addBatch(bench, "slices: 100 of 100 B appended, joined, cleared", ROUNDS, () => {
    let sum = 0;
    for (let i = 0; i < ROUNDS; i++) {
      fill(buffer, views);
      const joined = buffer.join();
      sum += joined.length + joined[joined.length - 1]!;
      buffer.clear();
    }
    return sum;
  });
}

function fill(buffer: SliceBuffer, views: Uint8Array[]): void {
  for (const view of views) buffer.append(view);
}
