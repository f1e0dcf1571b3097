// The grpc-timeout header (PROTOCOL-HTTP2.md): at most eight digits and a unit.

import { CHECKED, Field, HUFFMAN } from "../hpack/field.ts";
import { protocolName } from "../hpack/field_name.ts";

const NAME = protocolName("grpc-timeout");
const DIGITS = 8;
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
  if (timeoutMs < 1_000) return `${Math.ceil(timeoutMs)}m`;
  if (timeoutMs < 1_000_000) {
    const step = timeoutMs < 10_000 ? 10 : timeoutMs < 100_000 ? 100 : 1_000;
    return `${Math.ceil(timeoutMs / step) * step}m`;
  }
  const seconds = Math.ceil(timeoutMs / 1_000);
  if (seconds <= 99_999_999) return `${seconds}S`;
  return `${Math.min(99_999_999, Math.ceil(seconds / 3_600))}H`;
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

/** The field for `timeoutMs`. */
export function timeoutField(timeoutMs: number): Field {
  return Field.of(NAME, encodeTimeout(timeoutMs), CHECKED);
}
