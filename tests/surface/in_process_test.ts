// Servers that are reached inside the process: their names, what each side owns, limits, drains, and who is not reached.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  createClient,
  createSyncClient,
  RpcError,
  Server,
  startReactorWorkers,
  Status,
  tls,
} from "pollwire";
import { Authority } from "../../examples/tls/authority.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import "../shared_engines.ts";
import { test } from "../harness.ts";
import { collect, echo, failure, gate, type Handlers, type Note, serving, Trial, until } from "./serving.ts";

interface World {
  readonly server: Server;
  readonly channel: Channel;
  readonly client: ReturnType<typeof createClient<typeof Trial>>;
}

let worlds = 0;

/** A server and a channel that meet by a name of their own. */
async function meeting(
  handlers: Handlers,
  check: (world: World & { readonly name: string }) => Promise<void>,
  options: {
    server?: ConstructorParameters<typeof Server>[0];
    channel?: ConstructorParameters<typeof Channel>[1];
  } = {},
): Promise<void> {
  const name = `inprocess:world-${worlds++}`;
  const server = new Server(options.server);
  server.addService(Trial, handlers);
  assertEquals(await server.listen(name), 0);
  const channel = new Channel(name, options.channel);
  try {
    await check({ server, channel, client: createClient(Trial, channel), name });
  } finally {
    channel.close();
    server.close();
    await server.shutdown();
  }
}

test("in process: both sides know each other by the name, and :authority is localhost", async () => {
  let seen: unknown[] = [];
  const handlers: Handlers = {
    one(request, { peer, authority, path, timeRemainingMs, metadata }) {
      seen = [
        peer,
        authority,
        path,
        metadata.get("a"),
        timeRemainingMs! > 5_000 && timeRemainingMs! <= 9_000,
      ];
      if (request.text === "fail") throw new RpcError("NOT_FOUND", "a\u{1f600} b");
      return request;
    },
  };
  await meeting(handlers, async ({ client, name }) => {
    assertEquals((await client.one({ number: 1 }, { metadata: { a: "1" }, deadlineMs: 9_000 })).number, 1);
    assertEquals(seen, [
      { family: "inprocess", name: name.slice(10) },
      "localhost",
      "/trial.Trial/One",
      "1",
      true,
    ]);
    const { peer, details } = await failure(client.one({ text: "fail" }));
    assertEquals([peer, details], [name, "a\u{1f600} b"]);
  });
});

test("in process: a name has one server, and is free when that one listens there no more", async () => {
  await meeting(echo, async ({ server, client, name }) => {
    assertEquals((await client.one({ number: 1 })).number, 1);
    const second = new Server();
    await assertRejects(() => second.listen(name), Error, `Cannot listen on ${name}`);
    await server.unbind(name);
    assertEquals((await client.one({ number: 1 })).number, 1);
    second.addService(Trial, { one: () => ({ number: 2 }) });
    await second.listen(name);
    await server.drain(name);
    assertEquals((await client.one({ number: 1 })).number, 2);
    await second.shutdown();
  });
});

test("in process: without a server calls are UNAVAILABLE, and those that are waitForReady wait for one", async () => {
  const name = "inprocess:later";
  const channel = new Channel(name, { initialBackoffMs: 1 });
  const client = createClient(Trial, channel);
  const { code, details } = await failure(client.one({}));
  assertEquals([code, details], [
    Status.UNAVAILABLE,
    `cannot connect to ${name}: no server of this thread listens there`,
  ]);
  const waiting = client.one({ number: 3 }, { waitForReady: true });
  const server = new Server();
  server.addService(Trial, echo);
  await server.listen(name);
  assertEquals((await waiting).number, 3);
  await channel[Symbol.asyncDispose]();
  await server.shutdown();
});

test("in process: a message that was handed over is nobody else's memory", async () => {
  const kept: Note[] = [];
  const handlers: Handlers = {
    one(request) {
      kept.push(request);
      request.body!.fill(0xff, 1); // its own
      return { body: new Uint8Array([request.number!]) };
    },
  };
  await meeting(handlers, async ({ client }) => {
    const body = new Uint8Array(100);
    const answers: Note[] = [];
    for (let number = 1; number <= 200; number++) {
      body[0] = number;
      answers.push(await client.one({ number, body }));
      assertEquals([body[0], body[99]], [number, 0]);
    }
    for (const [i, { body, number }] of kept.entries()) {
      assertEquals([number, body![0], body![99], answers[i]!.body![0]], [i + 1, i + 1, 0xff, i + 1]);
    }
  });
});

