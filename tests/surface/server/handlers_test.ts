// What handlers may rely on: `this`, the time that is left, and what unfit requests never reach.
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  Channel,
  createClient,
  type MethodDescriptor,
  type RpcError,
  Server,
  type ServerCall,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  END_STREAM,
  parse,
  PREFACE,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { RawPeer } from "../../transport/raw_peer.ts";
import {
  collect,
  failure,
  gate,
  type Handlers,
  type Note,
  numbersOf,
  serving,
  sleep,
  Trial,
  until,
} from "../serving.ts";

/** A server in virtual time, and calls made of frames. */
class World {
  readonly simulation = new Simulation();
  readonly host = this.simulation.host();
  readonly server = new Server({ poller: this.host });
  private readonly client = this.simulation.host();

  async serve(handlers: Handlers, service: typeof Trial = Trial): Promise<this> {
    this.server.addService(service, handlers);
    await this.server.listen(`${this.host.hostAddress}:80`);
    return this;
  }

  channel(): Channel {
    return new Channel(`${this.host.hostAddress}:80`, { poller: this.client });
  }

  /** What a call of `path` with these messages ends with. */
  async end(path: string, ...messages: number[][]): Promise<[status: number, message: string | undefined]> {
    const peer = await this.ask(path, [], [], ...messages);
    await this.simulation.run();
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
    let last = new Map<string, string>();
    for (const { type, payload } of parse(peer.received)) {
      if (type !== "HEADERS") continue;
      const list = decoder.decode(payload, 0, payload.length);
      assertInstanceOf(list, HeaderList);
      last = new Map(list);
    }
    peer.close();
    await this.simulation.run();
    return [Number(last.get("grpc-status")), last.get("grpc-message")];
  }

  /** A client with `settings` that has made a call of `path`. */
  async ask(
    path: string,
    settings: Array<[id: number, value: number]>,
    more: Array<[name: string, value: string]>,
    ...messages: number[][]
  ): Promise<RawPeer> {
    const peer = await this.open(path, settings, more);
    peer.send(data(1, framed(...messages), END_STREAM));
    return peer;
  }

  /** A client with `settings` that has begun a call of `path`. */
  async open(
    path: string,
    settings: Array<[id: number, value: number]>,
    more: Array<[name: string, value: string]>,
  ): Promise<RawPeer> {
    let peer: RawPeer | undefined;
    this.client.connect({ family: "ipv4", host: this.host.hostAddress, port: 80 }, {}, (result) => {
      if (result.ok) peer = new RawPeer(result.value);
    });
    await this.simulation.run({ until: this.simulation.now + 10 });
    const fields = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "test" };
    const head = new Bench("client").headers(1, [
      ...Object.entries(fields),
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ...more,
    ]);
    peer!.send(PREFACE, setting(...settings), SETTINGS_ACK, head);
    return peer!;
  }
}

function framed(...messages: number[][]): Uint8Array {
  return Uint8Array.from(messages.map((content) => [0, 0, 0, 0, content.length, ...content]).flat());
}

test("handlers: `this` is what they were given in, methods of a class included", () => {
  class Counter {
    private count = 0;
    one(): Note {
      return { number: ++this.count };
    }
    *down(): Iterable<Note> {
      for (let i = 0; i < 2; i++) yield { number: ++this.count };
    }
  }
  const counter = new Counter();
  const handlers: Handlers = {
    own: "of the object",
    one() {
      return { text: (this as unknown as { own: string }).own, number: counter.one().number! };
    },
    down: () => counter.down(),
  } as Handlers & { own: string };
  Object.defineProperty(handlers, "own", { enumerable: false });
  return serving(handlers, async ({ client }) => {
    assertEquals((await client.one({})).text, "of the object");
    assertEquals(numbersOf(await collect(client.down({}))), [2, 3]);
  });
});

