// A server and a client of one small service, for tests of calls and of what channels and servers live through.
import { assertEquals, assertRejects } from "@std/assert";
import {
  type BidiStreaming,
  Channel,
  type ChannelOptions,
  type Client,
  type ClientStreaming,
  createClient,
  parseProto,
  RpcError,
  Server,
  type ServerOptions,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  type Unary,
} from "pollwire";
import { useEngine } from "../../surface/full/engines.ts";
import "../shared_engines.ts";
import { counted, type CountedEngine } from "../counted_engine.ts";

export interface Note {
  text?: string;
  number?: number;
  body?: Uint8Array;
}

export interface TrialProto {
  Trial: ServiceOf<{
    one: Unary<Note, Note>;
    down: ServerStreaming<Note, Note>;
    up: ClientStreaming<Note, Note>;
    both: BidiStreaming<Note, Note>;
  }>;
}

/** The service as text. */
export const TRIAL_PROTO = `
  syntax = "proto3";
  package trial;
  message Note { string text = 1; int32 number = 2; bytes body = 3; }
  service Trial {
    rpc One(Note) returns (Note);
    rpc Down(Note) returns (stream Note);
    rpc Up(stream Note) returns (Note);
    rpc Both(stream Note) returns (stream Note);
  }
`;
/** The service that tests call. */
export const { Trial } = parseProto<TrialProto>(TRIAL_PROTO);

export type TrialClient = Client<typeof Trial>;
export type Handlers = ServiceHandlers<typeof Trial>;

export const CHUNK = 64 * 1024;
/** What may be under way of a stream that nobody reads: windows, queues and socket buffers of both sides. */
export const UNREAD_LIMIT = 8 * 1024 * 1024;
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A promise that somebody else settles. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open };
}

/** Waits until `condition` holds; fails with its text where that takes longer than any test should. */
export async function until(condition: () => boolean, limitMs = 40_000): Promise<void> {
  for (const end = performance.now() + limitMs; !condition(); await sleep(5)) {
    if (performance.now() > end) throw new Error(`Not so after ${limitMs} ms: ${condition}`);
  }
}

/** Waits until `count` has stood still for `ms`, and gives it. */
export async function standstill(count: () => number, ms = 300): Promise<number> {
  for (let last = -1; last !== count();) {
    last = count();
    await sleep(ms);
  }
  return count();
}

export interface Bench {
  readonly client: TrialClient;
  readonly channel: Channel;
  readonly server: Server;
  readonly port: number;
  /** Of channels to the server. */
  readonly target: string;
}

/** How a bench differs from the usual. */
export interface BenchOptions {
  readonly server?: ServerOptions;
  readonly channel?: ChannelOptions;
  readonly host?: string;
}

let inProcess = false;
let names = 0;

/** Has the benches of `body` meet inside the process, not over sockets. */
export async function meetingInProcess(body: () => void | Promise<void>): Promise<void> {
  inProcess = true;
  try {
    await body();
  } finally {
    inProcess = false;
  }
}

/** Where a bench that would listen on `host` does. */
export function meetingPlace(
  host: string,
): { readonly at: string; readonly reach: (port: number) => string } {
  const name = `inprocess:bench-${names++}`;
  return inProcess
    ? { at: name, reach: () => name }
    : { at: `${host}:0`, reach: (port) => `${host}:${port}` };
}

/**
 * Runs `check` against a server with `handlers`, and closes both sides after it. Then nothing may be left of either: no
 * task, connect, endpoint or listener.
 */
export async function serving(
  handlers: Handlers,
  check: (bench: Bench) => Promise<void>,
  options: BenchOptions = {},
): Promise<void> {
  const { host = "127.0.0.1" } = options;
  const use = useEngine(options.server?.poller);
  const accounts = counted(use.engine);
  const server = new Server({ ...options.server, poller: accounts.engine });
  server.addService(Trial, handlers);
  const { at, reach } = meetingPlace(host);
  const port = await server.listen(at);
  const target = reach(port);
  const channel = new Channel(target, { poller: accounts.engine, ...options.channel });
  let isSound = false;
  try {
    await check({ client: createClient(Trial, channel), channel, server, port, target });
    isSound = true;
  } finally {
    channel.close();
    server.close();
    await server.shutdown();
    try {
      if (isSound) await nothingLeft(accounts);
    } finally {
      await use.end(); // or the tests after one that failed fail too
    }
  }
}

/** Waits until an engine has got everything back; fails with what it misses. */
export async function nothingLeft(accounts: CountedEngine): Promise<void> {
  for (let tries = 0; accounts.left().length > 0 && tries < 200; tries++) await sleep(5);
  assertEquals(accounts.left(), []);
}

/** The RpcError that `call` ends with. */
export function failure(call: PromiseLike<unknown>): Promise<RpcError> {
  return assertRejects(() => call, RpcError);
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

export async function* numbers(count: number): AsyncGenerator<Note> {
  for (let number = 1; number <= count; number++) {
    await Promise.resolve();
    yield { number };
  }
}

export function* syncNumbers(count: number): Generator<Note> {
  for (let number = 1; number <= count; number++) yield { number };
}

/** A number every millisecond, without end; tells by `onLeft` when whoever takes them has left. */
export async function* endless(onLeft: () => void): AsyncGenerator<Note> {
  try {
    for (let number = 1;; number++) {
      yield { number };
      await sleep(1);
    }
  } finally {
    onLeft();
  }
}

export const sum = (notes: Note[]) => notes.reduce((total, note) => total + note.number!, 0);
export const numbersOf = (notes: Note[]) => notes.map((note) => note.number);

/** Handlers that answer without waiting for anything of their own. */
export const echo: Handlers = {
  one: (request) => request,
  down: (request) => numbers(request.number!),
  up: async (requests) => ({ number: sum(await collect(requests)) }),
  async *both(requests) {
    for await (const { number } of requests) yield { number: number! * 2 };
  },
};

/** Handlers whose unary method never answers until its call is over. */
export function neverAnswering(seen: { started: number; aborted: number }): Handlers {
  return {
    one: (_request, call) => {
      seen.started++;
      return new Promise<Note>((resolve) => {
        call.signal.addEventListener("abort", () => {
          seen.aborted++;
          resolve({});
        });
      });
    },
  };
}

/** Handlers of one method, which answers with its request. */
export const working: Handlers = { one: (request) => request };

/** A call is answered. */
export async function assertStillServes(client: Client<typeof Trial>): Promise<void> {
  assertEquals((await client.one({ text: "fine" })).text, "fine");
}
