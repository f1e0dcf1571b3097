// Every fuzz target there is, and how one is run: seeded, bounded in memory and time, its failures kept.
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";
import { operations } from "./targets/operations.ts";
import { connectionAsClient, connectionAsServer, frameReceiver } from "./targets/http2.ts";
import { hpackDecoder } from "./targets/hpack.ts";
import { messageReader } from "./targets/grpc.ts";
import { address, canary, metadata, protobufDecoder, protoText } from "./targets/surface.ts";

/** A target that a fuzzer must find the planted bug of; no part of {@linkcode TARGETS}. */
export const CANARY = canary;

/** Every target. */
export const TARGETS: readonly FuzzTarget[] = [
  hpackDecoder,
  frameReceiver,
  connectionAsServer,
  connectionAsClient,
  messageReader,
  metadata,
  address,
  protoText,
  protobufDecoder,
  operations,
];

/** An input that takes longer is a failure: something that grows faster than its input. */
const SLOW_MS = 1_000;
/** Inputs kept to make others of. */
const CORPUS = 500;

/** How a run went. */
export interface FuzzReport {
  readonly inputs: number;
  /** The first failure, its input made as small as it goes. */
  readonly failure?: { readonly input: Uint8Array; readonly error: unknown };
}

/** Runs `target` on inputs made from `seed` until `goOn` says no. */
export function fuzz(target: FuzzTarget, seed: number, goOn: (inputs: number) => boolean): FuzzReport {
  const random = new SeededRandom(seed);
  const corpus = target.seeds().map((bytes) => bytes.subarray(0, target.mostBytes));
  let inputs = 0;
  for (const input of corpus) {
    inputs++;
    const error = failureOf(target, input);
    if (error !== undefined) return { inputs, failure: { input, error } };
  }
  while (goOn(inputs)) {
    const input = mutate(random, corpus, target.mostBytes);
    inputs++;
    const error = failureOf(target, input);
    if (error !== undefined) return { inputs, failure: { input: shrink(target, input), error } };
    // Without coverage to go by, a few mutants are kept at random: changes add up.
    if (corpus.length < CORPUS && random.chance(0.05)) corpus.push(input);
    else if (random.chance(0.01)) corpus[random.below(corpus.length)] = input;
  }
  return { inputs };
}

/** What is wrong with `input`, or undefined. */
export function failureOf(target: FuzzTarget, input: Uint8Array, again = false): unknown {
  const before = performance.now();
  try {
    target.run(input);
  } catch (error) {
    return error ?? new Error("undefined was thrown");
  }
  const took = performance.now() - before;
  if (took <= SLOW_MS) return undefined;
  // A busy machine stops a process for longer than that; what is slow is slow twice.
  return again
    ? new Error(`${input.length} bytes took ${took.toFixed(0)} ms`)
    : failureOf(target, input, true);
}

/** Leaves out what the failure does not need: halves, then quarters, down to single bytes. */
function shrink(target: FuzzTarget, input: Uint8Array): Uint8Array {
  let smallest = input;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= smallest.length;) {
      const shorter = Uint8Array.from([...smallest.subarray(0, at), ...smallest.subarray(at + size)]);
      if (failureOf(target, shorter) === undefined) at += size;
      else smallest = shorter;
    }
  }
  return smallest;
}
