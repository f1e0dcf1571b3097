// Reads the protobuf wire format in place; every read is checked against the end of the message.

import { latin1, LOOP_OCTETS, utf8 } from "../../pollers/native/text.ts";

/** Depth of nested messages and groups that is accepted: protobuf's default recursion limit. */
export const RECURSION_LIMIT = 100;
/** Up to this many bytes a loop makes a string of its own fastest. */
const LOOP_BYTES = LOOP_OCTETS;
/** Beyond this TextDecoder is fastest (V8; on JavaScriptCore it makes no difference). */
const SHORT_STRING_BYTES = 250;

/**
 * Strings are cut from a longer one, of the message's next so many bytes: one string of 512 bytes and 15 parts of it
 * take a third of the time of 15 strings. A part may hold the whole in memory, so it is not longer.
 */
const CUT_BYTES = 512;
/** Longer strings are made alone: they would hold little but themselves, and cost the same. */
const MOST_CUT_BYTES = 128;
/** With less than this before the end of the message there is not much to cut. */
const LEAST_CUT_BYTES = 48;
/** The first strings of a message are made alone: many messages have no more. */
const FEW_STRINGS = 2;

/** More elements than a message can have. */
const NO_LIMIT = 0x3fff_ffff;

const NO_BYTES = new Uint8Array(0);
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);
const float = new Float32Array(words.buffer);
const signed = new BigInt64Array(words.buffer);
const unsigned = new BigUint64Array(words.buffer);
/** The first bigints, made once: most 64-bit values are small. */
const SMALL = Array.from({ length: 128 }, (_, value) => BigInt(value));

/** Thrown by the reader, with the offset. Codecs make a DecodeError of it that also names the field. */
export class WireError extends Error {
  /**
   * `offset`: an octet of what is wrong. `exhausted`: nothing is wrong but the number of elements. `place`: the name of
   * the message where no octet is wrong, but one is missing.
   */
  constructor(
    message: string,
    readonly offset: number,
    readonly exhausted = false,
    readonly place?: string,
  ) {
    super(message);
  }
}

/** A position in a message, with one method per type of value. What cannot be read is a WireError. */
export class Reader {
  /** The message. */
  buf: Uint8Array = NO_BYTES;
  /** Offset of the next byte. */
  pos = 0;
  /** Nested messages and groups that are open. */
  depth = 0;
  /** Elements that may still be decoded; see `elements.ts`. A small integer, for the sake of V8. */
  elements: number = NO_LIMIT;
  private low = 0;
  /** Bytes `cutStart` to `cutEnd` as text, a unit a byte. */
  private cut = "";
  private cutStart = 0;
  private cutEnd = 0;
  /** Strings that were not cut. */
  private alone = 0;
  private high = 0;

  /** Starts at the beginning of `bytes`, which may have up to `elements` elements. */
  reset(bytes: Uint8Array, elements = NO_LIMIT): void {
    this.buf = bytes;
    this.pos = 0;
    this.depth = 0;
    this.elements = elements;
    this.cutEnd = 0;
    this.alone = 0;
  }

  /** Forgets the message, so that its memory is not held. */
  clear(): void {
    this.buf = NO_BYTES;
    this.cut = "";
  }

  /** Throws the WireError. */
  fail(what: string, offset = this.pos): never {
    throw new WireError(what, offset);
  }

  /** Throws: a value has octets behind `end`, where the `part` ends that it is in. */
  beyond(end: number, part: string): never {
    this.fail(`a value reaches beyond the end of its ${part}`, end - 1);
  }

  /** Throws: the message that ends here lacks a required field. */
  missing(fullName: string): never {
    const message = fullName.slice(0, fullName.lastIndexOf("."));
    throw new WireError(`required field ${fullName} is missing`, this.pos, false, message);
  }

  /** Counts `count` elements, of which octets were read, but not all; throws where they are too many. */
  spend(count: number): void {
    if ((this.elements -= count) >= 0) return;
    throw new WireError("the message has more elements than it may have", this.pos - 1, true);
  }

