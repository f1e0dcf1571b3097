// Encodes frames into an output buffer (RFC 9113, section 6).

import { copyBytes } from "../hpack/copy_bytes.ts";
import {
  CLIENT_PREFACE,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  writeFrameHeader,
  writeUint32,
} from "./frames.ts";
import { GOAWAY_DEBUG_BYTES } from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { END_HEADERS, END_STREAM } = Flag;
const { CONTINUATION, DATA, HEADERS, RST_STREAM, WINDOW_UPDATE } = FrameType;
const HEADER_BYTES = FRAME_HEADER_BYTES;
const copy = copyBytes;
const writeHeader = writeFrameHeader;
const writeNumber = writeUint32;

/** The client's connection preface (section 3.4). */
export function writePreface(out: OutputBuffer): void {
  const at = out.reserve(CLIENT_PREFACE.length);
  new TextEncoder().encodeInto(CLIENT_PREFACE, out.chunk.subarray(at));
  out.length = at + CLIENT_PREFACE.length;
}

/** One DATA frame with `bytes[start, end)`; at most DATA_FRAME_BYTES. */
export function writeData(
  out: OutputBuffer,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  endStream: boolean,
): void {
  const length = end - start;
  let at = out.reserve(HEADER_BYTES + length);
  const chunk = out.chunk;
  writeHeader(chunk, at, length, DATA, endStream ? END_STREAM : 0, streamId);
  at += HEADER_BYTES;
  copy(bytes, start, end, chunk, at);
  out.length = at + length;
  out.carriedStreams = true;
}

/** One header block as HEADERS and as many CONTINUATIONs as `maxFrameBytes` demands (section 6.10). */
export function writeHeaderBlock(
  out: OutputBuffer,
  streamId: number,
  block: Uint8Array,
  blockLength: number,
  endStream: boolean,
  maxFrameBytes: number,
): void {
  let start = 0;
  let type: number = HEADERS;
  let flags: number = endStream ? END_STREAM : 0;
  do {
    const end = Math.min(blockLength, start + maxFrameBytes);
    if (end === blockLength) flags |= END_HEADERS;
    const at = out.reserve(HEADER_BYTES + end - start);
    writeHeader(out.chunk, at, end - start, type, flags, streamId);
    copy(block, start, end, out.chunk, at + HEADER_BYTES);
    out.length = at + HEADER_BYTES + end - start;
    start = end;
    type = CONTINUATION;
    flags = 0;
  } while (start < blockLength);
  out.carriedStreams = true;
}

/** RST_STREAM (section 6.4). */
export function writeRstStream(out: OutputBuffer, streamId: number, code: number): void {
  const at = frame(out, 4, RST_STREAM, 0, streamId);
  writeNumber(out.chunk, at, code);
}

/** SETTINGS with `entries` of identifier and value (section 6.5). */
export function writeSettings(out: OutputBuffer, entries: ReadonlyArray<readonly [number, number]>): void {
  let at = frame(out, entries.length * 6, FrameType.SETTINGS, 0, 0);
  for (const [id, value] of entries) {
    out.chunk[at] = id >>> 8;
    out.chunk[at + 1] = id;
    writeNumber(out.chunk, at + 2, value);
    at += 6;
  }
}

/** SETTINGS with ACK (section 6.5.3). */
export function writeSettingsAck(out: OutputBuffer): void {
  frame(out, 0, FrameType.SETTINGS, Flag.ACK, 0);
}

/** PING with eight octets (section 6.7). */
export function writePing(out: OutputBuffer, high: number, low: number, ack: boolean): void {
  const at = frame(out, 8, FrameType.PING, ack ? Flag.ACK : 0, 0);
  writeNumber(out.chunk, at, high);
  writeNumber(out.chunk, at + 4, low);
}

/** GOAWAY with a debug sentence (section 6.8). */
export function writeGoAway(out: OutputBuffer, lastStreamId: number, code: number, reason: string): void {
  const debug = new TextEncoder().encode(reason).subarray(0, GOAWAY_DEBUG_BYTES);
  const at = frame(out, 8 + debug.length, FrameType.GOAWAY, 0, 0);
  writeNumber(out.chunk, at, lastStreamId);
  writeNumber(out.chunk, at + 4, code);
  out.chunk.set(debug, at + 8);
}

/** WINDOW_UPDATE (section 6.9). */
export function writeWindowUpdate(out: OutputBuffer, streamId: number, increment: number): void {
  const at = frame(out, 4, WINDOW_UPDATE, 0, streamId);
  writeNumber(out.chunk, at, increment);
}

/** Writes the header of a frame of fixed `length`, claims its payload, and gives the payload's offset. */
function frame(out: OutputBuffer, length: number, type: number, flags: number, streamId: number): number {
  const at = out.reserve(HEADER_BYTES + length);
  writeHeader(out.chunk, at, length, type, flags, streamId);
  out.length = at + HEADER_BYTES + length;
  return at + HEADER_BYTES;
}
