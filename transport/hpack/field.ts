// A header field. Its value is a string, or octets that become one when it is first read: most values of most calls are
// received and never read.

import type { FieldName } from "./field_name.ts";
import { huffmanDecode } from "./huffman.ts";
import { CLASSES, CONTROL, NOT_ASCII } from "./octet_classes.ts";
import { octetsToText } from "./octet_text.ts";

/** The octets are Huffman coded. */
export const HUFFMAN = 1;
/** It must be sent as a literal that is never indexed (RFC 7541, section 6.2.3), as it came. */
export const NEVER_INDEXED = 2;
/** The value was looked through: it has octets alone, and the two flags below are known. */
export const CHECKED = 4;
/** The value has a control character. */
export const HAS_CONTROL = 8;
/** The value has octets above 0x7f. */
export const HAS_NON_ASCII = 16;
/** It is a pseudo-header field of a request as almost all have it: see `http2/header_validation.ts`. */
export const USUAL_PSEUDO = 32;

/** Flags of a value that is printable ASCII. */
export const PRINTABLE: number = CHECKED;

/** Where Huffman codes are decoded to: every field's, for it is read at once. */
let scratch: Uint8Array = new Uint8Array(0);

/** A name and a value. A field is immutable; many lists may have the same one. */
export class Field {
  /** The field's name. */
  readonly name: FieldName;
  /** Octets of the value. */
  readonly length: number;
  /** The value as `octets[start, end)`, while nobody has read it as a string. */
  octets: Uint8Array | undefined;
  /** See `octets`. */
  readonly start: number;
  /** See `octets`. */
  readonly end: number;
  /** What is known of the value: the constants of this file. */
  flags: number;
  private string: string | undefined;

  /** A value that is a string, or octets: `length` of them, as they are or coded. */
  constructor(
    name: FieldName,
    text: string | undefined,
    octets: Uint8Array | undefined,
    start: number,
    end: number,
    length: number,
    flags: number,
  ) {
    this.name = name;
    this.length = length;
    this.octets = octets;
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.string = text;
  }

  /** A field with a string for its value. */
  static of(name: FieldName, text: string, flags = 0): Field {
    return new Field(name, text, undefined, 0, 0, text.length, flags);
  }

  /** The value, one UTF-16 unit an octet. */
  get text(): string {
    return this.string ?? this.read();
  }

  /** What the field counts in a header list and in a table (RFC 7541, section 4.1). */
  get size(): number {
    return this.name.size + this.length;
  }

  /** Whether the value has a control character but the tab. */
  get hasControl(): boolean {
    if ((this.flags & CHECKED) === 0) this.check();
    return (this.flags & HAS_CONTROL) !== 0;
  }

  /** Looks through the value. A unit of a string that is no octet: its index; -1 where there is none. */
  check(): number {
    const { text } = this;
    let classes = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) return i;
      classes |= CLASSES[unit]!;
    }
    this.flags |= checked(classes);
    return -1;
  }

  /** It is kept long: it shall hold no memory but its own. */
  detach(): void {
    const { octets } = this;
    if (octets !== undefined && octets.length > this.end - this.start) void this.text;
  }

  /** The value becomes a string, and its octets are free. */
  private read(): string {
    const octets = this.octets!;
    const isAscii = (this.flags & HAS_NON_ASCII) === 0;
    if ((this.flags & HUFFMAN) === 0) this.string = octetsToText(octets, this.start, this.end, isAscii);
    else {
      if (scratch.length < this.length + 2) scratch = new Uint8Array(2 * this.length + 64);
      huffmanDecode(octets, this.start, this.end, scratch, 0);
      this.string = octetsToText(scratch, 0, this.length, isAscii);
    }
    this.octets = undefined;
    return this.string;
  }
}

/** The flags of a value whose octets have `classes`. */
export function checked(classes: number): number {
  return CHECKED | ((classes & CONTROL) === 0 ? 0 : HAS_CONTROL) |
    ((classes & NOT_ASCII) === 0 ? 0 : HAS_NON_ASCII);
}
