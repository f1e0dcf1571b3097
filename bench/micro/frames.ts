// HTTP/2 frames: 64 KiB of small ones read in one piece and in many, and DATA written.
import type { Bench } from "tinybench";
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { writeData, writePing, writeWindowUpdate } from "../../transport/http2/frame_writer.ts";
import { FrameType } from "../../transport/http2/frames.ts";
import { OutputBuffer } from "../../transport/http2/output_buffer.ts";
import { FrameReader, type FrameVisitor } from "../../transport/http2/frame_reader.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";

const INPUT_BYTES = 65_536;
const READ_BYTES = 1_000;
const BODY = pattern(23);
const WRITTEN = 1_000;

/** Adds the measurements. */
export function add(bench: Bench): void {
  addReader(bench);
  addWriter(bench, "DATA of 23 B", WRITTEN, BODY);
  addWriter(bench, "DATA of 16 KiB", 12, pattern(16_384));
}

/** Counts what the reader hands up. */
class Counter implements FrameVisitor {
  readonly closed = false;
  dataFrames = 0;
  otherFrames = 0;
  octets = 0;

  beginData(): void {
    this.dataFrames++;
  }
  data(_bytes: Uint8Array, start: number, end: number): void {
    this.octets += end - start;
  }
  frame(
    type: number,
    _flags: number,
    streamId: number,
    _bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.otherFrames++;
    this.octets += type + streamId + end - start;
  }
  abort(error: { reason: string }): void {
    throw new Error(`Cannot read frames: ${error.reason}`);
  }
}

function addReader(bench: Bench): void {
  const out = new OutputBuffer();
  const perRound = 3 * 9 + BODY.length + 4 + 8;
  const rounds = Math.floor(INPUT_BYTES / perRound);
  for (let i = 0; i < rounds; i++) {
    writeData(out, 1, BODY, 0, BODY.length, false);
    writeWindowUpdate(out, 1, BODY.length);
    writePing(out, i, i, false);
  }
  const input = taken(out);
  expect("frames, input", input.length, rounds * perRound);
  const wanted = rounds * (BODY.length + (FrameType.WINDOW_UPDATE + 1 + 4) + (FrameType.PING + 8));
  for (const [how, bytes] of [["one read", input.length], ["reads of 1,000 B", READ_BYTES]] as const) {
    const counter = new Counter();
    const reader = new FrameReader(counter, 16_384);
    const run = () => {
      counter.octets = 0;
      for (let at = 0; at < input.length; at += bytes) reader.receive(input.subarray(at, at + bytes));
      return counter.octets;
    };
    expect(`frames, ${how}`, run(), wanted);
    expect(`frames, ${how}, DATA`, counter.dataFrames, rounds);
    expect(`frames, ${how}, others`, counter.otherFrames, 2 * rounds);
    addBatch(bench, `frames read: small ones, 64 KiB in ${how}, each`, 3 * rounds, run);
  }
}

function addWriter(bench: Bench, name: string, count: number, body: Uint8Array): void {
  const out = new OutputBuffer();
  for (let i = 0; i < count; i++) writeData(out, 1, body, 0, body.length, false);
  const bytes = taken(out);
  expect(`${name}, written`, bytes.length, count * (9 + body.length));
  expectBytes(name, bytes.subarray(bytes.length - body.length), body);
  const slices = new SliceBuffer();
  addBatch(bench, `frames written: ${name}, each`, count, () => {
    for (let i = 0; i < count; i++) writeData(out, 1, body, 0, body.length, false);
    out.moveTo(slices);
    const last = slices.slices[slices.slices.length - 1]!;
    const sum = slices.byteLength + last[last.length - 1]!;
    slices.clear();
    out.recycle();
    return sum;
  });
}

/** A copy of what `out` has, whose chunks are used again. */
function taken(out: OutputBuffer): Uint8Array {
  const slices = new SliceBuffer();
  out.moveTo(slices);
  const bytes = slices.join().slice();
  out.recycle();
  return bytes;
}
