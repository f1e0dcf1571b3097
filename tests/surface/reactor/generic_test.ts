// Reactors without a schema: a generic client, a generic service, and a proxy of both that passes everything on.
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  ClientBidiReactor,
  ClientUnaryReactor,
  type DoneStatus,
  type GenericReactorClient,
  genericReactorClient,
  Metadata,
  reactor,
  type ReactorContext,
  RpcError,
  Server,
  ServerBidiReactor,
  type ServerCall,
  Status,
} from "pollwire";
import { createClient } from "pollwire";
import { test } from "../../harness.ts";
import {
  CHUNK,
  collect,
  echo,
  endless,
  failure,
  type Handlers,
  type Note,
  numbers,
  numbersOf,
  serving,
  standstill,
  Trial,
  type TrialClient,
  UNREAD_LIMIT,
  until,
} from "../serving.ts";

const codec = Trial.methods.one.requestCodec;
const octets = (note: Note) => codec.encode(note);

/** Reads everything, and remembers it. */
class Raw extends ClientBidiReactor<Uint8Array, Uint8Array> {
  readonly got: Note[] = [];
  status: DoneStatus | undefined = undefined;
  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.got.push(codec.decode(this.message));
    this.startRead();
  }
  override onDone(status: DoneStatus): void {
    this.status = status;
  }
}

test("[Q118] a generic client makes calls of every kind with reactors", () =>
  serving(echo, async ({ channel }) => {
    const client = genericReactorClient(channel);
    let one: unknown[] = [];
    client.unary("/trial.Trial/One", octets({ text: "a" }), (status, response) => {
      one = [status.ok, codec.decode(response!).text];
    });
    class Unary extends ClientUnaryReactor<Uint8Array> {
      text: string | undefined = undefined;
      override onDone(): void {
        this.text = codec.decode(this.response).text;
      }
    }
    const unary = client.unary("/trial.Trial/One", octets({ text: "b" }), new Unary());
    unary.startCall();
    const both = client.bidiStreaming("/trial.Trial/Both", new Raw());
    both.startRead();
    both.startWriteLast(octets({ number: 4 }));
    both.startCall();
    const none = client.bidiStreaming("/other.Other/None", new Raw());
    none.startCall();
    await until(() => none.status !== undefined && both.status !== undefined && unary.text !== undefined);
    await until(() => one.length > 0);
    assertEquals([one, unary.text, numbersOf(both.got)], [[true, "a"], "b", [8]]);
    assertEquals(none.status?.code, Status.UNIMPLEMENTED);
    assertThrows(() => client.bidiStreaming("no path", new Raw()), TypeError, "/package.Service/Method");
    assertThrows(() => both.startWrite({} as never), TypeError, "its onDone was called");
    const unfit = client.bidiStreaming("/trial.Trial/Both", new Raw());
    assertThrows(() => unfit.startWrite({} as never), Error, "expected a Uint8Array");
    unfit.startWriteLast(octets({}));
    unfit.startRead();
    unfit.startCall();
    await until(() => unfit.status !== undefined);
  }));

test("[Q117] a generic service of reactors serves what no service has", () =>
  serving({ one: (request) => request }, async ({ channel, server, client }) => {
    const contexts: ReactorContext[] = [];
    class Twice extends ServerBidiReactor<Uint8Array, Uint8Array> {
      constructor(context: ReactorContext) {
        super(context);
        contexts.push(context);
        this.startRead();
      }
      override onReadDone(ok: boolean): void {
        if (!ok) return this.finish();
        this.startWrite(octets({ number: codec.decode(this.message).number! * 2 }));
      }
      override onWriteDone(): void {
        this.startRead();
      }
    }
    server.addGenericService(reactor((context) => new Twice(context)));
    assertEquals((await client.one({ number: 1 })).number, 1);
    assertEquals(numbersOf(await collect(client.both(numbers(3)))), [2, 4, 6]);
    assertEquals((await client.up([{ number: 5 }])).number, 10);
    const other = genericReactorClient(channel).bidiStreaming("/other.Other/Any", new Raw());
    other.startRead();
    other.startWriteLast(octets({ number: 9 }));
    other.startCall();
    await until(() => other.status !== undefined);
    assertEquals(numbersOf(other.got), [18]);
    assertEquals(contexts.map(({ path }) => path), [
      "/trial.Trial/Both",
      "/trial.Trial/Up",
      "/other.Other/Any",
    ]);
    assertThrows(() => server.addGenericService(() => []), TypeError, "the server has a generic service");
  }));

/** The server's half of a call that is passed on. */
class Front extends ServerBidiReactor<Uint8Array, Uint8Array> {
  private readonly back: Back;
  constructor(context: ReactorContext, to: GenericReactorClient) {
    super(context);
    const { metadata } = context;
    this.back = to.bidiStreaming(context.path, new Back(this), { parent: context, metadata });
    this.back.addHold(); // its operations are started from here
    this.back.startRead();
    this.back.startCall();
    this.startRead();
  }
  override onReadDone(ok: boolean): void {
    if (this.back.isOver) return;
    if (ok) this.back.startWrite(this.message);
    else if (!this.context.isCancelled) this.back.startWritesDone();
  }
  override onWriteDone(ok: boolean): void {
    if (ok && !this.back.isOver) this.back.startRead();
  }
  override onCancel(): void {
    this.back.tryCancel();
  }
}

