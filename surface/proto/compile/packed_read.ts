// Reads many numbers of one field at once: loops without a call a number.

import type { Reader } from "../reader.ts";

/** From this many octets on a DataView, which costs as much as several numbers, is made. */
const VIEWED_BYTES = 64;

function ended(reader: Reader, pos: number, end: number): void {
  reader.pos = pos;
  if (pos !== end) reader.fail("a packed value reaches beyond the end of its field");
}

/** Appends packed int32s to `into`. */
export function readInt32s(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const buf = reader.buf;
  let pos = reader.pos;
  while (pos < end) {
    const first = buf[pos]!;
    if (first < 128) {
      into.push(first);
      pos++;
      continue;
    }
    const second = pos + 1 < end ? buf[pos + 1]! : 128;
    if (second < 128) {
      into.push((first & 127) | (second << 7));
      pos += 2;
      continue;
    }
    reader.pos = pos;
    into.push(reader.int32());
    pos = reader.pos;
  }
  ended(reader, pos, end);
}

/** Appends packed uint32s to `into`. */
export function readUint32s(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const buf = reader.buf;
  let pos = reader.pos;
  while (pos < end) {
    const first = buf[pos]!;
    if (first < 128) {
      into.push(first);
      pos++;
      continue;
    }
    reader.pos = pos;
    into.push(reader.uint32());
    pos = reader.pos;
  }
  ended(reader, pos, end);
}

/** Appends packed sint32s to `into`. */
export function readSint32s(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const buf = reader.buf;
  let pos = reader.pos;
  while (pos < end) {
    const first = buf[pos]!;
    if (first < 128) {
      into.push((first >>> 1) ^ -(first & 1));
      pos++;
      continue;
    }
    reader.pos = pos;
    into.push(reader.sint32());
    pos = reader.pos;
  }
  ended(reader, pos, end);
}

/** Appends packed bools to `into`. */
export function readBools(reader: Reader, into: boolean[]): void {
  const end = reader.delimited();
  while (reader.pos < end) into.push(reader.bool());
  ended(reader, reader.pos, end);
}

/** Appends packed int64s to `into`. */
export function readInt64s(reader: Reader, into: bigint[]): void {
  const end = reader.delimited();
  while (reader.pos < end) into.push(reader.int64());
  ended(reader, reader.pos, end);
}

/** Appends packed uint64s to `into`. */
export function readUint64s(reader: Reader, into: bigint[]): void {
  const end = reader.delimited();
  while (reader.pos < end) into.push(reader.uint64());
  ended(reader, reader.pos, end);
}

/** Appends packed sint64s to `into`. */
export function readSint64s(reader: Reader, into: bigint[]): void {
  const end = reader.delimited();
  while (reader.pos < end) into.push(reader.sint64());
  ended(reader, reader.pos, end);
}

/** Appends packed fixed32s to `into`. */
export function readFixed32s(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 4);
  while (reader.pos < whole) into.push(reader.fixed32());
  ended(reader, reader.pos, end);
}

/** Appends packed sfixed32s to `into`. */
export function readSfixed32s(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 4);
  while (reader.pos < whole) into.push(reader.sfixed32());
  ended(reader, reader.pos, end);
}

/** Appends packed fixed64s to `into`. */
export function readFixed64s(reader: Reader, into: bigint[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 8);
  while (reader.pos < whole) into.push(reader.fixed64());
  ended(reader, reader.pos, end);
}

/** Appends packed sfixed64s to `into`. */
export function readSfixed64s(reader: Reader, into: bigint[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 8);
  while (reader.pos < whole) into.push(reader.sfixed64());
  ended(reader, reader.pos, end);
}

/** Appends packed floats to `into`. */
export function readFloats(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 4);
  if (whole - reader.pos >= VIEWED_BYTES) {
    const view = viewOf(reader, whole);
    let i = into.length;
    into.length = i + view.byteLength / 4;
    for (let at = 0; at < view.byteLength; at += 4) into[i++] = view.getFloat32(at, true);
    reader.pos = whole;
  }
  while (reader.pos < whole) into.push(reader.float());
  ended(reader, reader.pos, end);
}

/** Appends packed doubles to `into`. */
export function readDoubles(reader: Reader, into: number[]): void {
  const end = reader.delimited();
  const whole = wholeEnd(reader, end, 8);
  if (whole - reader.pos >= VIEWED_BYTES) {
    const view = viewOf(reader, whole);
    let i = into.length;
    into.length = i + view.byteLength / 8;
    for (let at = 0; at < view.byteLength; at += 8) into[i++] = view.getFloat64(at, true);
    reader.pos = whole;
  }
  while (reader.pos < whole) into.push(reader.double());
  ended(reader, reader.pos, end);
}

/** Where the last value of `size` octets ends that lies before `end` as a whole. */
function wholeEnd(reader: Reader, end: number, size: number): number {
  return end - ((end - reader.pos) & (size - 1));
}

function viewOf({ buf, pos }: Reader, end: number): DataView {
  return new DataView(buf.buffer, buf.byteOffset + pos, end - pos);
}
