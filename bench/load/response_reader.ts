// Reads the header blocks of responses for two things only: the status, and the one header that the server must have
// read in the request. No string is made, so that a generator costs less than the servers that it measures.
//
// It keeps the dynamic table (RFC 7541, section 2.3.2) as what each entry is, not what it says: whether it is one of
// the two, and whether it is right. Sizes do not matter and nothing is evicted: indexes count from the newest entry, and
// no peer refers to one that it has evicted.
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { huffmanEncode } from "../../transport/hpack/huffman.ts";
import { STATIC_LENGTH } from "../../transport/hpack/static_table.ts";

/** Octets as they may be on the wire: plain, or in Huffman code. */
export interface WireText {
  readonly plain: Uint8Array;
  readonly coded: Uint8Array;
}

/** `text` in both forms. */
export function wireText(text: string): WireText {
  const out = new ByteSink();
  huffmanEncode(text, out);
  return { plain: new TextEncoder().encode(text), coded: out.bytes.slice(0, out.length) };
}

const OTHER = 0;
const STATUS = 1;
const ECHOED = 2;

/** Entries of a table of 4,096 octets, at most; a power of two. */
const MAX_ENTRIES = 128;
const GRPC_STATUS = wireText("grpc-status");
const ZERO = wireText("0");

/** Of one connection. */
export class ResponseReader {
  /** Whether the last block said that the call ended well. */
  statusIsOk = false;
  /** Whether the last block had the echoed header with the right value. */
  echoIsRight = false;
  private readonly kinds = new Uint8Array(MAX_ENTRIES);
  /** Whether a status is 0. */
  private readonly oks = new Uint8Array(MAX_ENTRIES);
  /** Values of echoed headers, as they came. */
  private readonly values: Array<{ bytes: Uint8Array; coded: boolean } | undefined> = new Array(MAX_ENTRIES);
  private newest = 0;
  private entered = 0;
  // The integer, or the string, that was read last.
  private at = 0;
  private textStart = 0;
  private textEnd = 0;
  private textCoded = false;

  /** `echoed`: the name of the header that the server must have read, if any. */
  constructor(private readonly echoed: WireText | undefined) {}

  /** Reads a block; false where it cannot be read. `expected` is the value of the echoed header. */
  read(bytes: Uint8Array, start: number, end: number, expected: WireText | undefined): boolean {
    this.statusIsOk = this.echoIsRight = false;
    this.at = start;
    while (this.at < end) {
      const first = bytes[this.at]!;
      if (first >= 0x80) {
        if (!this.indexed(this.integer(bytes, 0x7f), expected)) return false;
      } else if (first >= 0x40) this.literal(bytes, this.integer(bytes, 0x3f), true, expected);
      else if (first >= 0x20) this.integer(bytes, 0x1f); // a new size of the table
      else this.literal(bytes, this.integer(bytes, 0x0f), false, expected);
    }
    return this.at === end;
  }

  /** Section 6.1. */
  private indexed(index: number, expected: WireText | undefined): boolean {
    if (index <= STATIC_LENGTH) return index > 0;
    if (index - STATIC_LENGTH > this.entered) return false;
    const entry = this.entry(index);
    if (this.kinds[entry] === STATUS) this.statusIsOk = this.oks[entry] === 1;
    else if (this.kinds[entry] === ECHOED && expected !== undefined) {
      const { bytes, coded } = this.values[entry]!;
      this.echoIsRight = same(bytes, 0, bytes.length, coded ? expected.coded : expected.plain);
    }
    return true;
  }

  /** Section 6.2. */
  private literal(bytes: Uint8Array, index: number, enters: boolean, expected: WireText | undefined): void {
    let kind = OTHER;
    if (index === 0) {
      this.text(bytes);
      if (this.isText(bytes, GRPC_STATUS)) kind = STATUS;
      else if (this.echoed !== undefined && this.isText(bytes, this.echoed)) kind = ECHOED;
    } else if (index > STATIC_LENGTH) kind = this.kinds[this.entry(index)]!;
    this.text(bytes);
    let ok = false;
    if (kind === STATUS) ok = this.statusIsOk = this.isText(bytes, ZERO);
    else if (kind === ECHOED && expected !== undefined) this.echoIsRight = this.isText(bytes, expected);
    if (enters) this.enter(bytes, kind, ok);
  }

  private enter(bytes: Uint8Array, kind: number, ok: boolean): void {
    const entry = this.newest = (this.newest + 1) & (MAX_ENTRIES - 1);
    this.kinds[entry] = kind;
    this.oks[entry] = ok ? 1 : 0;
    this.values[entry] = kind === ECHOED
      ? { bytes: bytes.slice(this.textStart, this.textEnd), coded: this.textCoded }
      : undefined;
    this.entered = Math.min(this.entered + 1, MAX_ENTRIES);
  }

  private entry(index: number): number {
    return (this.newest - (index - STATIC_LENGTH - 1)) & (MAX_ENTRIES - 1);
  }

  /** Section 5.1. */
  private integer(bytes: Uint8Array, mask: number): number {
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) << shift;
      more = byte >= 0x80;
    }
    return value;
  }

  /** Section 5.2: where the next string lies. */
  private text(bytes: Uint8Array): void {
    this.textCoded = bytes[this.at]! >= 0x80;
    const length = this.integer(bytes, 0x7f);
    this.textStart = this.at;
    this.textEnd = this.at += length;
  }

  private isText(bytes: Uint8Array, text: WireText): boolean {
    return same(bytes, this.textStart, this.textEnd, this.textCoded ? text.coded : text.plain);
  }
}

function same(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
