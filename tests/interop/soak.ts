// The soak cases: large unary calls one after another, judged when all are done.
import { type Channel, createClient } from "pollwire";
import { CaseFailure, expectPayload } from "./expect.ts";
import { TestService } from "./service.ts";

/** What the flags of the soak cases say. */
export interface SoakOptions {
  /** Calls to make. */
  readonly iterations: number;
  /** Calls that may fail or take too long. */
  readonly maxFailures: number;
  /** Milliseconds a call may take. */
  readonly maxLatencyMs: number;
  /** Milliseconds between the beginnings of two calls, at least. */
  readonly intervalMs: number;
  /** Milliseconds after which no further call is made. */
  readonly overallLimitMs: number;
  readonly requestSize: number;
  readonly responseSize: number;
}

/** `options` of soaks that take no time. */
export const SMALL_SOAK: SoakOptions = {
  iterations: 10,
  maxFailures: 0,
  maxLatencyMs: 1000,
  intervalMs: 0,
  overallLimitMs: 10_000,
  requestSize: 271828,
  responseSize: 314159,
};

/** Every call on one channel. */
export async function rpcSoak(options: SoakOptions, connect: () => Channel): Promise<void> {
  const channel = connect();
  try {
    await soak(options, () => call(channel, options));
  } finally {
    await channel[Symbol.asyncDispose]();
  }
}

/** Every call on a channel of its own, which is made and torn down around it. */
export function channelSoak(options: SoakOptions, connect: () => Channel): Promise<void> {
  return soak(options, async () => {
    const channel = connect();
    try {
      await call(channel, options);
    } finally {
      await channel[Symbol.asyncDispose]();
    }
  });
}

async function call(channel: Channel, { requestSize, responseSize }: SoakOptions): Promise<void> {
  const request = { responseSize, payload: { body: new Uint8Array(requestSize) } };
  const { payload } = await createClient(TestService, channel).unaryCall(request);
  expectPayload("the response", payload, responseSize);
}

async function soak(options: SoakOptions, call: () => Promise<void>): Promise<void> {
  const { iterations, maxFailures, maxLatencyMs, intervalMs, overallLimitMs } = options;
  const startedAt = performance.now();
  const failures: string[] = [];
  let made = 0;
  while (made < iterations && performance.now() - startedAt < overallLimitMs) {
    const begin = performance.now();
    const failure = await call().then(() => undefined, (error: Error) => error.message);
    const ms = performance.now() - begin;
    made++;
    if (failure !== undefined) failures.push(`call ${made}: ${failure}`);
    else if (ms > maxLatencyMs) failures.push(`call ${made} took ${ms.toFixed(1)} ms`);
    const rest = begin + intervalMs - performance.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }
  if (made < iterations) {
    throw new CaseFailure(`only ${made} of ${iterations} calls were made within ${overallLimitMs} ms`);
  }
  if (failures.length > maxFailures) {
    throw new CaseFailure(
      `${failures.length} of ${iterations} calls failed or took more than ${maxLatencyMs} ms, ` +
        `${maxFailures} may; the first is ${failures[0]}`,
    );
  }
}
