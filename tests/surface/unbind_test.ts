// What changes while a server runs: services that are removed, addresses that are unbound, connections that are drained.
import { assert, assertEquals, assertGreater, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Channel, createClient, parseProto, Server, Status, tls } from "pollwire";
import { Authority } from "../../examples/tls/authority.ts";
import { NODE_TLS } from "../../transport/tls/node/context.ts";
import { OPENSSL } from "../../transport/tls/openssl/provider.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import {
  collect,
  echo,
  failure,
  gate,
  neverAnswering,
  numbersOf,
  serving,
  sleep,
  Trial,
  TRIAL_PROTO,
  type TrialProto,
  until,
} from "./serving.ts";

const { Trial: Trials } = parseProto<TrialProto>(TRIAL_PROTO.replace("package trial", "package trials"));

test("removeService: a running call goes on, later ones are UNIMPLEMENTED, also ones like those before", () => {
  const started = gate();
  const finish = gate();
  return serving({
    ...echo,
    down: async function* () {
      started.open();
      yield { number: 1 };
      await finish.opened;
      yield { number: 2 };
    },
  }, async ({ client, server }) => {
    const running = collect(client.down({}));
    await started.opened;
    // Alike, so that their header sections are remembered, and what they were found to ask for with them.
    for (let i = 0; i < 5; i++) await client.one({ number: i });
    server.removeService(Trial);
    for (const call of [client.one({}), client.one({}), collect(client.down({}))]) {
      const error = await failure(call);
      assertEquals([error.code, error.details.split(" /")[0]], [Status.UNIMPLEMENTED, "unknown service"]);
    }
    finish.open();
    assertEquals(numbersOf(await running), [1, 2]);
  });
});

test("removeService: the service may be added again, with other handlers, and no other service is touched", () =>
  serving({ one: () => ({ text: "first" }) }, async ({ client, channel, server }) => {
    server.addService(Trials, { one: () => ({ text: "other" }) });
    for (const name of ["second", "third"]) {
      await client.one({});
      server.removeService(Trial);
      assertEquals((await createClient(Trials, channel).one({})).text, "other");
      server.addService(Trial, { one: () => ({ text: name }) });
      assertEquals((await client.one({})).text, name);
    }
    assertThrows(() => server.addService(Trial, { one: () => ({}) }), TypeError, "served already");
  }));

test("removeService: one that is not served is a TypeError", () =>
  serving(echo, async ({ client, server }) => {
    assertThrows(
      () => server.removeService(Trials),
      TypeError,
      "Cannot remove trials.Trial: it is not served",
    );
    server.removeService(Trial);
    assertThrows(() => server.removeService(Trial), TypeError);
    assertEquals((await failure(client.one({}))).code, Status.UNIMPLEMENTED);
  }));

test("unbind: nobody connects there any more, connections and other addresses go on", () =>
  serving(echo, async ({ client, server, port }) => {
    const other = await server.listen("127.0.0.1:0");
    await client.one({});
    for (const [at, closed] of [[`127.0.0.1:${other}`, other], [port, port]] as const) {
      await server.unbind(at);
      assertThrows(() => void server.unbind(at), TypeError); // though the connection is still there
      const late = new Channel(`127.0.0.1:${closed}`);
      assertEquals((await failure(createClient(Trial, late).one({}))).code, Status.UNAVAILABLE);
      late.close();
      assertEquals((await client.one({ number: 7 })).number, 7);
    }
    const again = await server.listen("127.0.0.1:0");
    const channel = new Channel(`127.0.0.1:${again}`);
    assertEquals((await createClient(Trial, channel).one({ number: 8 })).number, 8);
    channel.close();
  }));