/** The client's half. */
class Back extends ClientBidiReactor<Uint8Array, Uint8Array> {
  isOver = false;
  constructor(private readonly front: Front) {
    super();
  }
  override onReadInitialMetadataDone(ok: boolean): void {
    if (ok) this.front.startSendInitialMetadata(this.initialMetadata);
  }
  override onReadDone(ok: boolean): void {
    if (ok) return this.front.startWrite(this.message);
    this.isOver = true;
    this.removeHold();
  }
  override onWriteDone(ok: boolean): void {
    if (ok) this.front.startRead();
  }
  override onDone(status: DoneStatus): void {
    const { trailers } = this.front.context;
    if (status.error !== undefined) return this.front.finish(status.error);
    for (const [name, value] of status.metadata) trailers.append(name, value);
    this.front.finish();
  }
}

/** Runs `check` with a client of a proxy in front of a server with `handlers`. */
function proxied(
  handlers: Handlers,
  check: (client: TrialClient, bench: { front: Server; server: Server }) => Promise<void>,
  options: ChannelOptions = {},
): Promise<void> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  return serving(handlers, async ({ channel, server }) => {
    const front = new Server({ onError });
    const to = genericReactorClient(channel);
    front.addGenericService(reactor((context) => new Front(context, to)));
    const direct = new Channel(`127.0.0.1:${await front.listen("127.0.0.1:0")}`, options);
    try {
      await check(createClient(Trial, direct), { front, server });
      await until(() => !/call \//.test(front.describePending() + channel.describePending()));
    } finally {
      direct.close();
      front.close();
      await front.shutdown();
    }
    assertEquals(errors, []);
  }, { channel: { onError } });
}

test("[Q118] a proxy of reactors passes on messages, half-closes, metadata, statuses and trailers", () =>
  proxied({
    ...echo,
    async *both(requests, call) {
      call.sendMetadata({ "got": call.metadata.get("sent")!, "bytes-bin": call.metadata.get("bytes-bin")! });
      yield* requests;
      call.trailers.set("last", "one");
    },
    one: (request, call) => {
      call.trailers.set("near", "the end");
      if (request.text) throw new RpcError("NOT_FOUND", request.text, { metadata: { why: "gone" } });
      return request;
    },
  }, async (client) => {
    const metadata = new Metadata({ sent: "by the client", "bytes-bin": new Uint8Array([0, 255]) });
    const seen: unknown[] = [];
    const both = await collect(client.both(numbers(100), {
      metadata,
      onHeaders: (headers) => seen.push(headers.get("got"), headers.get("bytes-bin")),
      onTrailers: (trailers) => seen.push(trailers.get("last")),
    }));
    assertEquals(numbersOf(both).at(-1), 100);
    assertEquals(seen, ["by the client", new Uint8Array([0, 255]), "one"]);
    assertEquals(numbersOf(await collect(client.down({ number: 20 }))).length, 20);
    assertEquals((await client.up(numbers(10))).number, 55);
    assertEquals((await client.one({ number: 3 })).number, 3);
    const error = await failure(client.one({ text: "no such note" }));
    assertEquals([error.code, error.details, error.metadata.get("why")], [5, "no such note", "gone"]);
    const many = await Promise.all(Array.from({ length: 50 }, (_, number) => client.one({ number })));
    assertEquals(numbersOf(many), Array.from({ length: 50 }, (_, number) => number));
  }));

test("[Q118] a proxy of reactors passes on deadlines and cancels, and lost servers", async () => {
  const calls: ServerCall[] = [];
  await proxied({
    one: (_request, call) => {
      calls.push(call);
      return new Promise((resolve) => call.signal.addEventListener("abort", () => resolve({})));
    },
    down: (_request, call) => {
      calls.push(call);
      return endless(() => {});
    },
  }, async (client, { server }) => {
    for await (const { number } of client.down({})) if (number === 3) break; // all are connected now
    await until(() => calls[0]!.cancelled);
    const late = await failure(client.one({}, { deadlineMs: 500 }));
    assertEquals(late.code, Status.DEADLINE_EXCEEDED);
    assert(calls[1]!.timeRemainingMs !== undefined);
    assertLess(calls[1]!.timeRemainingMs, 500);
    await until(() => calls[1]!.cancelled);
    const abort = new AbortController();
    const cancelled = failure(client.one({}, { signal: abort.signal }));
    await until(() => calls.length === 3);
    abort.abort();
    await cancelled;
    await until(() => calls[2]!.cancelled);
    const lost = failure(client.one({}));
    await until(() => calls.length === 4);
    server.close();
    assertEquals((await lost).code, Status.UNAVAILABLE);
  });
});

test("[Q118] a proxy of reactors reads no more than can be passed on, both ways", () => {
  let sent = 0;
  let taken = 0;
  return proxied({
    down: function* () {
      for (; sent < 1_000; sent++) yield { body: new Uint8Array(CHUNK) };
    },
    up: (requests) =>
      new Promise((resolve) => {
        void (async () => {
          await until(() => taken > 0);
          resolve({ number: (await collect(requests)).length });
        })();
      }),
  }, async (client) => {
    const responses = client.down({});
    assertEquals((await responses.next()).done, false);
    // What three connections' windows and queues hold.
    assertLess(await standstill(() => sent) * CHUNK, 3 * UNREAD_LIMIT);
    assertEquals((await collect(responses)).length, 999);
    let given = 0;
    const up = client.up((function* () {
      for (; given < 1_000; given++) yield { body: new Uint8Array(CHUNK) };
    })());
    taken = 0;
    assertLess(await standstill(() => given) * CHUNK, 3 * UNREAD_LIMIT);
    taken = 1;
    assertEquals((await up).number, 1_000);
  });
}, { timeoutMs: 60_000 });
