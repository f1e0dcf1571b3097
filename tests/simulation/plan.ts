// What one call does: drawn from the seed, and known to both sides.
import type { CompletionType, Metadata, StatusCode } from "pollwire";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { ModelError } from "./model_error.ts";
import { bodyOf, type Job, type Kind, KINDS, type Part, type ServiceName, SERVICES } from "./service.ts";

/** One call. */
export interface Plan {
  readonly id: number;
  readonly kind: Kind;
  readonly startMs: number;
  readonly count: number;
  readonly size: number;
  readonly requestSize: number;
  readonly pauseMs: number;
  readonly failWith: number;
  readonly deadlineMs: number;
  readonly cancelMs: number | undefined;
  /** Messages after which the reader leaves, where it does. */
  readonly leaveAfter: number | undefined;
  /** How long the reader takes over each message. */
  readonly readerPauseMs: number;
  readonly waitForReady: boolean;
  readonly style: Style;
}

/** In which API a call is made and served, and how. */
export interface Style {
  readonly client: "promise" | "queue" | "stub" | "reactor" | "blocking";
  readonly service: ServiceName;
  /** By a client that knows no schema. */
  readonly untyped: boolean;
  /** What happens at an operation of the client; undefined: nothing. */
  readonly interruption: Interruption | undefined;
  /** The server's operation at which its handler cancels the call; 0: none. */
  readonly serverCancelsAt: number;
  readonly queue: CompletionType;
  /** What the call is made with is started before it begins, or with it. */
  readonly early: boolean;
  /** The client goes on outside of events and reactions. */
  readonly later: boolean;
  /** Decides about operations one by one. */
  readonly choices: SeededRandom;
}

/** What may happen at an operation of a call. */
export const INTERRUPTIONS = ["cancel", "reset", "part", "stop", "drain", "close", "shutdown"] as const;

/** Something that happens at an operation of a call, counted from 1. */
export interface Interruption {
  /** "shutdown": of the queue. "close": of the channel. The others: the call is cancelled, or happens to the server. */
  readonly what: typeof INTERRUPTIONS[number];
  readonly at: number;
}

/** How a call ended. */
export interface CallEnd {
  readonly code: StatusCode;
  readonly details: string;
  readonly metadata: Metadata;
  /** The one response of a call that has one. */
  readonly response: Part | undefined;
}

/** When the last call of a program starts, at the latest. */
export const HORIZON_MS = 2_000;
/** The deadline where nothing goes wrong: every call must end as its handler says, at 1,000 bytes a round trip too. */
export const AMPLE_MS = 3_600_000;

/** Everything but the style. */
export function randomPlan(
  random: SeededRandom,
  id: number,
  mostBytes: number,
  faults: number,
): Omit<Plan, "style"> {
  const kind = random.pick(KINDS);
  return {
    id,
    kind,
    startMs: random.chance(0.3) ? 0 : random.below(HORIZON_MS),
    count: kind === "unary" ? 1 : random.pick([0, 1, 2, 7, 30]),
    size: Math.min(mostBytes, random.pick([0, 1, 100, 5_000, 70_000]) >> (kind === "unary" ? 0 : 2)),
    requestSize: Math.min(mostBytes, random.pick([0, 1, 100, 20_000])),
    pauseMs: random.pick([0, 0, 1, 30]),
    failWith: random.chance(0.1) ? random.between(1, 16) : 0,
    deadlineMs: faults === 0 ? AMPLE_MS : random.pick([5, 50, 500, 5_000, 20_000]),
    cancelMs: random.chance(0.15) ? random.below(300) : undefined,
    leaveAfter: random.chance(0.15) ? random.below(5) : undefined,
    readerPauseMs: random.pick([0, 0, 0, 5]),
    waitForReady: random.chance(0.3),
  };
}

/** Drawn apart from the rest, so that what a program does is the same in whichever styles. */
export function randomStyle(seed: number, id: number): Style {
  const choices = new SeededRandom(Math.imul(seed, 7_919) ^ Math.imul(id, 104_729));
  return {
    client: choices.pick(["promise", "queue", "stub", "reactor", "reactor"]),
    service: choices.pick(SERVICES),
    untyped: choices.chance(0.2),
    interruption: choices.chance(0.2) ? { what: "cancel", at: choices.between(1, 12) } : undefined,
    serverCancelsAt: choices.chance(0.1) ? choices.between(1, 8) : 0,
    queue: choices.pick(["NEXT", "NEXT", "PLUCK", "CALLBACK"]),
    early: choices.chance(0.5),
    later: choices.chance(0.3),
    choices,
  };
}

/** Calls that block, served by reactors. */
export function blockingStyle(): Style {
  return { ...promiseStyle(), client: "blocking", service: "Reactors" };
}

/** Promises on both sides, and nothing that the other styles have. */
export function promiseStyle(): Style {
  return {
    client: "promise",
    service: "World",
    untyped: false,
    interruption: undefined,
    serverCancelsAt: 0,
    queue: "NEXT",
    early: false,
    later: false,
    choices: new SeededRandom(1),
  };
}

/** Message number `place` of a call's requests. */
export function jobOf(plan: Plan, place: number): Job {
  const { id, count, size, requestSize, pauseMs, failWith, style } = plan;
  const body = bodyOf(id, place, requestSize);
  return { call: id, place, count, size, pauseMs, failWith, cancelAt: style.serverCancelsAt, body };
}

/** Throws ModelError where a call with OK has not got what it must. */
export function expect(plan: Plan, what: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new ModelError(`${nameOf(plan)}: OK with ${found} ${what}, not ${wanted}`);
}

/** "call 3 chat (queue, Reactors)". */
export function nameOf({ id, kind, style: { client, service } }: Plan): string {
  return `call ${id} ${kind} (${client}, ${service})`;
}