test("unbind: by the port that listen gave, or the address it was given, with that port; once", async () => {
  const server = new Server();
  try {
    for (const host of ["127.0.0.1", "localhost"]) {
      for (const named of [true, false]) {
        const port = await server.listen(`${host}:0`);
        const beside = await server.listen(`${host}:0`);
        await server.unbind(named ? `${host}:${port}` : port);
        assertThrows(
          () => void server.unbind(port),
          TypeError,
          `Cannot unbind ${port}: the server listens on ${host}:${beside}`,
        );
        await server.unbind(beside);
      }
    }
    assertThrows(() => void server.unbind("127.0.0.1:1"), TypeError, "the server listens nowhere");
    assertThrows(() => void server.unbind(0), TypeError);
    assertThrows(() => void server.unbind("127.0.0.1:99999"), TypeError, "port must be");
  } finally {
    server.close();
  }
});

test("unbind: a unix socket, whose file is gone then", async () => {
  const address = `unix:${join(tmpdir(), `pollwire-unbind-${crypto.randomUUID()}.sock`)}`;
  const server = new Server();
  server.addService(Trial, echo);
  try {
    for (let round = 0; round < 2; round++) {
      await server.listen(address);
      const channel = new Channel(address);
      assertEquals((await createClient(Trial, channel).one({ number: 3 })).number, 3);
      channel.close();
      assertThrows(() => void server.unbind(0), TypeError, `the server listens on ${address}`);
      await server.unbind(address);
    }
  } finally {
    server.close();
    await server.shutdown();
  }
}, {
  skip: process.platform === "win32" ? "Wine and the runtimes on Windows have no unix sockets" : undefined,
});

test("drain: running calls end in their own time, new ones get a connection of their own", () => {
  const started = gate();
  const finish = gate();
  return serving({
    ...echo,
    down: async function* () {
      started.open();
      await finish.opened;
      yield { number: 2 };
    },
  }, async ({ client, server, port }) => {
    const running = collect(client.down({}));
    await started.opened;
    let drained = false;
    const drain = server.drain(port).then(() => drained = true);
    assertEquals((await client.one({ number: 5 })).number, 5);
    assertEquals(drained, false);
    finish.open();
    assertEquals(numbersOf(await running), [2]);
    await drain;
    assertEquals((await client.one({ number: 6 })).number, 6); // by the connection that came after it
  });
});

test("drain: several connections are waited for, each in its own time", async () => {
  const simulation = new Simulation();
  const [at, from] = [simulation.host(), simulation.host()];
  const finish = [gate(), gate()];
  const server = new Server({ poller: at });
  server.addService(Trial, { one: ({ number }) => finish[number!]!.opened.then(() => ({})) });
  await server.listen(`${at.hostAddress}:80`);
  const own = { poller: from, shareConnections: false };
  const channels = finish.map(() => new Channel(`${at.hostAddress}:80`, own));
  const calls = channels.map((channel, number) => createClient(Trial, channel).one({ number }));
  await simulation.run();
  let drained = false;
  const drain = server.drain(80).then(() => drained = true);
  for (const [number, call] of calls.entries()) {
    await simulation.run({ until: simulation.now + 1_000 });
    assertEquals(drained, false);
    finish[number]!.open();
    await simulation.run();
    await call;
  }
  await drain;
  for (const channel of channels) channel.close();
  server.close();
  await simulation.run();
});

test("drain: connections to other addresses stay, and what is unbound can be drained", () => {
  const peers = new Set<string>();
  return serving({
    one: (_request, call) => (peers.add(JSON.stringify(call.peer)), {}),
  }, async ({ client, server, port }) => {
    const other = await server.listen("127.0.0.1:0");
    await client.one({});
    await server.unbind(other);
    await server.drain(other);
    await server.drain("127.0.0.1:1"); // nothing is open there
    await client.one({});
    assertEquals(peers.size, 1);
    await server.unbind(port);
    await server.drain(port);
    assertEquals((await failure(client.one({}))).code, Status.UNAVAILABLE);
  });
});

