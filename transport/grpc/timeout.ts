// The grpc-timeout header (PROTOCOL-HTTP2.md): at most eight digits and a unit.

import { CHECKED, Field, HUFFMAN } from "../hpack/field.ts";
import { protocolName } from "../hpack/field_name.ts";

const NAME = protocolName("grpc-timeout");
const DIGITS = 8;

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
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(value);
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined;
}

/** The field for `timeoutMs`. */
export function timeoutField(timeoutMs: number): Field {
  return Field.of(NAME, encodeTimeout(timeoutMs), CHECKED);
}

/** Milliseconds of a received field; undefined where it is malformed. It becomes no string. */
export function timeoutOf(field: Field): number | undefined {
  const { octets, start, end, flags } = field;
  if (octets === undefined || (flags & HUFFMAN) !== 0) return decodeTimeout(field.text);
  if (end - start < 2 || end - start > DIGITS + 1) return undefined;
  let value = 0;
  for (let i = start; i < end - 1; i++) {
    const digit = octets[i]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = 10 * value + digit;
  }
  const unit = UNIT_MS[String.fromCharCode(octets[end - 1]!)];
  return unit === undefined ? undefined : value * unit;
}