test("in process: nothing is called on its caller's stack", async () => {
  const lines: string[] = [];
  const handlers: Handlers = {
    one(request, call) {
      lines.push("handler begins");
      call.sendMetadata({});
      lines.push("handler ends");
      return request;
    },
  };
  await meeting(handlers, async ({ client }) => {
    await client.one({});
    lines.length = 0;
    const answer = client.one({}, { onHeaders: () => lines.push("headers") });
    lines.push("called");
    await answer;
    assertEquals(lines, ["called", "handler begins", "handler ends", "headers"]);
  });
});

test("in process: a call that is cancelled before its server has its turn never begins", async () => {
  let began = 0;
  const handlers: Handlers = {
    one(request) {
      began++;
      return request;
    },
  };
  await meeting(handlers, async ({ client }) => {
    await client.one({});
    const controller = new AbortController();
    const call = failure(client.one({}, { signal: controller.signal }));
    controller.abort();
    assertEquals((await call).code, Status.CANCELLED);
    await client.one({});
    assertEquals(began, 2);
  });
});

test("in process: maxConcurrentStreams holds, and calls beyond it wait for a stream", async () => {
  let [running, most] = [0, 0];
  const { opened, open } = gate();
  const handlers: Handlers = {
    async one(request) {
      most = Math.max(most, ++running);
      await opened;
      running--;
      return request;
    },
  };
  await meeting(handlers, async ({ client }) => {
    const calls = Array.from({ length: 5 }, (_, number) => client.one({ number }));
    await until(() => running === 2);
    open();
    assertEquals((await Promise.all(calls)).map(({ number }) => number), [0, 1, 2, 3, 4]);
    assertEquals(most, 2);
  }, { server: { settings: { maxConcurrentStreams: 2 } } });
});

test("in process: the largest messages and header lists are those of sockets", async () => {
  const big = new Uint8Array(2_000);
  const handlers: Handlers = {
    one: ({ text = "" }, call) => {
      if (text === "metadata") call.trailers.set("long", "x".repeat(5_000));
      return text === "big" ? { body: big } : {};
    },
  };
  await meeting(handlers, async ({ client }) => {
    for (const call of [client.one({ body: big }), client.one({ text: "big" })]) {
      const { code, details } = await failure(call);
      assertEquals(code, Status.RESOURCE_EXHAUSTED);
      assertMatch(details, /^received message of 2\d\d\d bytes is above the limit of 1000/);
    }
    const { details } = await failure(client.one({}, { metadata: { long: "y".repeat(5_000) } }));
    assertMatch(
      details,
      /^request metadata of 5\d\d\d bytes is above the peer's SETTINGS_MAX_HEADER_LIST_SIZE/,
    );
    const others = Number(/ of (\d+) bytes/.exec(details)![1]) - 5_000;
    const metadata = { long: "y".repeat(4_000 - others) }; // with grpc-timeout it is too much
    await client.one({}, { metadata });
    assertMatch(
      (await failure(client.one({}, { metadata, deadlineMs: 9_000 }))).details,
      /^request metadata/,
    );
    const trailers = await failure(client.one({ text: "metadata" }));
    assertEquals(trailers.code, Status.RESOURCE_EXHAUSTED);
    assertMatch(trailers.details, /^trailing metadata of 5\d\d\d bytes/);
    assertEquals(await client.one({}), { text: "", number: 0, body: new Uint8Array() });
  }, {
    server: { maxReceiveMessageBytes: 1_000, settings: { maxHeaderListSize: 4_000 } },
    channel: { maxReceiveMessageBytes: 1_000, settings: { maxHeaderListSize: 4_000 } },
  });
});

