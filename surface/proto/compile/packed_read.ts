// Reads many numbers of one field at once: loops without a call a number.

import type { Reader } from "../reader.ts";

/** From this many octets on a DataView, which costs as much as several numbers, is made. */
const VIEWED_BYTES = 64;

function ended(reader: Reader, pos: number, end: number): void {
  reader.pos = pos;
  if (pos !== end) reader.beyond(end, "field");
}

/** How the bits of a varint are a number: signed, unsigned, or signed by ZigZag. */
const SIGNED = 0, UNSIGNED = 1, ZIGZAG = 2;

/** Values of up to 28 bits are put together here; longer ones, and those at the end of the message, by the reader. */
function readVarints(reader: Reader, into: number[], bits: number): void {
  const end = reader.delimited();
  const buf = reader.buf;
  const last = buf.length - 4;
  let pos = reader.pos;
  while (pos < end) {
    let byte = buf[pos]!;
    let value = byte & 127;
    if (byte < 128) {
      pos++;
    } else if (pos > last) {
      byte = 128;
    } else {
      byte = buf[pos + 1]!;
      value |= (byte & 127) << 7;
      if (byte < 128) {
        pos += 2;
      } else {
        byte = buf[pos + 2]!;
        value |= (byte & 127) << 14;
        if (byte < 128) {
          pos += 3;
        } else {
          byte = buf[pos + 3]!;
          value |= byte << 21;
          if (byte < 128) pos += 4;
        }
      }
    }
    if (byte >= 128) {
      reader.pos = pos;
      value = bits === UNSIGNED ? reader.uint32() : reader.int32();
      pos = reader.pos;
    }
    into.push(bits === ZIGZAG ? (value >>> 1) ^ -(value & 1) : value);
  }
  ended(reader, pos, end);
}

/** Appends packed int32s to `into`. */
export function readInt32s(reader: Reader, into: number[]): void {
  readVarints(reader, into, SIGNED);
}

/** Appends packed uint32s to `into`. */
export function readUint32s(reader: Reader, into: number[]): void {
  readVarints(reader, into, UNSIGNED);
}

/** Appends packed sint32s to `into`. */
export function readSint32s(reader: Reader, into: number[]): void {
  readVarints(reader, into, ZIGZAG);
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
