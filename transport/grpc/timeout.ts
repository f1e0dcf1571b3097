// The grpc-timeout header (PROTOCOL-HTTP2.md): at most eight digits and a unit.

import { CHECKED, Field, HUFFMAN } from "../hpack/field.ts";
import { protocolName } from "../hpack/field_name.ts";
import { HeaderList } from "../hpack/header_list.ts";

const NAME = protocolName("grpc-timeout");
const DIGITS = 8;
/** Longer timeouts are in seconds, or hours. */
const ROUNDED_MS = 1_000_000;
const MILLISECONDS = "m".charCodeAt(0);

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/**
 * The header value for `timeoutMs`, rounded up to three significant digits: HPACK then finds the same value again
 * and again, and a server that waits a little longer than the client does no harm.
 */
export function encodeTimeout(timeoutMs: number): string {
  if (timeoutMs < 1) return "1m";
  if (timeoutMs < ROUNDED_MS) {
    const step = stepOf(timeoutMs);
    return `${Math.ceil(timeoutMs / step) * step}m`;
  }
  const seconds = Math.ceil(timeoutMs / 1_000);
  if (seconds <= 99_999_999) return `${seconds}S`;
  return `${Math.min(99_999_999, Math.ceil(seconds / 3_600))}H`;
}

function stepOf(timeoutMs: number): number {
  if (timeoutMs < 1_000) return 1;
  return timeoutMs < 10_000 ? 10 : timeoutMs < 100_000 ? 100 : 1_000;
}

/** Milliseconds of a header value; undefined where it is malformed. */
export function decodeTimeout(value: string): number | undefined {
  const last = value.length - 1;
  if (last < 1 || last > DIGITS) return undefined;
  let number = 0;
  for (let i = 0; i < last; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = 10 * number + digit;
  }
  return inMs(number, value.charCodeAt(last));
}

/** As {@linkcode decodeTimeout}, of a received field; it becomes no string. */
export function timeoutOf(field: Field): number | undefined {
  const { octets, start, end, flags } = field;
  if (octets === undefined || (flags & HUFFMAN) !== 0) return decodeTimeout(field.text);
  const last = end - 1;
  if (last - start < 1 || last - start > DIGITS) return undefined;
  let number = 0;
  for (let i = start; i < last; i++) {
    const digit = octets[i]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = 10 * number + digit;
  }
  return inMs(number, octets[last]!);
}

function inMs(number: number, unit: number): number | undefined {
  if (unit === MILLISECONDS) return number;
  const ms = UNIT_MS[String.fromCharCode(unit)];
  return ms === undefined ? undefined : number * ms;
}

/** The header for `timeoutMs` alone; those that were asked for lately are kept, as there are few of each power of ten. */
export function timeoutHeaders(timeoutMs: number): HeaderList {
  if (!(timeoutMs >= 1 && timeoutMs < ROUNDED_MS)) return headersOf(timeoutMs);
  const step = stepOf(timeoutMs);
  const steps = Math.ceil(timeoutMs / step);
  const slot = steps & (KEPT - 1);
  const kept = keptHeaders[slot];
  if (kept !== undefined && keptMs[slot] === steps * step) return kept;
  keptMs[slot] = steps * step;
  return keptHeaders[slot] = headersOf(timeoutMs);
}

function headersOf(timeoutMs: number): HeaderList {
  return new HeaderList([Field.of(NAME, encodeTimeout(timeoutMs), CHECKED)]);
}

/** A power of two. */
const KEPT = 256;
const keptHeaders: Array<HeaderList | undefined> = new Array(KEPT).fill(undefined);
const keptMs = new Float64Array(KEPT);