  /** A varint's low 32 bits, unsigned. */
  uint32(): number {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return byte;
    }
    return this.longUint32();
  }

  /** A varint of more than one byte. */
  private longUint32(): number {
    const buf = this.buf;
    const pos = this.pos;
    if (pos + 5 > buf.length) return this.anyUint32();
    let byte = buf[pos + 1]!;
    let value = (buf[pos]! & 127) | (byte & 127) << 7;
    if (byte < 128) {
      this.pos = pos + 2;
      return value;
    }
    byte = buf[pos + 2]!;
    value |= (byte & 127) << 14;
    if (byte < 128) {
      this.pos = pos + 3;
      return value;
    }
    byte = buf[pos + 3]!;
    value |= (byte & 127) << 21;
    if (byte < 128) {
      this.pos = pos + 4;
      return value;
    }
    byte = buf[pos + 4]!;
    if (byte >= 128) return this.anyUint32();
    this.pos = pos + 5;
    return (value | byte << 28) >>> 0;
  }

  /** Varints of any length, at the end of the message too. */
  private anyUint32(): number {
    const buf = this.buf;
    let pos = this.pos;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= buf.length) this.fail("the message ends inside a varint");
      const byte = buf[pos++]!;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) {
        this.pos = pos;
        return value >>> 0;
      }
    }
    return this.fail("a varint is longer than 10 bytes");
  }

  /** A varint's low 32 bits, signed. */
  int32(): number {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return byte;
    }
    return this.longUint32() | 0;
  }

  /** ZigZag. */
  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** True for any varint but 0. */
  bool(): boolean {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return byte !== 0;
    }
    this.varint64();
    return this.low !== 0 || this.high !== 0;
  }

  /** Reads a varint into `low` and `high`. */
  private varint64(): void {
    const buf = this.buf;
    let pos = this.pos;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= buf.length) this.fail("the message ends inside a varint");
      const byte = buf[pos++]!;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) {
        this.pos = pos;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    this.fail("a varint is longer than 10 bytes");
  }

  /** A varint as a signed 64-bit integer. */
  int64(): bigint {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return SMALL[byte]!;
    }
    this.varint64();
    words[0] = this.low;
    words[1] = this.high;
    return signed[0]!;
  }

  /** A varint as an unsigned 64-bit integer. */
  uint64(): bigint {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return SMALL[byte]!;
    }
    this.varint64();
    words[0] = this.low;
    words[1] = this.high;
    return unsigned[0]!;
  }

  /** ZigZag, 64 bits. */
  sint64(): bigint {
    this.varint64();
    const sign = -(this.low & 1);
    words[0] = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    words[1] = (this.high >>> 1) ^ sign;
    return signed[0]!;
  }

  /** 4 bytes, unsigned. */
  fixed32(): number {
    return this.sfixed32() >>> 0;
  }

  /** 4 bytes, signed. */
  sfixed32(): number {
    const buf = this.buf;
    const pos = this.pos;
    if (pos + 4 > buf.length) this.fail("the message ends inside a 4-byte value");
    this.pos = pos + 4;
    return buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 24);
  }

  /** Reads 8 bytes into `words`. */
  private load64(): void {
    if (this.pos + 8 > this.buf.length) this.fail("the message ends inside an 8-byte value");
    words[0] = this.sfixed32();
    words[1] = this.sfixed32();
  }

  /** 8 bytes, unsigned. */
  fixed64(): bigint {
    this.load64();
    return unsigned[0]!;
  }

  /** 8 bytes, signed. */
  sfixed64(): bigint {
    this.load64();
    return signed[0]!;
  }

  /** 4 bytes, IEEE 754. */
  float(): number {
    words[0] = this.sfixed32();
    return float[0]!;
  }

  /** 8 bytes, IEEE 754. */
  double(): number {
    this.load64();
    return double[0]!;
  }

  /** A length and so the end of a delimited part, which lies within the message. */
  delimited(): number {
    let length = this.buf[this.pos]!;
    if (length < 128) this.pos++;
    else {
      const from = this.pos;
      this.varint64();
      if (this.high !== 0) {
        this.pos = from;
        this.fail("a length does not fit in 32 bits");
      }
      length = this.low;
    }
    const end = this.pos + length;
    if (!(end <= this.buf.length)) {
      this.fail(`a length of ${length} is more than the ${this.buf.length - this.pos} bytes left`);
    }
    return end;
  }

  /** Like `delimited`, for a nested message of `elements` elements: counts them and its depth, `depth--` ends it. */
  enter(elements: number): number {
    this.spend(elements);
    if (++this.depth > RECURSION_LIMIT) this.fail(`messages are nested more than ${RECURSION_LIMIT} deep`);
    return this.delimited();
  }

  /** A view of the bytes. */
  bytes(): Uint8Array {
    const end = this.delimited();
    const from = this.pos;
    this.pos = end;
    if (from === end) return NO_BYTES;
    this.spend(1);
    return this.buf.subarray(from, end);
  }

  /** UTF-8; malformed sequences throw or, where it is `lenient`, become U+FFFD. */
  string(lenient?: boolean): string {
    const end = this.delimited();
    const from = this.pos;
    if (end > this.cutEnd && !this.openCut(from, end)) return this.stringAlone(from, end, lenient);
    const buf = this.buf;
    let high = 0;
    for (let at = from; at < end; at++) high |= buf[at]!;
    if (high > 127) return this.longString(from, end, lenient);
    this.pos = end;
    return this.cut.substring(from - this.cutStart, end - this.cutStart);
  }

  /** The strings of a list of which the first one's tag was read: as many as follow with `tag`, of one byte, before `end`. */
  strings(tag: number, end: number, lenient?: boolean): string[] {
    // A literal of the right length takes half the memory of one that grew.
    const a = this.string(lenient);
    if (!this.another(tag, end)) return [a];
    const b = this.string(lenient);
    if (!this.another(tag, end)) return [a, b];
    const c = this.string(lenient);
    if (!this.another(tag, end)) return [a, b, c];
    const list = [a, b, c, this.string(lenient)];
    while (this.another(tag, end)) list.push(this.string(lenient));
    return list;
  }

  /** Takes `tag` where it is next. */
  private another(tag: number, end: number): boolean {
    if (this.pos >= end || this.buf[this.pos] !== tag) return false;
    this.pos++;
    return true;
  }

  /** Makes text of the bytes from `from` on, to cut this string and the next ones from; false: it is not worth it. */
  private openCut(from: number, end: number): boolean {
    const { length } = this.buf;
    if (end - from > MOST_CUT_BYTES || length - from < LEAST_CUT_BYTES) return false;
    if (++this.alone <= FEW_STRINGS) return false;
    this.cutStart = from;
    this.cutEnd = Math.min(from + CUT_BYTES, length);
    this.cut = latin1(this.buf, from, this.cutEnd);
    return true;
  }

  /** A string that is not cut from a longer one. */
  private stringAlone(from: number, end: number, lenient: boolean | undefined): string {
    if (end - from > LOOP_BYTES) return this.longString(from, end, lenient);
    const buf = this.buf;
    let at = from;
    let text = "";
    while (at + 8 <= end) {
      const a = buf[at]!, b = buf[at + 1]!, c = buf[at + 2]!, d = buf[at + 3]!;
      const e = buf[at + 4]!, f = buf[at + 5]!, g = buf[at + 6]!, h = buf[at + 7]!;
      if ((a | b | c | d | e | f | g | h) > 127) return this.longString(from, end, lenient);
      text += String.fromCharCode(a, b, c, d, e, f, g, h);
      at += 8;
    }
    while (at < end) {
      const unit = buf[at++]!;
      if (unit > 127) return this.longString(from, end, lenient);
      text += String.fromCharCode(unit);
    }
    this.pos = end;
    return text;
  }

  /** Lenient first, since the strict decoder is slow on Deno: it judges what looks malformed. */
  private longString(from: number, end: number, lenient: boolean | undefined): string {
    const text = end - from > SHORT_STRING_BYTES
      ? lenientUtf8.decode(this.buf.subarray(from, end))
      : utf8(this.buf, from, end);
    if (lenient !== true && text.includes("\ufffd")) this.judgeUtf8(this.buf.subarray(from, end));
    this.pos = end;
    return text;
  }

  /** Fails where `bytes` are no UTF-8. */
  private judgeUtf8(bytes: Uint8Array): void {
    try {
      strictUtf8.decode(bytes);
    } catch {
      this.fail("a string is not valid UTF-8");
    }
  }

  /** Skips the value behind `tag`, a group with all that is in it. */
  skip(tag: number): void {
    if (tag >>> 3 === 0) this.fail("a tag has field number 0");
    switch (tag & 7) {
      case 0:
        this.uint32();
        return;
      case 1:
        return this.advance(8);
      case 2:
        this.pos = this.delimited();
        return;
      case 3:
        return this.skipGroup(tag);
      case 4:
        return this.fail("a group ends that did not begin");
      case 5:
        return this.advance(4);
      default:
        return this.fail(`wire type ${tag & 7} does not exist`);
    }
  }

  /** Moves on by `count` bytes. */
  private advance(count: number): void {
    if (this.pos + count > this.buf.length) this.fail(`the message ends inside a ${count}-byte value`);
    this.pos += count;
  }

  /** Passes over a group behind its first tag. */
  private skipGroup(startTag: number): void {
    if (++this.depth > RECURSION_LIMIT) this.fail(`groups are nested more than ${RECURSION_LIMIT} deep`);
    const endTag = (startTag & ~7 | 4) >>> 0;
    for (;;) {
      if (this.pos >= this.buf.length) this.fail("the message ends inside a group");
      const tag = this.tag();
      if (tag === endTag) break;
      this.skip(tag);
    }
    this.depth--;
  }

  /** A tag: field number and wire type, unsigned 32 bits; more than 32 bits are refused. */
  tag(): number {
    const byte = this.buf[this.pos]!;
    if (byte < 128) {
      this.pos++;
      return byte;
    }
    const from = this.pos;
    this.varint64();
    if (this.high !== 0) {
      this.pos = from;
      this.fail("a tag does not fit in 32 bits");
    }
    return this.low;
  }
}
