// Every place where the library calls the application for a call, and a call that runs into an application which throws
// there. Run as a program with a poller's name, it runs those places that a test runner keeps to itself.
import { assertEquals } from "@std/assert";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type CallOptions,
  Channel,
  type Codec,
  createClient,
  type ErrorContext,
  type MethodDescriptor,
  parseProto,
  RpcError,
  Server,
  type ServerCall,
  type StatusName,
  statusName,
} from "pollwire";
import {
  collect,
  echo,
  gate,
  type Handlers,
  type Note,
  numbersOf,
  sleep,
  Trial,
  TRIAL_PROTO,
  type TrialClient,
  type TrialProto,
  until,
} from "./serving.ts";

const isMain = fileURLToPath(import.meta.url) === process.argv[1];

const boom = new Error("boom");
const throwing = (): never => {
  throw boom;
};
const rejecting = () => Promise.reject(boom);

/** What a call of a place is like: how it must end, and what must be reported. */
export interface Place {
  readonly name: string;
  readonly handlers?: Partial<Handlers>;
  /** The call that runs into the throw. Default: one unary call. */
  readonly call?: (client: TrialClient) => Promise<unknown>;
  /** Its status. */
  readonly ends: StatusName;
  /** Which side reports, where it says the error was, and at which level. */
  readonly by: "server" | "channel";
  readonly where: ErrorContext["where"];
  readonly level?: ErrorContext["level"];
  /** A service of its own, for codecs that throw. */
  readonly service?: typeof Trial;
  /** What is thrown reaches us as an uncaught exception, which bun's test runner takes before us. */
  readonly uncaught?: true;
}

const one = (options: CallOptions) => (client: TrialClient) => client.one({ number: 1 }, options);
const down = (client: TrialClient) => collect(client.down({ number: 3 }));
const up = (source: unknown) => (client: TrialClient) => client.up(source as Note[]);
const both = (client: TrialClient) => collect(client.both([{ number: 1 }]));