test("handlers: the time that is left is never less than none, also when the call is long over", async () => {
  let call: ServerCall | undefined;
  const world = await new World().serve({
    one: (_request, given) => (call = given, new Promise<Note>(() => {})),
  });
  const channel = world.channel();
  const late = failure(createClient(Trial, channel).one({}, { deadlineMs: 100 }));
  await world.simulation.run({ until: 50 });
  assertEquals(call!.timeRemainingMs! > 40 && call!.timeRemainingMs! <= 60, true);
  await world.simulation.run({ until: 500 });
  assertEquals([call!.timeRemainingMs, call!.signal.aborted], [0, true]);
  assertEquals((await late).code, Status.DEADLINE_EXCEEDED);
  channel.close();
  world.server.close();
});

test("handlers: requests that the library cuts off end with the reason, never as if the client had sent them all", async () => {
  const cuts = { deadline: [0x10, 2], garbage: [0x10, 0xff] };
  const codes = { deadline: Status.DEADLINE_EXCEEDED, garbage: Status.INTERNAL };
  for (const cut of ["deadline", "garbage"] as const) {
    for (const waits of [true, false]) {
      const seen: unknown[] = [];
      const world = await new World().serve({
        async up(requests) {
          try {
            for await (const { number } of requests) {
              seen.push(number);
              if (!waits) await Promise.resolve();
            }
            seen.push("all");
          } catch (error) {
            seen.push((error as RpcError).code);
          }
          return {};
        },
      });
      const peer = await world.open("/trial.Trial/Up", [], [["grpc-timeout", "100m"]]);
      peer.send(data(1, framed([0x10, 1])));
      if (waits) await world.simulation.run({ until: world.simulation.now + 50 });
      peer.send(data(1, framed(cuts[cut])));
      await world.simulation.run({ until: world.simulation.now + 200 });
      assertEquals(seen, cut === "deadline" ? [1, 2, codes[cut]] : [1, codes[cut]], `${cut}, ${waits}`);
      peer.close();
      world.server.close();
      await world.simulation.run();
    }
  }
});

