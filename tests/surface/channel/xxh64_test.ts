// XXH64 against the vectors of its authors, and against the specification in BigInts.
import { assertEquals } from "@std/assert";
import { Xxh64 } from "../../../surface/channel/balancer/xxh64.ts";
import { test } from "../../harness.ts";

const PRIME32 = 2_654_435_761;

/** The octets that xxHash's own check hashes. */
function sanityOctets(length: number): Uint8Array {
  let next = PRIME32;
  return Uint8Array.from({ length }, () => {
    const octet = next >>> 24;
    next = Math.imul(next, next) >>> 0;
    return octet;
  });
}

const hex = ({ high, low }: Xxh64): string =>
  high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");

// https://github.com/Cyan4973/xxHash, the check of xxhsum
const VECTORS: Array<[length: number, seed: number, hash: string]> = [
  [0, 0, "ef46db3751d8e999"],
  [0, PRIME32, "ac75fda2929b17ef"],
  [1, 0, "4fce394cc88952d8"],
  [1, PRIME32, "739840cb819fa723"],
  [14, 0, "cffa8db881bc3a3d"],
  [14, PRIME32, "5b9611585efcc9cb"],
  [101, 0, "0eab543384f878ad"],
  [101, PRIME32, "caa65939306f1e21"],
];

test("[C44] XXH64 of xxHash's own octets", () => {
  const hash = new Xxh64();
  for (const [length, seed, expected] of VECTORS) {
    hash.hash(sanityOctets(101), length, 0, seed);
    assertEquals(hex(hash), expected, `${length} octets, seed ${seed}`);
  }
});

test("[C44] XXH64 of texts", () => {
  const hash = new Xxh64();
  hash.hashText("abc");
  assertEquals(hex(hash), "44bc2cf5ad770999");
  hash.hashText("Nobody inspects the spammish repetition");
  assertEquals(hex(hash), "fbcea83c8a378bf1");
});

const MASK = (1n << 64n) - 1n;
const P1 = 0x9E3779B185EBCA87n;
const P2 = 0xC2B2AE3D27D4EB4Fn;
const P3 = 0x165667B19E3779F9n;
const P4 = 0x85EBCA77C2B2AE63n;
const P5 = 0x27D4EB2F165667C5n;
const rotl = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & MASK;
const round = (sum: bigint, lane: bigint): bigint => (rotl((sum + lane * P2) & MASK, 31n) * P1) & MASK;

/** The steps of the specification, in its own order. */
function specified(octets: Uint8Array, seed: bigint): bigint {
  const view = new DataView(octets.buffer);
  const { length } = octets;
  let at = 0;
  let h = (seed + P5) & MASK;
  if (length >= 32) {
    const sums = [seed + P1 + P2, seed + P2, seed, seed - P1].map((sum) => sum & MASK);
    for (; at + 32 <= length; at += 32) {
      for (let i = 0; i < 4; i++) sums[i] = round(sums[i]!, view.getBigUint64(at + 8 * i, true));
    }
    h = [1n, 7n, 12n, 18n].reduce((sum, bits, i) => (sum + rotl(sums[i]!, bits)) & MASK, 0n);
    for (const sum of sums) h = ((h ^ round(0n, sum)) * P1 + P4) & MASK;
  }
  h = (h + BigInt(length)) & MASK;
  for (; at + 8 <= length; at += 8) {
    h = (rotl(h ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= length) {
    h = (rotl(h ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < length; at++) h = (rotl(h ^ ((BigInt(octets[at]!) * P5) & MASK), 11n) * P1) & MASK;
  h = ((h ^ (h >> 33n)) * P2) & MASK;
  h = ((h ^ (h >> 29n)) * P3) & MASK;
  return h ^ (h >> 32n);
}

test("[C44] XXH64 of 0 to 200 octets, with seeds of 64 bits", () => {
  const hash = new Xxh64();
  const octets = sanityOctets(200);
  for (let length = 0; length <= 200; length++) {
    const seedHigh = Math.imul(length, 0x9e3779b1) >>> 0;
    hash.hash(octets, length, seedHigh, 0xfedcba98);
    const seed = (BigInt(seedHigh) << 32n) | 0xfedcba98n;
    assertEquals(BigInt(`0x${hex(hash)}`), specified(octets.slice(0, length), seed), `${length} octets`);
  }
});

test("[C44] a text longer than any before is hashed whole", () => {
  const hash = new Xxh64();
  const text = "abcdefgh".repeat(100);
  hash.hashText(text);
  assertEquals(BigInt(`0x${hex(hash)}`), specified(new TextEncoder().encode(text), 0n));
});