test("in process: a drain lets running calls finish and new ones have another connection; calls that were not begun are made again", async () => {
  const { opened, open } = gate();
  const peers = new Set<number>();
  let connections = 0;
  const handlers: Handlers = {
    async one(request) {
      peers.add(connections);
      if (request.text === "wait") await opened;
      return request;
    },
  };
  await meeting(handlers, async ({ client, server, name }) => {
    const running = client.one({ text: "wait", number: 1 });
    await until(() => peers.size === 1);
    const drained = server.drain(name);
    assertEquals((await client.one({ number: 2 })).number, 2);
    open();
    assertEquals((await running).number, 1);
    await drained;
    assertEquals([connections, [...peers]], [2, [1, 2]]);
    const ended = server.drain(name, 0); // closes what has calls
    const call = client.one({ number: 3 });
    assertEquals((await call).number, 3);
    await ended;
  }, {
    server: {
      acceptConnection() {
        connections++;
        return true;
      },
    },
  });
});

test("in process: a server that refuses the connection, or closes in the middle, leaves nobody waiting", async () => {
  let answer = (): boolean => false;
  await meeting(echo, async ({ client, server }) => {
    const refused = await failure(client.one({}));
    assertEquals(refused.code, Status.UNAVAILABLE);
    assertMatch(refused.details, /server closed the connection/);
    let isClosed = false;
    answer = () => {
      server.close();
      return isClosed = true;
    };
    await until(() => isClosed); // the channel has tried again
    assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
    await server.shutdown();
    const { details } = await failure(client.one({}));
    assertMatch(details, /server closed the connection|no server of this thread/);
  }, { server: { acceptConnection: () => answer() }, channel: { initialBackoffMs: 1 } });
});

test("in process: TLS, threads that block and workers are refused with the reason", async () => {
  const ca = new Authority();
  const secure = new Server({ credentials: tls.server(ca.issue({ name: "server", dns: ["localhost"] })) });
  await assertRejects(() => secure.listen("inprocess:secure"), TypeError, "there is no TLS inside a process");
  await secure.shutdown();
  await meeting(echo, async ({ client, name }) => {
    const channel = new Channel(name, { credentials: tls.client({ ca: ca.cert }) });
    const { details } = await failure(createClient(Trial, channel).one({}));
    assertEquals(
      details,
      `cannot connect to ${name}: there is no TLS inside a process; leave the credentials out`,
    );
    await channel[Symbol.asyncDispose]();
    const plain = new Channel(name);
    assertThrows(() => createSyncClient(Trial, plain).one({}, { deadlineMs: 1_000 }), Error);
    await plain[Symbol.asyncDispose]();
    assertEquals((await client.one({ number: 1 })).number, 1);
    const module = new URL("./workers/trial_service.ts", import.meta.url);
    await assertRejects(
      () => startReactorWorkers({ module, address: name }),
      TypeError,
      "are other threads",
    );
  });
}, { leaves: "libraries that were loaded for TLS and for threads that block" });

test("in process: each simulated host is a machine, and a server there does not hold the process", async () => {
  const simulation = new Simulation();
  const [here, there] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: here });
  server.addService(Trial, echo);
  await server.listen("inprocess:app");
  assertEquals(here.holds, 0);
  const channels = [here, there].map((poller) => new Channel("inprocess:app", { poller }));
  const [own, foreign] = channels.map((channel) => createClient(Trial, channel));
  const answers = Promise.allSettled([
    own!.one({ number: 1 }),
    foreign!.one({ number: 2 }),
    collect(own!.down({ number: 3 })),
  ]);
  await simulation.run();
  const [one, other, down] = await answers;
  assert(one.status === "fulfilled" && down.status === "fulfilled" && other.status === "rejected");
  assertEquals([one.value.number, down.value.length], [1, 3]);
  assertMatch(other.reason.details, /no server of this thread listens there/);
  assertEquals(here.holds, 0);
  for (const channel of channels) channel.close();
  server.close();
  await simulation.run();
});

test("in process: no poller connects to a name, and says so", async () => {
  await serving(echo, async ({ server }) => {
    const { engine } = server;
    const result = await new Promise<string>((resolve) =>
      engine.connect(
        { family: "inprocess", name: "x" },
        {},
        (done) => resolve(done.ok ? "connected" : done.error.message),
      )
    );
    assertMatch(result, /inprocess:x failed: it has no socket/);
  });
});
