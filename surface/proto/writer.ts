// Writes the protobuf wire format into chunks that are shared by many messages, each behind 5 free bytes.

import { LOOP_UNITS, writeUtf8 } from "../../pollers/native/text.ts";
import { copyBytes, MESSAGE_PREFIX_BYTES, MessageMark } from "../../transport/framing.ts";
import { EncodeError } from "./errors.ts";

/** Bytes kept free before each message for the gRPC prefix (flag and length; gRPC over HTTP/2, Length-Prefixed-Message). */
export const PREFIX_BYTES: number = MESSAGE_PREFIX_BYTES;
/** Local: see docs/STYLE.md, "Hot paths". */
const NOT_MARKED = MessageMark.NONE;
/** Size of a chunk: dozens of usual messages, and small enough that a queued one pins little. */
const CHUNK_BYTES = 64 * 1024;
/** Larger chunks are held weakly after their message, so that one big message does not keep memory. */
const RETAINED_BYTES = 256 * 1024;
/** One that is held weakly serves a message of this part of it, and none that is smaller. */
const LEAST_SHARE = 1 / 4;
/** No message of protobuf has more octets (protobuf.dev, "Proto Limits"); lengths beyond 32 bits could not be written. */
const MOST_BYTES = 0x7fffffff;
/** Left free at the beginning of a chunk, so that content is not copied to a few bytes further on in its page (`copy_bytes.ts`). */
const LEAD_BYTES = 16;
/** Chunks kept for the next large messages: what a few streams have on their way. */
const SPARE_CHUNKS = 8;
/** A chunk with less room than this is left for a new one, rather than begun and copied. */
const LEAST_ROOM_BYTES = 512;
/** Depth of nesting that peers accept by default (protobuf's recursion limit); deeper is mostly a cycle. */
const DEPTH_LIMIT = 100;
/** From this many UTF-16 units on the runtime beats a loop over them. At most 60: then one octet holds the length. */
const NATIVE_STRING_UNITS = LOOP_UNITS;
/** Up to this length room for the worst case (3 bytes a unit) is simply reserved. */
const ROOMY_STRING_UNITS = 16 * 1024;

/** What `bytes` and `string` leave free behind what they write: the tag of the next field, and mostly its value. */
export const ROOM_BYTES = 32;

/** Room for a short string, whatever is in it, with its length. */
const SHORT_STRING_ROOM = NATIVE_STRING_UNITS * 3 + 2 + ROOM_BYTES;

/** Messages shorter than this get views that were made before. */
const VIEWS = 256;

/**
 * Holds memory until garbage is collected, and a little longer: it goes with the collection after that. A WeakRef alone
 * would be cleared by the collection that receiving a message of the same size brings on. No callback is needed, for what
 * is registered lets go of the memory when it is called.
 */
const untilCollection = new FinalizationRegistry<ArrayBufferLike>(() => {});

const encoder = new TextEncoder();
const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);
const float = new Float32Array(words.buffer);
const long = new BigInt64Array(words.buffer);
const NO_BYTES = new Uint8Array(0);

/**
 * A growing buffer with a position. One message at a time: `begin`, the fields, `finish`. Finished messages stay
 * valid side by side in their chunk; `reuse` releases the newest one's memory.
 *
 * Methods that write a number write it without looking whether there is room: call `reserve` first.
 */
export class Writer {
  /** The chunk. Changes when it grows: read it again after every call. */
  buf: Uint8Array = NO_BYTES;
  /** Where the next byte goes in `buf`. */
  pos = 0;
  private start = 0;
  private depth = 0;
  /** The newest message, if it is in `buf`. */
  private last: Uint8Array | undefined = undefined;
  private lastStart = 0;
  /** Views of `buf` that were released, by length: released messages all begin at the same place. */
  private readonly views: (Uint8Array | undefined)[] = new Array(VIEWS).fill(undefined);
  /** Of a chunk that large messages fill there are none. */
  private hasViews = false;
  /** Chunks of large messages that have been sent: memory that is warm already. */
  private readonly spares: Uint8Array[] = [];
  /** The chunk of a message of megabytes that has been sent: to touch its pages anew takes ten times longer than to write them. */
  private large: WeakRef<ArrayBuffer> | undefined = undefined;

