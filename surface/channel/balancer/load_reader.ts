// Reads of an encoded xds.data.orca.v3.OrcaLoadReport what a server's weight is made of: one report may come with each call,
// so nothing is made of it but four numbers.

/** The four numbers; 0 where the report has none. */
export interface Load {
  /** From 0 on; 1 is all of the processor, and above it is too much. */
  cpuUtilization: number;
  /** As the application measures it; it stands before that of the processor. */
  applicationUtilization: number;
  /** Calls a second. */
  qps: number;
  /** Failed calls a second. */
  eps: number;
}

// Fields, and wire types of protobuf.
const CPU_UTILIZATION = 1;
const RPS_FRACTIONAL = 6;
const EPS = 7;
const APPLICATION_UTILIZATION = 9;
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const eight = new Uint8Array(8);
const double = new DataView(eight.buffer);

/** Where the varint that was read last ends. */
let at = 0;

/** A varint of `bytes` at `at`, below 2 ** 32; NaN where there is none. */
function varint(bytes: Uint8Array): number {
  let value = 0;
  for (let shift = 0; at < bytes.length && shift < 35; shift += 7) {
    const octet = bytes[at++]!;
    value += (octet & 0x7f) * 2 ** shift;
    if (octet < 0x80) return value;
  }
  return NaN;
}

/** Passes over a value of `wireType`; false where it is none, or not whole. */
function skip(bytes: Uint8Array, wireType: number): boolean {
  if (wireType === VARINT) {
    for (let i = 0; i < 10 && at < bytes.length; i++) if (bytes[at++]! < 0x80) return true;
    return false;
  }
  if (wireType === FIXED64) at += 8;
  else if (wireType === FIXED32) at += 4;
  else if (wireType === LENGTH) {
    const octets = varint(bytes);
    at += octets;
  } else return false;
  return at <= bytes.length;
}

/** Reads `bytes` into `load`; false for what is no report. */
export function readLoad(bytes: Uint8Array, load: Load): boolean {
  load.cpuUtilization =
    load.applicationUtilization =
    load.qps =
    load.eps =
      0;
  const { length } = bytes;
  at = 0;
  while (at < length) {
    const key = varint(bytes);
    const start = at;
    if (!skip(bytes, key & 7)) return false;
    if ((key & 7) !== FIXED64) continue;
    const field = key >>> 3;
    if (field !== CPU_UTILIZATION && field < RPS_FRACTIONAL) continue;
    for (let i = 0; i < 8; i++) eight[i] = bytes[start + i]!;
    const value = double.getFloat64(0, true);
    if (field === CPU_UTILIZATION) load.cpuUtilization = value;
    else if (field === APPLICATION_UTILIZATION) load.applicationUtilization = value;
    else if (field === RPS_FRACTIONAL) load.qps = value;
    else if (field === EPS) load.eps = value;
  }
  return at === length;
}
