// Metadata as connect-es has it, which is Headers: several values of a name are one text, and binary ones are base64 in it.

import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { isReserved } from "../../../transport/mod.ts";
import { Metadata } from "../../call/metadata.ts";

/** Adds all that `metadata` has to `headers`. */
export function addMetadata(headers: Headers, metadata: Metadata): void {
  for (const [name, value] of metadata) {
    headers.append(name, typeof value === "string" ? value : base64Encode(value, "std_raw"));
  }
}

/**
 * What of `headers` is metadata: names of the protocol, which applications may read and set there, are its transport's.
 *
 * @throws {TypeError} for values that cannot be sent
 */
export function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    if (isReserved(name)) continue;
    if (!name.endsWith("-bin")) metadata.append(name, value);
    else for (const one of value.split(",")) metadata.append(name, base64Decode(one.trim()));
  }
  return metadata;
}

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000,
};

/** The most that the eight digits of a `grpc-timeout` say. */
const MOST = 99_999_999;

/**
 * `timeoutMs` as a `grpc-timeout` that `timeoutOf` reads: whole milliseconds, or seconds where they are more. A default of
 * less than 0, which connect takes for a timeout that has passed, is 0 there.
 */
export function timeoutField(timeoutMs: number): string {
  const whole = Math.max(0, Math.ceil(timeoutMs));
  return whole <= MOST ? `${whole}m` : `${Math.min(MOST, Math.ceil(whole / 1_000))}S`;
}

/** Milliseconds of a `grpc-timeout`, which interceptors may have changed; undefined where there is none. */
export function timeoutOf(headers: Headers): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(headers.get("grpc-timeout") ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit!]!;
}