  /** Starts a message behind `PREFIX_BYTES` free bytes; one that was begun and not finished is forgotten. */
  begin(): void {
    if (this.buf.length - this.start < LEAST_ROOM_BYTES) {
      // The first `reserve` knows how large the next chunk should be: a large message gets one of its own size.
      this.leaveChunk();
    }
    this.pos = this.start + PREFIX_BYTES;
    this.depth = 0;
  }

  /** The free bytes and the message behind them, as a view that stays valid until it is given to `reuse`. */
  finish(): Uint8Array {
    const length = this.pos - this.start;
    // Making a view takes a third of the time of a small message.
    let framed = length < VIEWS ? this.views[length] : undefined;
    if (framed === undefined || framed.byteOffset !== this.start) {
      this.reserve(0);
      framed = this.buf.subarray(this.start, this.pos);
      if (this.buf.length > RETAINED_BYTES) {
        this.leaveChunk();
        framed[0] = NOT_MARKED;
        return framed;
      }
    }
    framed[0] = NOT_MARKED;
    this.last = framed;
    this.lastStart = this.start;
    this.start = this.pos;
    return framed;
  }

  /**
   * `framed` is not needed any more. If it is the newest message, the next one takes its place; if it fills a chunk
   * of its own, the next large one does.
   */
  reuse(framed: Uint8Array): void {
    if (this.last === framed) {
      this.start = this.lastStart;
      this.last = undefined;
      if (framed.length >= VIEWS) return;
      this.views[framed.length] = framed;
      this.hasViews = true;
      return;
    }
    const size = framed.buffer.byteLength;
    if (size > RETAINED_BYTES) { // which holds no other message
      this.keepLarge(framed.buffer as ArrayBuffer);
      return;
    }
    const alone = framed.byteOffset === LEAD_BYTES && size - framed.length < LEAST_ROOM_BYTES;
    if (!alone || size < CHUNK_BYTES || this.spares.length === SPARE_CHUNKS) return;
    if (framed.buffer !== this.buf.buffer) this.spares.push(new Uint8Array(framed.buffer as ArrayBuffer));
  }

