// Work too short for a clock: a run does it many times, the table divides, and a checksum keeps all of it alive.
import type { Bench } from "tinybench";

const operations = new Map<string, number>();
let sum = 0;

/**
 * Adds `run`, which does `count` operations a call and gives a number that depends on each of them. Reading the
 * clock costs as much as a short operation, so a call should take some microseconds at least.
 */
export function addBatch(bench: Bench, name: string, count: number, run: () => number): void {
  if (operations.has(name)) throw new Error(`Cannot add ${JSON.stringify(name)} twice`);
  operations.set(name, count);
  bench.add(name, () => {
    sum = (sum + run()) | 0;
  });
}

/** Operations that one run of `name` does. */
export function operationsOf(name: string): number {
  return operations.get(name)!;
}

/** What every run so far gave, added up. */
export function checksum(): number {
  return sum;
}

/** Throws where `found` is not `wanted`: a benchmark of something wrong measures nothing. */
export function expect(what: string, found: unknown, wanted: unknown): void {
  if (Object.is(found, wanted)) return;
  throw new Error(`Cannot measure ${what}: expected ${String(wanted)}, found ${String(found)}`);
}

/** `expect` for octets. */
export function expectBytes(what: string, found: Uint8Array, wanted: Uint8Array): void {
  expect(`${what}, bytes`, found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    if (found[i] !== wanted[i]) expect(`${what}, byte ${i}`, found[i], wanted[i]);
  }
}

/** Octets that do not repeat soon. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}
