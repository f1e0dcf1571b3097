// What channels and servers live through: connecting, losing the peer, stopping; and the addresses they do it at.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createServer } from "node:net";
import { Channel, createClient, Server, Status } from "pollwire";
import { callContext } from "../../surface/channel/channel.ts";
import { freePort } from "../free_port.ts";
import { test } from "../harness.ts";
import {
  CHUNK,
  echo,
  failure,
  gate,
  type Handlers,
  neverAnswering,
  type Note,
  numbers,
  numbersOf,
  serving,
  sleep,
  Trial,
  until,
} from "./serving.ts";

test("state: IDLE, CONNECTING, READY, SHUTDOWN", () =>
  serving(echo, async ({ channel }) => {
    assertEquals(channel.state, "IDLE");
    channel.connect();
    assertEquals(channel.state, "CONNECTING");
    assertEquals(await channel.stateChange("CONNECTING"), "READY");
    const next = channel.stateChange("READY");
    channel.close();
    channel.close();
    assertEquals([await next, channel.state], ["SHUTDOWN", "SHUTDOWN"]);
  }));

test("a wait for another state is given up by its signal, which is let go when the state has changed", () =>
  serving(echo, async ({ channel }) => {
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, given);
    };
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, given);
    };
    channel.connect();
    assertEquals(await channel.stateChange("CONNECTING", signal), "READY");
    assertEquals(listeners, 0);
    assertEquals(await channel.stateChange("IDLE", signal), "READY");
    const waits = [channel.stateChange("READY", signal), channel.stateChange("READY", signal)];
    const goesOn = channel.stateChange("READY");
    assertEquals(listeners, 2);
    const reason = new Error("no longer of interest");
    abort.abort(reason);
    assertEquals(await Promise.all(waits.map((wait) => wait.catch((error) => error))), [reason, reason]);
    assertEquals(listeners, 0);
    assertEquals(await channel.stateChange("READY", signal).catch((error) => error), reason);
    channel.close();
    assertEquals(await goesOn, "SHUTDOWN");
  }));

test("the channel connects again after its server was restarted on the same port", async () => {
  const first = new Server();
  first.addService(Trial, { one: () => ({ text: "first" }) });
  const port = await first.listen("127.0.0.1:0");
  const channel = new Channel(`127.0.0.1:${port}`, { initialBackoffMs: 50 });
  const second = new Server();
  try {
    const client = createClient(Trial, channel);
    assertEquals((await client.one({})).text, "first");
    first.close();
    await first.shutdown();
    if (channel.state === "READY") await channel.stateChange("READY");
    second.addService(Trial, { one: () => ({ text: "second" }) });
    assertEquals(await second.listen(`127.0.0.1:${port}`), port);
    const answer = await client.one({}, { waitForReady: true, deadlineMs: 10_000 });
    assertEquals(answer.text, "second");
  } finally {
    channel.close();
    first.close();
    second.close();
  }
});

test("a call that is made in the turn in which its server begins to listen is served", async () => {
  await using server = new Server();
  server.addService(Trial, { one: () => ({ text: "here" }) });
  const port = await freePort();
  const listening = server.listen(`127.0.0.1:${port}`); // as bindAsync of grpc-js is called, with nobody waiting for it
  using channel = new Channel(`127.0.0.1:${port}`);
  assertEquals((await createClient(Trial, channel).one({})).text, "here");
  assertEquals(await listening, port);
});

test("waitForReady: a call made before there is a server waits for it", async () => {
  const probe = new Server();
  const port = await probe.listen("127.0.0.1:0");
  probe.close();
  await probe.shutdown();
  const channel = new Channel(`127.0.0.1:${port}`, { initialBackoffMs: 50 });
  const server = new Server();
  try {
    const answer = createClient(Trial, channel).one({ text: "patient" }, {
      waitForReady: true,
      deadlineMs: 15_000,
    });
    while (channel.state !== "TRANSIENT_FAILURE") await channel.stateChange(channel.state);
    server.addService(Trial, echo);
    await server.listen(`127.0.0.1:${port}`);
    assertEquals((await answer).text, "patient");
  } finally {
    channel.close();
    server.close();
  }
});

test("a call that waits for a connection sends the message that it was made with", () =>
  serving(echo, async ({ port }) => {
    await using channel = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
    const client = createClient(Trial, channel);
    const message = { text: "before", number: 1 };
    const answers = [client.one(message), client.one(message, { waitForReady: true })];
    message.text = "after";
    for (const answer of answers) assertEquals((await answer).text, "before");
    assertEquals((await client.one(message)).text, "after");
  }));

test("graceful shutdown lets a running call finish, and refuses new ones", () => {
  const started = gate();
  const finish = gate();
  return serving({
    one: async () => {
      started.open();
      await finish.opened;
      return { text: "finished" };
    },
  }, async ({ client, server }) => {
    const running = client.one({});
    await started.opened;
    let down = false;
    const shutdown = server.shutdown().then(() => down = true);
    await sleep(50);
    assertEquals((await failure(client.one({}, { deadlineMs: 5000 }))).code, Status.UNAVAILABLE);
    assertEquals(down, false);
    finish.open();
    assertEquals((await running).text, "finished");
    await shutdown;
  });
});