/** An iterable, or async iterable, whose iterator has these methods. */
function iterable(isAsync: boolean, methods: Record<string, unknown>): AsyncIterable<Note> {
  return { [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => methods } as unknown as AsyncIterable<
    Note
  >;
}

function* half(): Generator<Note> {
  yield { number: 1 };
  throw boom;
}

async function* halfLater(): AsyncGenerator<Note> {
  yield { number: 1 };
  await sleep(1);
  throw boom;
}

const hostileMessage = (): Note => Object.defineProperty({}, "number", { get: throwing, enumerable: true });

/** The trial service of which one method's codec is changed. */
function withCodec(side: "requestCodec" | "responseCodec", change: Partial<Codec<Note>>): typeof Trial {
  const { Trial: fresh } = parseProto<TrialProto>(TRIAL_PROTO);
  const { one } = fresh.methods as { one: MethodDescriptor<Note, Note, "unary"> };
  const codec: Codec<Note> = {
    typeName: "trial.Note",
    encode: (message) => one[side].encode(message),
    encodeInto: (message, writer) => one[side].encodeInto(message, writer),
    decode: (bytes) => one[side].decode(bytes),
    ...change,
  };
  return { ...fresh, methods: { ...fresh.methods, one: { ...one, [side]: codec } } };
}

/** A handler that waits until its call is over, after `listen` has listened to that. */
const waiting = (listen: (signal: AbortSignal, call: ServerCall) => void): Partial<Handlers> => ({
  one: (request, call) => {
    if (request.number !== 1) return request;
    listen(call.signal, call);
    return new Promise(() => {});
  },
});

/** A call that is aborted once it has reached its handler. */
const aborted = async (client: TrialClient) => {
  const controller = new AbortController();
  const call = client.one({ number: 1 }, { signal: controller.signal });
  await client.one({ number: 2 });
  controller.abort();
  await call;
};

/** Reads one response and leaves. */
const left = async (client: TrialClient) => {
  for await (const _ of client.down({ number: 3 })) return;
};

const handler = { by: "server", where: "handler", ends: "UNKNOWN" } as const;
const responses = { by: "server", where: "responses", ends: "UNKNOWN", call: down } as const;
const requests = { by: "channel", where: "requests", ends: "CANCELLED", level: "info" } as const;
const listener = { by: "server", where: "abort listener", ends: "CANCELLED", call: aborted } as const;

export const PLACES: readonly Place[] = [
  { name: "a unary handler", handlers: { one: throwing }, ...handler },
  { name: "a unary handler's promise", handlers: { one: rejecting }, ...handler },
  {
    name: "the then of what a handler gives",
    handlers: { one: () => ({ then: throwing }) as unknown as Promise<Note> },
    ...handler,
  },
  {
    name: "a getter of what a handler gives",
    handlers: { one: () => Object.defineProperty({}, "then", { get: throwing }) },
    ...handler,
  },
  { name: "a server streaming handler", handlers: { down: throwing }, call: down, ...handler },
  { name: "an async server streaming handler", handlers: { down: rejecting }, call: down, ...handler },
  { name: "a client streaming handler", handlers: { up: throwing }, call: up([]), ...handler },
  {
    name: "a client streaming handler that has read",
    handlers: { up: async (notes) => (await collect(notes), throwing()) },
    call: up([{}, {}]),
    ...handler,
  },
  { name: "a bidirectional handler", handlers: { both: throwing }, call: both, ...handler },
  {
    name: "responses at their beginning",
    handlers: { down: () => ({ [Symbol.iterator]: throwing }) },
    ...responses,
  },
  { name: "a generator of responses half way", handlers: { down: half }, ...responses },
  { name: "an async generator of responses half way", handlers: { down: halfLater }, ...responses },
  { name: "a bidirectional generator", handlers: { both: halfLater }, ...responses, call: both },
  { name: "next of responses", handlers: { down: () => iterable(false, { next: throwing }) }, ...responses },
  {
    name: "async next of responses",
    handlers: { down: () => iterable(true, { next: throwing }) },
    ...responses,
  },
  {
    name: "async next's promise",
    handlers: { down: () => iterable(true, { next: rejecting }) },
    ...responses,
  },
  {
    name: "the result of next",
    handlers: {
      down: () => iterable(false, { next: () => Object.defineProperty({}, "done", { get: throwing }) }),
    },
    ...responses,
  },
  {
    name: "return of responses that are read no further",
    handlers: {
      down: () =>
        iterable(false, {
          next: () => ({ done: false, value: { body: new Uint8Array(60_000) } }),
          return: throwing,
        }),
    },
    ...responses,
    call: left,
    ends: "OK",
    level: "info",
  },
  {
    name: "async return of responses that are read no further",
    handlers: {
      down: () =>
        iterable(true, {
          next: async () => (await sleep(1), { done: false, value: {} }),
          return: rejecting,
        }),
    },
    ...responses,
    call: left,
    ends: "OK",
    level: "info",
  },
  {
    name: "a getter of a response",
    handlers: { one: hostileMessage },
    by: "server",
    where: "response",
    ends: "UNKNOWN",
  },
  {
    name: "a codec of responses",
    service: withCodec("responseCodec", { encodeInto: throwing }),
    by: "server",
    where: "response",
    ends: "UNKNOWN",
  },
  {
    name: "a codec of requests that decodes",
    service: withCodec("requestCodec", { decode: throwing }),
    by: "server",
    where: "codec",
    ends: "INTERNAL",
  },
  {
    name: "a listener on the signal of a call",
    handlers: waiting((signal) => signal.addEventListener("abort", throwing)),
    ...listener,
  },
  {
    name: "an async listener on the signal of a call",
    handlers: waiting((signal) => signal.addEventListener("abort", rejecting)),
    ...listener,
  },
  {
    name: "a listener that is an object",
    handlers: waiting((signal) => signal.addEventListener("abort", { handleEvent: throwing })),
    ...listener,
  },
  {
    name: "onabort of the signal of a call",
    handlers: waiting((signal) => signal.onabort = throwing),
    uncaught: true,
    ...listener,
  },
  {
    name: "a listener on a signal that depends on a call's",
    handlers: waiting((signal) => AbortSignal.any([signal]).addEventListener("abort", throwing)),
    uncaught: true,
    ...listener,
  },
  {
    name: "onHeaders",
    call: one({ onHeaders: throwing }),
    by: "channel",
    where: "onHeaders",
    ends: "CANCELLED",
  },
  {
    name: "onHeaders of a stream",
    call: (client) => collect(client.down({ number: 3 }, { onHeaders: throwing })),
    by: "channel",
    where: "onHeaders",
    ends: "CANCELLED",
  },
  {
    name: "async onHeaders",
    handlers: waiting((_signal, call) => call.sendMetadata(call.metadata)),
    call: one({ onHeaders: rejecting }),
    by: "channel",
    where: "onHeaders",
    ends: "CANCELLED",
  },
  { name: "onTrailers", call: one({ onTrailers: throwing }), by: "channel", where: "onTrailers", ends: "OK" },
  {
    name: "async onTrailers",
    call: one({ onTrailers: rejecting }),
    by: "channel",
    where: "onTrailers",
    ends: "OK",
  },
  {
    name: "onTrailers of a call that failed",
    handlers: { one: () => Promise.reject(new RpcError("ABORTED")) },
    call: one({ onTrailers: throwing }),
    by: "channel",
    where: "onTrailers",
    ends: "ABORTED",
  },
  {
    name: "a getter of a request",
    call: (client) => client.one(hostileMessage()),
    by: "channel",
    where: "request",
    level: "info",
    ends: "INTERNAL",
  },
  {
    name: "a codec of requests that encodes",
    service: withCodec("requestCodec", { encodeInto: throwing }),
    by: "channel",
    where: "request",
    level: "info",
    ends: "INTERNAL",
  },
  {
    name: "a codec of responses that decodes",
    service: withCodec("responseCodec", { decode: throwing }),
    by: "channel",
    where: "codec",
    level: "info",
    ends: "INTERNAL",
  },
  { name: "requests at their beginning", call: up({ [Symbol.iterator]: throwing }), ...requests },
  { name: "a generator of requests half way", call: (client) => client.up(half()), ...requests },
  { name: "an async generator of requests half way", call: (client) => client.up(halfLater()), ...requests },
  { name: "next of requests", call: up(iterable(false, { next: throwing })), ...requests },
  { name: "async next of requests", call: up(iterable(true, { next: throwing })), ...requests },
  { name: "async next's promise of requests", call: up(iterable(true, { next: rejecting })), ...requests },
  {
    name: "return of requests that nobody wants any more",
    handlers: { up: () => Promise.reject(new RpcError("ABORTED")) },
    call: up(
      iterable(false, {
        next: () => ({ done: false, value: { body: new Uint8Array(60_000) } }),
        return: throwing,
      }),
    ),
    ...requests,
    ends: "ABORTED",
  },
  {
    name: "requests that are refused after their call has ended",
    handlers: { up: () => Promise.reject(new RpcError("ABORTED")) },
    call: (client) => {
      const over = gate();
      const call = client.up(iterable(true, { next: () => over.opened.then(throwing) }));
      return call.finally(over.open);
    },
    ...requests,
    ends: "ABORTED",
  },
];

async function statusOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return statusName(error.code);
  }
}