/** Resolves in a turn after that in which `signal` is aborted: the call is over then. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await sleep(1);
}

test("handlers: responses of another call that are returned when the call is over end with it", async () => {
  const ended: string[] = [];
  const begun = gate();
  await serving({
    down: async function* (_request, { signal }) {
      begun.open();
      try {
        yield { number: 1 };
        await aborted(signal);
      } finally {
        ended.push("upstream");
      }
    },
  }, async ({ client: upstream }) => {
    await serving({
      down: async (request, { signal }) => {
        const responses = upstream.down(request);
        await aborted(signal);
        return responses;
      },
    }, async ({ client }) => {
      const abort = new AbortController();
      const answer = failure(collect(client.down({}, { signal: abort.signal })));
      await begun.opened;
      abort.abort();
      assertEquals((await answer).code, Status.CANCELLED);
      await until(() => ended.length === 1);
    });
  });
});

test("handlers: a stream that is returned when the call is over is cancelled", async () => {
  const begun = gate();
  let cancelled = false;
  const stream = new ReadableStream<Note>({ cancel: () => void (cancelled = true) });
  const down = async (_request: Note, { signal }: ServerCall): Promise<ReadableStream<Note>> => {
    begun.open();
    await aborted(signal);
    return stream;
  };
  await serving({ down }, async ({ client }) => {
    const abort = new AbortController();
    const answer = failure(collect(client.down({}, { signal: abort.signal })));
    await begun.opened;
    abort.abort();
    assertEquals((await answer).code, Status.CANCELLED);
    await until(() => cancelled);
  });
});

test("handlers: a request whose client sends more later holds its own bytes, not the read that it came with", async () => {
  const { one } = Trial.methods as { one: MethodDescriptor<Note, Note, "unary"> };
  const held: number[] = [];
  const requestCodec = {
    ...one.requestCodec,
    decode(bytes: Uint8Array): Note {
      held.push(bytes.buffer.byteLength);
      return one.requestCodec.decode(bytes);
    },
  };
  const service = { ...Trial, methods: { ...Trial.methods, one: { ...one, requestCodec } } };
  const world = await new World().serve({ one: (request) => request }, service);
  const peer = await world.open("/trial.Trial/One", [], []);
  peer.send(data(1, framed([0x10, 1])));
  await world.simulation.run({ until: world.simulation.now + 50 });
  peer.send(data(1, new Uint8Array(0)), data(1, new Uint8Array(0), END_STREAM));
  await world.simulation.run({ until: world.simulation.now + 50 });
  assertEquals([held, peer.frames.at(-1)], [[2], "HEADERS 1 end"]);
  peer.close();
  world.server.close();
});

test("deadline: responses that the client does not take are cut off by RST_STREAM(CANCEL), finished or not", async () => {
  for (const finished of [true, false]) {
    let call: ServerCall | undefined;
    const world = await new World().serve({
      async *down(_request, given) {
        call = given;
        yield { body: new Uint8Array(1_000) };
        if (!finished) await new Promise((resolve) => given.signal.addEventListener("abort", resolve));
      },
    });
    const peer = await world.ask("/trial.Trial/Down", [[4, 10]], [["grpc-timeout", "100m"]], [0x10, 1]);
    await world.simulation.run({ until: world.simulation.now + 50 });
    assertEquals(peer.frames.slice(-2), ["HEADERS 1", "DATA 1 10"]);
    await world.simulation.run({ until: world.simulation.now + 200 });
    assertEquals(peer.frames.at(-1), "RST_STREAM 1 CANCEL");
    assertEquals(call!.cancelled, !finished);
    if (!finished) assertEquals((call!.signal.reason as RpcError).code, Status.DEADLINE_EXCEEDED);
    peer.close();
    world.server.close();
    await world.simulation.run();
  }
});

test("deadline: it is forgotten when the last octet of a finished call is out", async () => {
  const world = await new World().serve({
    *down() {
      yield { body: new Uint8Array(1_000) };
    },
  });
  const deadlines = new Set<unknown>();
  const { runAt, cancel } = world.host;
  world.host.runAt = (at, closure) => {
    const task = runAt.call(world.host, at, closure);
    if (Math.abs(at - world.simulation.now - 100) < 1) deadlines.add(task);
    return task;
  };
  world.host.cancel = (task) => (deadlines.delete(task), cancel.call(world.host, task));
  const peer = await world.ask("/trial.Trial/Down", [[4, 10]], [["grpc-timeout", "100m"]], [0x10, 1]);
  await world.simulation.run({ until: world.simulation.now + 20 });
  assertEquals(deadlines.size, 1);
  peer.send(windowUpdate(1, 10_000));
  await world.simulation.run({ until: world.simulation.now + 20 });
  assertEquals([peer.frames.at(-1), deadlines.size], ["HEADERS 1 end", 0]);
  peer.close();
  world.server.close();
});

test("[C85] handlers: a unary request of none or two messages is refused by what was wrong", async () => {
  let calls = 0;
  const world = await new World().serve({ one: (request) => (calls++, request) });
  const about = (...messages: number[][]) => world.end("/trial.Trial/One", ...messages);
  assertEquals(await about(), [Status.UNIMPLEMENTED, "client sent no request message"]);
  assertEquals(await about([0x10, 1], [0x10, 2]), [
    Status.UNIMPLEMENTED,
    "client sent more than one request message",
  ]);
  assertEquals(calls, 0);
  assertEquals((await about([0x10, 1]))[0], Status.OK);
  assertEquals(calls, 1);
  world.server.close();
});

test("handlers: a path that nobody serves is told by whether its service is known", async () => {
  const world = await new World().serve({ one: (request) => request });
  for (const path of ["/trial.Trial/Down", "/trial.Trial/None", "/trial.Trial/"]) {
    assertEquals(await world.end(path, []), [Status.UNIMPLEMENTED, `unknown method ${path}`]);
  }
  for (const path of ["/trial.Tria/One", "/trial.Trials/One"]) {
    assertEquals(await world.end(path, []), [Status.UNIMPLEMENTED, `unknown service ${path}`]);
  }
  world.server.close();
});