  /** `framed` has another owner for good: its bytes are never written again. */
  abandon(framed: Uint8Array): void {
    if (this.last === framed) this.last = undefined;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.pos + count > this.buf.length) this.grow(count);
  }

  /** A new chunk, to which the message so far is copied. */
  private grow(count: number): void {
    const used = this.pos - this.start;
    const needed = LEAD_BYTES + used + count;
    if (needed > MOST_BYTES) throw new EncodeError("Cannot encode message: larger than 2 GiB");
    const size = Math.min(
      Math.max(CHUNK_BYTES, needed + 256, used > CHUNK_BYTES ? used * 2 : 0),
      MOST_BYTES, // so that no message has more, and what is larger comes here
    );
    const spare = this.spares.findIndex((one) => one.length >= size);
    const chunk = spare < 0 ? this.newChunk(size) : this.spares.splice(spare, 1)[0]!;
    copyBytes(this.buf, this.start, this.pos, chunk, LEAD_BYTES);
    this.leaveChunk();
    this.buf = chunk;
    this.start = LEAD_BYTES;
    this.pos = LEAD_BYTES + used;
  }

  /** New memory, or what is held weakly where it fits. */
  private newChunk(size: number): Uint8Array {
    if (size <= RETAINED_BYTES) return new Uint8Array(size);
    const buffer = this.large?.deref();
    this.large = undefined;
    untilCollection.unregister(this);
    const fits = buffer !== undefined && buffer.byteLength >= size && size >= buffer.byteLength * LEAST_SHARE;
    return fits ? new Uint8Array(buffer) : new Uint8Array(size);
  }

  /** For the next large message. */
  private keepLarge(buffer: ArrayBuffer): void {
    untilCollection.unregister(this);
    untilCollection.register({}, buffer, this);
    this.large = new WeakRef(buffer);
  }

  /** What was handed out of the chunk is others' from here on. */
  private leaveChunk(): void {
    this.buf = NO_BYTES;
    this.start = 0;
    this.last = undefined;
    if (!this.hasViews) return;
    this.views.fill(undefined);
    this.hasViews = false;
  }

  /** Begins a nested message (tag already written, 1 byte reserved); returns what `close` needs. */
  open(): number {
    if (++this.depth > DEPTH_LIMIT) {
      throw new EncodeError(`Cannot encode message: nested more than ${DEPTH_LIMIT} deep (is it a cycle?)`);
    }
    return this.openPart();
  }

  /** Ends the message begun with `open` and writes its length before it. */
  close(mark: number): void {
    this.depth--;
    this.closePart(mark);
  }

  /** As `open`, for a packed field or a map's entry: decoding does not count them as nesting. */
  openPart(): number {
    return this.pos++ - this.start;
  }

  /** Ends the part begun with `openPart` and writes its length before it. */
  closePart(mark: number): void {
    const at = this.start + mark;
    const length = this.pos - at - 1;
    if (length < 128) this.buf[at] = length;
    else this.closeLong(at, length);
  }

  /** The length takes more than the one byte left for it: what was written moves up. */
  private closeLong(at: number, length: number): void {
    const more = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    const mark = at - this.start;
    this.reserve(more);
    at = this.start + mark;
    this.buf.copyWithin(at + 1 + more, at + 1, this.pos);
    const end = this.pos + more;
    this.pos = at;
    this.uint32(length);
    this.pos = end;
  }

  /** Begins a group; `leaveGroup` ends it. Only the depth is looked after. */
  enterGroup(): void {
    if (++this.depth > DEPTH_LIMIT) {
      throw new EncodeError(`Cannot encode message: nested more than ${DEPTH_LIMIT} deep (is it a cycle?)`);
    }
  }

  /** Ends a group. */
  leaveGroup(): void {
    this.depth--;
  }

  /** A varint of up to 5 bytes from the low 32 bits of `value`. */
  uint32(value: number): void {
    const buf = this.buf;
    let pos = this.pos;
    value >>>= 0;
    while (value > 127) {
      buf[pos++] = (value & 127) | 128;
      value >>>= 7;
    }
    buf[pos++] = value;
    this.pos = pos;
  }

  /** A varint of up to 10 bytes: negative numbers are sign-extended to 64 bits. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.varint64(value >>> 0, 0xffffffff);
  }

  /** ZigZag: up to 5 bytes. */
  sint32(value: number): void {
    this.uint32((value << 1) ^ (value >> 31));
  }

  /** 1 byte. */
  bool(value: boolean): void {
    this.buf[this.pos++] = value ? 1 : 0;
  }

  /** 4 bytes, little endian. */
  fixed32(value: number): void {
    const buf = this.buf;
    const pos = this.pos;
    buf[pos] = value;
    buf[pos + 1] = value >>> 8;
    buf[pos + 2] = value >>> 16;
    buf[pos + 3] = value >>> 24;
    this.pos = pos + 4;
  }

  /** 4 bytes. */
  sfixed32(value: number): void {
    this.fixed32(value);
  }

  /** 4 bytes, IEEE 754. */
  float(value: number): void {
    float[0] = value;
    this.fixed32(words[0]!);
  }

  /** 8 bytes, IEEE 754. */
  double(value: number): void {
    double[0] = value;
    const high = words[1]!;
    this.fixed32(words[0]!);
    this.fixed32(high);
  }

  /** A varint of up to 10 bytes; the same for int64 and uint64. */
  int64(value: bigint): void {
    long[0] = value;
    this.varint64(words[0]!, words[1]!);
  }

  /** A varint of up to 10 bytes. */
  uint64(value: bigint): void {
    long[0] = value;
    this.varint64(words[0]!, words[1]!);
  }

  /** ZigZag: a varint of up to 10 bytes. */
  sint64(value: bigint): void {
    long[0] = value;
    const low = words[0]!;
    const high = words[1]!;
    const sign = (high | 0) >> 31;
    this.varint64(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  /** 8 bytes, little endian; the same for fixed64 and sfixed64. */
  fixed64(value: bigint): void {
    long[0] = value;
    const high = words[1]!;
    this.fixed32(words[0]!);
    this.fixed32(high);
  }

  /** 8 bytes. */
  sfixed64(value: bigint): void {
    this.fixed64(value);
  }

  /** A varint of two 32-bit halves. */
  private varint64(low: number, high: number): void {
    const buf = this.buf;
    let pos = this.pos;
    while (high !== 0) {
      buf[pos++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 127) {
      buf[pos++] = (low & 127) | 128;
      low >>>= 7;
    }
    buf[pos++] = low;
    this.pos = pos;
  }

  /** Length and bytes; makes room by itself, and leaves ROOM_BYTES. */
  bytes(value: Uint8Array): void {
    const length = value.length;
    this.reserve(length + 5 + ROOM_BYTES);
    this.uint32(length);
    copyBytes(value, 0, length, this.buf, this.pos);
    this.pos += length;
  }

  /** Octets as they are; makes room by itself. */
  raw(value: Uint8Array): void {
    const length = value.length;
    this.reserve(length);
    copyBytes(value, 0, length, this.buf, this.pos);
    this.pos += length;
  }

  /** Length and UTF-8; makes room by itself, and leaves ROOM_BYTES. Lone surrogates become U+FFFD. */
  string(value: string): void {
    const units = value.length;
    if (units >= NATIVE_STRING_UNITS) return this.longString(value, units);
    this.reserve(SHORT_STRING_ROOM);
    const buf = this.buf;
    const at = this.pos;
    let pos = at + 1;
    for (let i = 0; i < units; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 127) return this.wideString(value, units);
      buf[pos++] = unit;
    }
    buf[at] = units;
    this.pos = pos;
  }

  /** Short strings with more than ASCII; there is room. */
  private wideString(value: string, units: number): void {
    const at = this.pos;
    const end = writeUnits(this.buf, at + 1, value, units);
    const length = end - at - 1;
    this.pos = end;
    if (length < 128) this.buf[at] = length;
    else this.closeLong(at, length);
  }

  /** Strings that the runtime encodes faster than a loop. */
  private longString(value: string, units: number): void {
    if (units > ROOMY_STRING_UNITS) return this.bytes(encoder.encode(value));
    this.reserve(units * 3 + 5 + ROOM_BYTES);
    const lengthBytes = units < 128 ? 1 : units < 0x4000 ? 2 : 3;
    const at = this.pos;
    const from = at + lengthBytes;
    const end = from + writeUtf8(this.buf, value, from);
    const length = end - from;
    if (length < 128) {
      this.buf[at] = length;
      this.pos = end;
      return;
    }
    const more = (length < 0x4000 ? 2 : 3) - lengthBytes;
    if (more > 0) this.buf.copyWithin(from + more, from, end);
    this.pos = at;
    this.uint32(length);
    this.pos = end + more;
  }
}

/** Writes `units` UTF-16 units of `value` as UTF-8 at `pos`, and returns the position behind them. */
function writeUnits(buf: Uint8Array, pos: number, value: string, units: number): number {
  for (let i = 0; i < units; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) {
      buf[pos++] = unit;
      continue;
    }
    if (unit < 0x800) {
      buf[pos++] = 0xc0 | (unit >> 6);
      buf[pos++] = 0x80 | (unit & 63);
      continue;
    }
    let point = unit;
    if ((unit & 0xf800) === 0xd800) {
      const next = i + 1 < units ? value.charCodeAt(i + 1) : 0;
      if (unit < 0xdc00 && (next & 0xfc00) === 0xdc00) {
        point = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
        i++;
      } else {
        point = 0xfffd;
      }
    }
    if (point > 0xffff) {
      buf[pos++] = 0xf0 | (point >> 18);
      buf[pos++] = 0x80 | ((point >> 12) & 63);
    } else {
      buf[pos++] = 0xe0 | (point >> 12);
    }
    buf[pos++] = 0x80 | ((point >> 6) & 63);
    buf[pos++] = 0x80 | (point & 63);
  }
  return pos;
}
