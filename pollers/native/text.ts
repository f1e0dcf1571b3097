// Text and octets, for short pieces: the runtime's Buffer is two to three times as fast as TextDecoder and TextEncoder.

import { Buffer } from "node:buffer";
import { runtime } from "./detect.ts";

/** Makes text of `bytes` from `start` to `end`. */
type Slice = (this: Uint8Array, start: number, end: number) => string;

/** Writes UTF-8 of `text` from `at` on, up to `room` octets; returns how many. */
type Write = (this: Uint8Array, text: string, at: number, room: number) => number;

const { latin1Slice, utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  latin1Slice: Slice;
  utf8Slice: Slice;
  utf8Write: Write;
};

/** Up to this many octets a loop makes text fastest (JavaScriptCore: up to 8, V8: 20 to 28). */
export const LOOP_OCTETS: number = runtime === "bun" ? 7 : 24;

/** Shorter texts are written faster by a loop over their UTF-16 units (JavaScriptCore: 20 to 24, V8: 45 to 60). */
export const LOOP_UNITS: number = runtime === "bun" ? 24 : 56;

/** Each octet as the UTF-16 unit of the same number. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** UTF-8, with U+FFFD for what is malformed; a byte order mark is text. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes, start, end);
}

/** Writes `text` as UTF-8 from `at` on, lone surrogates as U+FFFD; returns the octets written. There must be room. */
export function writeUtf8(into: Uint8Array, text: string, at: number): number {
  return utf8Write.call(into, text, at, into.length - at);
}
