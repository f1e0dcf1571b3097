// What a message brought that its schema does not have: kept as it came, and sent again behind the known fields.

import { copyBytes } from "../../transport/framing.ts";

/**
 * The property of a decoded message that holds the fields its schema does not have: their encoding, tags included,
 * in the order in which they came, as a copy. Absent where there were none. Encoding writes it behind the known
 * fields, so that a message passes through an older schema whole. A newer schema's codec decodes it; `delete` drops
 * it.
 *
 * @example
 * ```ts ignore
 * const seen = newer.decode(message[unknownFields] ?? new Uint8Array(0));
 * ```
 */
export const unknownFields: unique symbol = Symbol.for("pollwire.unknownFields"); // one for all copies of the package

/** What every message may have besides its fields: interfaces of messages extend it. */
export interface WithUnknownFields {
  /** Fields that its schema does not have, encoded; absent where there are none. */
  [unknownFields]?: Uint8Array;
}

/** Stretches of unknown fields that wait to be copied together, so that there is one allocation. */
const MOST_STRETCHES = 32;

/** Collects the unknown fields of one message while it is decoded. */
export class UnknownFields {
  private bytes: Uint8Array;
  private length: number;
  /** What is decoded, and the stretches of it that are not yet copied: where each begins and ends. */
  private from: Uint8Array = NONE;
  private readonly stretches: number[] = [];
  private pending = 0;

  /**
   * `earlier`: those of an earlier part of the same message, as {@linkcode attach} left them. They are added to in their
   * place: a message in a thousand parts must not be copied a thousand times.
   */
  constructor(earlier: Uint8Array = NONE) {
    this.bytes = new Uint8Array(earlier.buffer);
    this.length = earlier.length;
  }

  /** Adds a field: its tag, and as its value the octets of `from` between `start` and `end`. */
  add(tag: number, from: Uint8Array, start: number, end: number): void {
    this.flush();
    const length = end - start;
    this.reserve(tagBytes(tag) + length);
    for (; tag > 127; tag >>>= 7) this.bytes[this.length++] = (tag & 127) | 128;
    this.bytes[this.length++] = tag;
    copyBytes(from, start, end, this.bytes, this.length);
    this.length += length;
  }

  /** As `add`, with the tag among the octets: before `value`. One copy is made of fields that lie together. */
  addWhole(tag: number, from: Uint8Array, start: number, value: number, end: number): void {
    if (value - start !== tagBytes(tag)) return this.add(tag, from, value, end); // longer than it need be
    const { stretches } = this;
    const last = stretches.length - 1;
    if (last > 0 && stretches[last] === start) {
      stretches[last] = end;
    } else {
      if (last > MOST_STRETCHES * 2) this.flush();
      this.from = from;
      stretches.push(start, end);
    }
    this.pending += end - start;
  }

  /** Copies the stretches that wait. */
  private flush(): void {
    const { stretches } = this;
    if (stretches.length === 0) return;
    this.reserve(this.pending);
    for (let i = 0; i < stretches.length; i += 2) {
      copyBytes(this.from, stretches[i]!, stretches[i + 1]!, this.bytes, this.length);
      this.length += stretches[i + 1]! - stretches[i]!;
    }
    stretches.length = 0;
    this.pending = 0;
    this.from = NONE;
  }

  /** Puts them into `message`, in bytes of their own: a view would hold receive memory as long as it lives. */
  attach(message: Record<PropertyKey, unknown>): Record<PropertyKey, unknown> {
    message[unknownFields] = this.whole();
    return message;
  }

  /** All of them, in bytes of their own. */
  whole(): Uint8Array {
    this.flush();
    return this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length);
  }

  /** The first field gets what it takes, which is mostly all; further ones get room that doubles. */
  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const more = new Uint8Array(Math.max(needed, this.length * 2));
    copyBytes(this.bytes, 0, this.length, more, 0);
    this.bytes = more;
  }
}

const NONE = new Uint8Array(0);

function tagBytes(tag: number): number {
  return tag < 0x80 ? 1 : tag < 0x4000 ? 2 : tag < 0x20_0000 ? 3 : tag < 0x1000_0000 ? 4 : 5;
}