test("drain: after graceMs what is left is closed, and its calls are UNAVAILABLE", () => {
  const seen = { started: 0, aborted: 0 };
  return serving(neverAnswering(seen), async ({ client, server, port }) => {
    for (let round = 1; round <= 2; round++) {
      const call = failure(client.one({}));
      await until(() => seen.started === round);
      const startedAt = performance.now();
      await server.drain(`127.0.0.1:${port}`, 100);
      assertGreater(performance.now() - startedAt, 90);
      const error = await call;
      assertEquals(error.code, Status.UNAVAILABLE);
      assertMatch(error.details, /server drained 127\.0\.0\.1:\d+ for 100 ms/);
    }
    await until(() => seen.aborted === 2);
  });
});

test("drain with graceMs leaves no timer where all is gone before", () =>
  serving(echo, async ({ client, server, port }) => {
    await client.one({});
    await server.drain(port, 600_000); // which the test would wait for
    await server.drain(port, 600_000);
  }));

const provider = [OPENSSL, NODE_TLS].find((one) => one.probe().usable)!.name;
const TLS_SOCKETS = { leaves: "a runtime's TLS sockets have timers that end after them" };

/** A server with TLS, its port, and a TCP connection whose handshake it waits for; ends both. */
async function whileSecuring(check: (server: Server, port: number, client: Socket) => Promise<void>) {
  const own = new Authority().issue({ name: "server", ip: ["127.0.0.1"] });
  const server = new Server({ credentials: tls.server({ ...own, provider }) });
  const port = await server.listen("127.0.0.1:0");
  const client = connect(port, "127.0.0.1").on("error", () => {});
  const closed = new Promise((resolve) => client.on("close", resolve));
  await until(() => server.describePending().includes("1 in a TLS handshake"));
  await check(server, port, client);
  client.destroy();
  await Promise.all([closed, server.shutdown()]);
}

test(
  "drain: a connection whose TLS handshake is under way is waited for, also where nothing listens any more",
  () =>
    whileSecuring(async (server, port, client) => {
      await server.unbind(port);
      let isDrained = false;
      const drained = server.drain(port).then(() => isDrained = true);
      await sleep(50);
      assertEquals(isDrained, false);
      client.destroy();
      await drained;
    }),
  TLS_SOCKETS,
);

test(
  "drain: a connection whose TLS handshake was under way ends when that is over",
  () =>
    whileSecuring(async (server, port, client) => {
      await server.unbind(port);
      const drained = server.drain(port);
      const secure = connectTls({ socket: client, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
      secure.on("error", () => {}).resume();
      await drained;
      assertMatch(server.describePending(), /^server: 0 connections, 0 running calls/);
    }),
  TLS_SOCKETS,
);

test(
  "drain: a TLS handshake that is under way after graceMs is given up",
  () =>
    whileSecuring(async (server, port) => {
      await server.drain(port, 20);
      assertMatch(server.describePending(), /^server: 0 connections, 0 running calls/);
    }),
  TLS_SOCKETS,
);

test("drain: a connection whose admission had its address unbound can be drained", async () => {
  const server = new Server({
    acceptConnection: () => {
      void server.unbind(port);
      return true;
    },
  });
  server.addService(Trial, echo);
  const port = await server.listen("127.0.0.1:0");
  const channel = new Channel(`127.0.0.1:${port}`);
  await createClient(Trial, channel).one({});
  await server.drain(port);
  assertMatch(server.describePending(), /^server: 0 connections/);
  channel.close();
  await server.shutdown();
});

test("shutdown ends what was unbound and is not drained", () =>
  serving(echo, async ({ client, server, port }) => {
    await client.one({});
    await server.unbind(port);
    await server.shutdown();
    assertThrows(() => void server.unbind(port), TypeError);
    await assertRejects(() => server.listen("127.0.0.1:0"), TypeError);
    assert((await failure(client.one({}))).code === Status.UNAVAILABLE);
  }));
