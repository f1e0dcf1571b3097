// Every fuzz target there is, and how one is run: seeded, bounded in memory and time, its failures kept.
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";
import { beginTrace, forgetWays, wentNewWay } from "./trace.ts";
import { operations } from "./targets/operations.ts";
import { connectionAsClient, connectionAsServer } from "./targets/connection.ts";
import { descriptors } from "./targets/descriptors.ts";
import { frameReceiver } from "./targets/frames.ts";
import { hpackDecoder, hpackPair } from "./targets/hpack.ts";
import { headers, messageReader } from "./targets/grpc.ts";
import { inflation } from "./targets/inflation.ts";
import { jsonMessages, jsonText } from "./targets/json.ts";
import { protobufDecoder, protoText } from "./targets/proto.ts";
import { address, canary, metadata } from "./targets/surface.ts";

/** A target that a fuzzer must find the planted bug of; no part of {@linkcode TARGETS}. */
export const CANARY = canary;

/** Every target. */
export const TARGETS: readonly FuzzTarget[] = [
  hpackDecoder,
  hpackPair,
  frameReceiver,
  connectionAsServer,
  connectionAsClient,
  messageReader,
  inflation,
  headers,
  metadata,
  address,
  protoText,
  descriptors,
  protobufDecoder,
  jsonText,
  jsonMessages,
  operations,
];

/** An input that takes longer is a failure: something that grows faster than its input. */
const SLOW_MS = 1_000;
/** What making a failure small may take: each try of a slow one takes seconds. */
const SHRINK_MS = 20_000;
/** Inputs kept to make others of. */
const CORPUS = 2_000;

/** An input, and what was wrong with it. */
export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** How a run went. */
export interface FuzzReport {
  readonly inputs: number;
  /** The first failure, its input made as small as it goes. */
  readonly failure?: FuzzFailure;
}

/** Runs `target` on inputs made from `seed` until `goOn` says no. */
export function fuzz(target: FuzzTarget, seed: number, goOn: (inputs: number) => boolean): FuzzReport {
  const random = new SeededRandom(seed);
  const corpus = target.seeds().map((bytes) => bytes.subarray(0, target.mostBytes));
  forgetWays();
  let inputs = 0;
  for (const input of [...corpus]) {
    inputs++;
    const error = failureOf(target, input);
    if (error !== undefined) return { inputs, failure: smallest(target, input, error) };
  }
  while (goOn(inputs)) {
    const input = mutate(random, corpus, target.mostBytes, target.framed);
    inputs++;
    const error = failureOf(target, input);
    if (error !== undefined) return { inputs, failure: smallest(target, input, error) };
    // Beside those that reached something new a few are kept at random: changes add up.
    if (!wentNewWay() && !random.chance(0.002)) continue;
    if (corpus.length < CORPUS) corpus.push(input);
    else corpus[random.below(corpus.length)] = input;
  }
  return { inputs };
}

/** What is wrong with `input`, or undefined. */
export function failureOf(target: FuzzTarget, input: Uint8Array, again = false): unknown {
  const before = performance.now();
  beginTrace();
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

/** Makes a failure small: leaves out halves, then quarters, down to single bytes, as long as time allows. */
function smallest(target: FuzzTarget, input: Uint8Array, error: unknown): FuzzFailure {
  let failure: FuzzFailure = { input, error };
  const end = performance.now() + SHRINK_MS;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= failure.input.length && performance.now() < end;) {
      const shorter = Uint8Array.from([
        ...failure.input.subarray(0, at),
        ...failure.input.subarray(at + size),
      ]);
      const shorterError = failureOf(target, shorter);
      if (shorterError === undefined) at += size;
      else failure = { input: shorter, error: shorterError };
    }
  }
  return failure;
}