test("graceful shutdown: clients that are still sending get the answers of their calls", async () => {
  for (let round = 0; round < 10; round++) {
    let stopping = false;
    const handlers: Handlers = {
      ...echo,
      up: async (requests) => {
        for await (const _ of requests) if (stopping) break;
        return { number: 7 };
      },
    };
    await serving(handlers, async ({ client, server }) => {
      let sending = 0;
      async function* chunks(): AsyncGenerator<Note> {
        sending++;
        try {
          for (let i = 0;; i++) {
            yield { body: new Uint8Array(CHUNK) };
            if (i % 8 === 7) await sleep(0);
          }
        } finally {
          sending--;
        }
      }
      const answers = Promise.all([1, 2, 3].map(() => client.up(chunks())));
      await client.one({});
      const shutdown = server.shutdown();
      await sleep(20);
      stopping = true;
      assertEquals(numbersOf(await answers), [7, 7, 7]);
      await shutdown;
      await until(() => sending === 0); // the last sleep of each is over
    });
  }
});

test("shutdown with graceMs ends what still runs after it", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client, server }) => {
    const call = failure(client.one({}));
    await until(() => seen.started === 1);
    const startedAt = performance.now();
    await server.shutdown({ graceMs: 100 });
    assertGreater(performance.now() - startedAt, 90);
    assertEquals((await call).code, Status.UNAVAILABLE);
    await until(() => seen.aborted === 1);
  });
});

test("shutdown may be called again with a grace, and with a shorter one", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client, server }) => {
    const call = failure(client.one({}));
    await until(() => seen.started === 1);
    const all = [server.shutdown(), server.shutdown({ graceMs: 600_000 }), server.shutdown({ graceMs: 10 })];
    await Promise.all(all);
    assertEquals((await call).code, Status.UNAVAILABLE);
    await until(() => seen.aborted === 1);
    await server.shutdown({ graceMs: 600_000 });
  });
});

test("server.close() fails running calls with UNAVAILABLE, and their handlers hear of it", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client, server }) => {
    const calls = [failure(client.one({})), failure(client.one({}))];
    await until(() => seen.started === 2);
    server.close();
    for (const error of await Promise.all(calls)) assertEquals(error.code, Status.UNAVAILABLE);
    await until(() => seen.aborted === 2);
    await server.shutdown();
  });
});

test("a channel that was closed is disposed of when all that it had is closed", async () => {
  const channel = new Channel("127.0.0.1:1");
  let isClosed = false;
  callContext("look at it", channel).end.closers.add(async () => {
    await sleep(50);
    isClosed = true;
  });
  channel.close();
  await channel[Symbol.asyncDispose]();
  assert(isClosed);
});

test("channel.close() fails running calls with UNAVAILABLE, and the server's handlers hear of it", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client, channel }) => {
    const call = failure(client.one({}));
    await until(() => seen.started === 1);
    channel.close();
    assertEquals((await call).code, Status.UNAVAILABLE);
    await until(() => seen.aborted === 1);
  });
});

test("unix socket", async () => {
  const address = `unix:${join(tmpdir(), `pollwire-e2e-${crypto.randomUUID()}.sock`)}`;
  const authorities: string[] = [];
  const server = new Server();
  server.addService(Trial, { ...echo, one: (request, call) => (authorities.push(call.authority), request) });
  assertEquals(await server.listen(address), 0);
  const channel = new Channel(address);
  try {
    const client = createClient(Trial, channel);
    assertEquals((await client.one({ text: "over a file" })).text, "over a file");
    assertEquals(authorities, ["localhost"]);
    assertEquals((await client.up(numbers(10))).number, 55);
  } finally {
    channel.close();
    server.close();
    await server.shutdown();
  }
}, {
  skip: process.platform === "win32" ? "Wine and the runtimes on Windows have no unix sockets" : undefined,
});

const noIpv6 = await new Promise<string | undefined>((resolve) => {
  const probe = createServer();
  probe.on("error", (error) => resolve(`this machine cannot listen on ::1: ${error.message}`));
  probe.listen(0, "::1", () => probe.close(() => resolve(undefined)));
});

test("IPv6", () =>
  serving(
    echo,
    async ({ client }) => {
      assertEquals((await client.one({ text: "six" })).text, "six");
    },
    { host: "[::1]" },
  ), { skip: noIpv6 });

test("a name that resolves: localhost", () =>
  serving(
    echo,
    async ({ client }) => {
      assertEquals((await client.one({ text: "named" })).text, "named");
    },
    { host: "localhost" },
  ));

test("one server may listen on two addresses, and serve two services' worth of channels", async () => {
  const server = new Server();
  server.addService(Trial, echo);
  const ports = [await server.listen("127.0.0.1:0"), await server.listen("127.0.0.1:0")];
  const channels = ports.map((port) => new Channel(`127.0.0.1:${port}`));
  try {
    assert(ports[0] !== ports[1]);
    const answers = channels.map((channel, i) => createClient(Trial, channel).one({ number: i + 1 }));
    assertEquals(numbersOf(await Promise.all(answers)), [1, 2]);
  } finally {
    for (const channel of channels) channel.close();
    server.close();
  }
});