/** Runs one place, with an innocent call on the same connection beside it and another one after it. */
export async function runPlace(place: Place, poller: string): Promise<void> {
  const { name, handlers, call = one({}), ends, by, where, level = "error", service = Trial } = place;
  const reported: unknown[][] = [];
  const report = (side: string) => (error: unknown, context: ErrorContext) => {
    reported.push([side, error === boom, context.where, context.level]);
  };
  const server = new Server({ poller, onError: report("server") });
  server.addService({ ...service, fullName: "trial.Trial" }, { ...echo, ...handlers });
  const { Trial: innocent } = parseProto<TrialProto>(
    TRIAL_PROTO.replace("package trial", "package innocent"),
  );
  server.addService(innocent, echo);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, {
    poller,
    onError: report("channel"),
  });
  try {
    const beside = createClient(innocent, channel);
    const stream = beside.both((async function* () {
      yield { number: 1 };
      await until(() => reported.length > 0);
      yield { number: 2 };
    })());
    assertEquals((await stream.next()).value?.number, 2);
    const ended = statusOf(call(createClient(service, channel)));
    assertEquals([name, (await beside.one({ number: 5 })).number], [name, 5]);
    assertEquals([name, await ended], [name, ends]);
    await until(() => reported.length > 0);
    assertEquals([name, numbersOf(await collect(stream))], [name, [4]]);
    await sleep(5); // nor once more
    assertEquals([name, ...reported], [name, [by, true, where, level]]);
    assertEquals([name, (await beside.one({ number: 6 })).number, channel.state], [name, 6, "READY"]);
  } finally {
    channel.close();
    server.close();
  }
}

if (isMain) {
  const uncaught = (error: unknown) => console.log("uncaught:", error);
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", uncaught);
  const alone = PLACES.filter((place) => place.uncaught);
  for (const place of alone) await runPlace(place, process.argv[2]!);
  console.log(`${alone.length} places`);
}
