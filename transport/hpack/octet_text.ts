// Octets to strings of one unit an octet, and memory for octets that may become strings later.

/** Shorter strings are put together: a decoder's call costs more. */
const LOOP_OCTETS = 12;

/** Longer strings that are not ASCII are made in pieces, for arguments are limited. */
const PIECE = 4_096;

const decoder = new TextDecoder();

/** One UTF-16 unit for each octet of `bytes[start, end)`. `isAscii`: none is above 0x7f. */
export function octetsToText(bytes: Uint8Array, start: number, end: number, isAscii: boolean): string {
  if (end - start < LOOP_OCTETS) {
    let i = start;
    let text = "";
    // Of as few pieces as there can be: JavaScriptCore makes an object of each.
    if (end - i >= 8) {
      text = eightUnits(bytes, i);
      i += 8;
    } else if (end - i >= 4) {
      text = fourUnits(bytes, i);
      i += 4;
    }
    for (; i < end; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  if (isAscii) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let i = start; i < end; i += PIECE) {
    const piece = bytes.subarray(i, Math.min(end, i + PIECE));
    text += String.fromCharCode.apply(null, piece as unknown as number[]);
  }
  return text;
}

function fourUnits(bytes: Uint8Array, i: number): string {
  return String.fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
}

function eightUnits(bytes: Uint8Array, i: number): string {
  return String.fromCharCode(
    bytes[i]!,
    bytes[i + 1]!,
    bytes[i + 2]!,
    bytes[i + 3]!,
    bytes[i + 4]!,
    bytes[i + 5]!,
    bytes[i + 6]!,
    bytes[i + 7]!,
  );
}

/** Few fields of few calls: what holds one of them holds the others' octets too. */
const SLAB_OCTETS = 2_048;
/** More than that have memory of their own. */
const LARGE_OCTETS = 512;

/** Memory that is handed out in pieces, and never overwritten. */
class OctetMemory {
  /** What the last `take` is in. */
  bytes: Uint8Array = new Uint8Array(0);
  private slab: Uint8Array = this.bytes;
  private used = 0;

  /** Where in `bytes` the next `count` octets are the caller's. */
  take(count: number): number {
    if (count > LARGE_OCTETS) {
      this.bytes = new Uint8Array(count);
      return 0;
    }
    if (count > this.slab.length - this.used) {
      this.slab = new Uint8Array(SLAB_OCTETS);
      this.used = 0;
    }
    this.bytes = this.slab;
    const at = this.used;
    this.used = at + count;
    return at;
  }

  /** The last `count` octets that were taken are not needed. */
  giveBack(count: number): void {
    if (this.bytes === this.slab) this.used -= count;
  }
}

/** Of all connections of a thread: what they decode is small, and comes one after another. */
export const octetMemory: OctetMemory = new OctetMemory();
