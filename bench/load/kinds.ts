// What the generator does with its connections: calls without a pause, a few large ones, or one a second from each.
import { readFileSync } from "node:fs";
import process from "node:process";
import type { EventEngine } from "../../pollers/mod.ts";
import type { TlsContext } from "../../transport/tls/config.ts";
import { OPENSSL } from "../../transport/tls/openssl/provider.ts";
import { LARGE_CALLS } from "../scenarios.mjs";
import { type CallPlan, templatesOf } from "./call_template.ts";
import { LoadConnection, type LoadEvents, type LoadPlan } from "./connection.ts";
import { Tally } from "./tally.ts";

/** The arguments of the process. */
export interface LoadOptions extends Omit<CallPlan, "bodyBytes"> {
  readonly kind: string;
  readonly connections: number;
  readonly streams: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Calls that are waited for when the seconds are over. */
  readonly calls: number;
  readonly warmUpMs: number;
  /** One latency in so many is kept. */
  readonly every: number;
  /** Folder with the authority's certificate; "": plaintext. */
  readonly tls: string;
  /** Handshakes resume earlier sessions. */
  readonly resumed: boolean;
}

/** Connections that are made at a time. */
const CONNECTING = 50;
/** Milliseconds between two looks at whether there were calls enough. */
const WAIT_MS = 20;
/** Milliseconds from one call of a paced connection to the next. */
const PACE_MS = 1_000;

/** Each connection has `streams` calls going all the time. */
export async function flood(engine: EventEngine, options: LoadOptions): Promise<void> {
  const { streams, connections } = options;
  const plan = planOf(engine, options, options.bytes, options.every);
  const events: LoadEvents = {
    onReady: (connection) => {
      for (let i = 0; i < streams; i++) connection.call();
    },
    onAnswered: (connection) => connection.call(),
    onFailed,
  };
  for (let i = 0; i < connections; i++) LoadConnection.open(plan, events);
  await pause(engine, options.warmUpMs);
  await measure(plan.tally, async () => {
    await pause(engine, options.seconds * 1_000);
    while (plan.tally.count < options.calls) await pause(engine, WAIT_MS);
  });
}

/** A small call, then large ones; it stops before the first, after it, after `LARGE_CALLS`, and when they are timed. */
export async function large(engine: EventEngine, options: LoadOptions): Promise<void> {
  const small = new Caller(planOf(engine, options, 16));
  await small.call();
  const caller = new Caller(planOf(engine, options, options.bytes, 1));
  await caller.ready;
  await agree("base");
  await caller.call();
  await agree("first");
  for (let i = 1; i < LARGE_CALLS; i++) await caller.call();
  await agree("all");
  await measure(caller.plan.tally, async () => {
    const end = engine.now() + options.seconds * 1_000;
    do await caller.call(); while (engine.now() < end);
  });
}

/** `connections` that make a call a second each, spread over the second. */
export async function paced(engine: EventEngine, options: LoadOptions): Promise<void> {
  const plan = planOf(engine, options, options.bytes, 1);
  const warm = new Caller(plan);
  const end = engine.now() + options.warmUpMs;
  while (engine.now() < end) await warm.call();
  await agree("base");
  let open = 0;
  let all: () => void;
  const opened = new Promise<void>((resolve) => all = resolve);
  const again = (connection: LoadConnection) => {
    connection.call();
    engine.runAt(engine.now() + PACE_MS, () => again(connection));
  };
  const events: LoadEvents = {
    onReady: (connection) => {
      if (++open === options.connections) all();
      if (open + CONNECTING <= options.connections) LoadConnection.open(plan, events);
      engine.runAt(engine.now() + open / options.connections * PACE_MS, () => again(connection));
    },
    onAnswered: () => {},
    onFailed,
  };
  for (let i = 0; i < Math.min(CONNECTING, options.connections); i++) LoadConnection.open(plan, events);
  await opened;
  await pause(engine, Math.max(options.warmUpMs, 2 * PACE_MS));
  await measure(plan.tally, () => pause(engine, options.seconds * 1_000));
}

/** New connections, as many at a time, each of which makes one call and closes. */
export async function handshakes(engine: EventEngine, options: LoadOptions): Promise<void> {
  const plan = planOf(engine, options, options.bytes);
  const one = (): void => {
    const events: LoadEvents = {
      onReady: (connection) => {
        if (connection.isResumed !== options.resumed) plan.tally.wrong++;
        connection.call();
      },
      onAnswered: (connection) => {
        connection.close();
        one();
      },
      onFailed,
    };
    LoadConnection.open(plan, events);
  };
  for (let i = 0; i < options.connections; i++) one();
  await pause(engine, options.warmUpMs);
  await measure(plan.tally, () => pause(engine, options.seconds * 1_000));
}

/** A connection that makes one call at a time. */
class Caller {
  readonly ready: Promise<LoadConnection>;
  private answered: () => void = () => {};

  constructor(readonly plan: LoadPlan) {
    this.ready = new Promise((resolve) => {
      LoadConnection.open(plan, { onReady: resolve, onAnswered: () => this.answered(), onFailed });
    });
  }

  async call(): Promise<void> {
    const connection = await this.ready;
    await new Promise<void>((resolve) => {
      this.answered = resolve;
      connection.call();
    });
  }
}

function planOf(engine: EventEngine, options: LoadOptions, bodyBytes: number, every?: number): LoadPlan {
  const templates = templatesOf({ ...options, bodyBytes });
  return {
    engine,
    port: options.port,
    streams: options.streams,
    secure: options.tls === "" ? undefined : contextsOf(options),
    templates,
    tally: new Tally(() => engine.now(), every),
  };
}

/** The context of each connection: the same, or a new one where no session may be resumed. */
function contextsOf({ tls, resumed, kind }: LoadOptions): () => TlsContext {
  const ca = readFileSync(`${tls}/ca.pem`, "utf8");
  const shared = OPENSSL.clientContext({ ca });
  return resumed || kind !== "handshake" ? () => shared : () => OPENSSL.clientContext({ ca });
}

/** Prints the figures of what `work` does, and ends the process. */
async function measure(tally: Tally, work: () => Promise<void>): Promise<void> {
  tally.restart();
  console.log("measuring");
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const { rss } = process.memoryUsage();
  console.log(JSON.stringify({ ...tally.figures(), cpuMicroseconds: user + system, rssBytes: rss }));
  process.exit(0);
}

/** Prints `word`, and waits until whoever started this process has answered it. */
function agree(word: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once("data", () => resolve());
    console.log(word);
  });
}

function pause(engine: EventEngine, ms: number): Promise<void> {
  return new Promise((resolve) => engine.runAt(engine.now() + ms, resolve));
}

function onFailed(reason: string): void {
  console.error(reason);
  process.exit(1);
}
