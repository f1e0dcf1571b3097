// Writes many numbers of one field at once, each checked as a single one is.

import { bad, FLOAT_BOUND } from "../encode_values.ts";
import type { FieldSchema } from "../schema.ts";
import type { Writer } from "../writer.ts";

/** Numbers for which room is made at once. */
const BLOCK = 64;
/** Octets of the longest varint. */
const VARINT_BYTES = 10;
/** From this many numbers on a DataView, which costs as much as several numbers, is made. */
const VIEWED = 8;

/** Writes a number of up to 32 bits that is not negative, and returns the position behind it. */
function writeVarint(buf: Uint8Array, pos: number, value: number): number {
  while (value > 127) {
    buf[pos++] = (value & 127) | 128;
    value >>>= 7;
  }
  buf[pos++] = value;
  return pos;
}

/** Writes int32s. */
export function writeInt32s(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  for (let i = 0; i < list.length;) {
    const stop = Math.min(list.length, i + BLOCK);
    writer.reserve(BLOCK * VARINT_BYTES);
    const buf = writer.buf;
    let pos = writer.pos;
    for (; i < stop; i++) {
      const value = list[i]!;
      if (typeof value !== "number" || (value | 0) !== value) bad(field, value);
      if (value >= 0) {
        pos = writeVarint(buf, pos, value);
      } else {
        writer.pos = pos;
        writer.int32(value); // ten octets
        pos = writer.pos;
      }
    }
    writer.pos = pos;
  }
}

/** Writes uint32s. */
export function writeUint32s(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  for (let i = 0; i < list.length;) {
    const stop = Math.min(list.length, i + BLOCK);
    writer.reserve(BLOCK * VARINT_BYTES);
    const buf = writer.buf;
    let pos = writer.pos;
    for (; i < stop; i++) {
      const value = list[i]!;
      if (typeof value !== "number" || (value >>> 0) !== value) bad(field, value);
      pos = writeVarint(buf, pos, value);
    }
    writer.pos = pos;
  }
}

/** Writes sint32s. */
export function writeSint32s(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  for (let i = 0; i < list.length;) {
    const stop = Math.min(list.length, i + BLOCK);
    writer.reserve(BLOCK * VARINT_BYTES);
    const buf = writer.buf;
    let pos = writer.pos;
    for (; i < stop; i++) {
      const value = list[i]!;
      if (typeof value !== "number" || (value | 0) !== value) bad(field, value);
      pos = writeVarint(buf, pos, ((value << 1) ^ (value >> 31)) >>> 0);
    }
    writer.pos = pos;
  }
}

/** Writes bools. */
export function writeBools(writer: Writer, field: FieldSchema, list: ArrayLike<boolean>): void {
  const { length } = list;
  writer.reserve(length);
  for (let i = 0; i < length; i++) {
    const value = list[i]!;
    if (typeof value !== "boolean") bad(field, value);
    writer.bool(value);
  }
}

/** Writes fixed32s. */
export function writeFixed32s(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  const { length } = list;
  writer.reserve(length * 4);
  for (let i = 0; i < length; i++) {
    const value = list[i]!;
    if (typeof value !== "number" || (value >>> 0) !== value) bad(field, value);
    writer.fixed32(value);
  }
}

/** Writes sfixed32s. */
export function writeSfixed32s(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  const { length } = list;
  writer.reserve(length * 4);
  for (let i = 0; i < length; i++) {
    const value = list[i]!;
    if (typeof value !== "number" || (value | 0) !== value) bad(field, value);
    writer.sfixed32(value);
  }
}

/** Writes floats. */
export function writeFloats(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  const { length } = list;
  writer.reserve(length * 4);
  for (let i = 0; i < length; i++) {
    const value = list[i]!;
    if (typeof value !== "number" || (Math.abs(value) >= FLOAT_BOUND && value - value === 0)) {
      bad(field, value);
    }
    writer.float(value);
  }
}

/** Writes doubles. */
export function writeDoubles(writer: Writer, field: FieldSchema, list: ArrayLike<number>): void {
  const { length } = list;
  writer.reserve(length * 8);
  if (length < VIEWED) {
    for (let i = 0; i < length; i++) {
      const value = list[i]!;
      if (typeof value !== "number") bad(field, value);
      writer.double(value);
    }
    return;
  }
  const view = new DataView(writer.buf.buffer, writer.buf.byteOffset + writer.pos, length * 8);
  for (let i = 0; i < length; i++) {
    const value = list[i]!;
    if (typeof value !== "number") bad(field, value);
    view.setFloat64(i * 8, value, true);
  }
  writer.pos += length * 8;
}
