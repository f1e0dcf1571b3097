// Plaintext: where it needs a choice, and what choosing it does.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  createClient,
  type EventEngine,
  insecure,
  selectPoller,
  Server,
  type ServerOptions,
  startReactorWorkers,
  Status,
  tls,
} from "pollwire";
import { isOfOneMachine, parseTarget, type SocketAddress } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Authority } from "../../../examples/tls/authority.ts";
import { test } from "../../harness.ts";
import { whyNot } from "../workers/sharing.ts";
import { echo, failure, Trial } from "../serving.ts";

const BOTH_WAYS = /give credentials: tls\.(?:client|server)\(\.\.\.\), or credentials: insecure$/;

test("which addresses no other machine can have as its peer's", () => {
  const of = (text: string): boolean => isOfOneMachine(parseTarget(text) as SocketAddress);
  for (
    const inside of ["127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1"]
  ) {
    assert(of(inside), inside);
  }
  for (const inside of ["unix:/run/app.sock", "unix-abstract:app", "npipe:app"]) assert(of(inside), inside);
  for (
    const other of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1", "[::2]:1", "[1::1]:1", "[fe80::1]:1"]
  ) {
    assert(!of(other), other);
  }
});

test("no mapped address is inside but that of a loopback address", () => {
  assert(!isOfOneMachine({ family: "ipv6", host: "::ffff:10.0.0.1", port: 1 }));
  for (const host of ["::ffff:127.0.0.1", "::ffff:7f00:1"]) {
    assert(isOfOneMachine({ family: "ipv6", host, port: 1 }));
  }
});

test("a channel to another machine's address needs credentials, and the error names both ways out", () => {
  for (const target of ["10.0.0.9:80", "[2001:db8::1]:80", "ipv4:10.0.0.9:80"]) {
    const error = assertThrows(() => new Channel(target), TypeError, "Cannot make a channel to ");
    assertMatch(error.message, /connections are plaintext/);
    assertMatch(error.message, BOTH_WAYS);
  }
  for (
    const target of ["127.0.0.1:80", "[::1]:80", "unix:/nowhere", "unix-abstract:nowhere", "localhost:80"]
  ) {
    new Channel(target).close();
  }
  new Channel("10.0.0.9:80", { credentials: insecure }).close();
  new Channel("10.0.0.9:80", { credentials: tls.client({ provider: "node" }) }).close();
});

test("a server listens without credentials where no other machine can connect, and nowhere else", async () => {
  const server = new Server();
  for (const address of ["0.0.0.0:0", "[::]:0"]) {
    const error = await assertRejects(() => server.listen(address), TypeError, "Cannot listen on ");
    assertMatch((error as Error).message, BOTH_WAYS);
  }
  for (const address of ["127.0.0.1:0", "localhost:0"]) await server.listen(address);
  await server.shutdown();
  const chosen = new Server({ credentials: insecure });
  assert(await chosen.listen("0.0.0.0:0") > 0);
  await chosen.shutdown();
});

test("reactor workers take the choice along, and need it", async () => {
  const module = new URL("../workers/trial_service.ts", import.meta.url);
  const shared = { module, address: "0.0.0.0:0", threads: 1 };
  const error = await assertRejects(
    () => startReactorWorkers(shared),
    TypeError,
    "Cannot listen on 0.0.0.0:0",
  );
  assertMatch((error as Error).message, BOTH_WAYS);
  const workers = await startReactorWorkers({ ...shared, server: { credentials: insecure } });
  const channel = new Channel(`127.0.0.1:${workers.port}`);
  assertEquals((await createClient(Trial, channel).one({ text: "", number: 1 })).number, 0);
  channel.close();
  await workers.shutdown({ graceMs: 0 });
}, { skip: whyNot("reuse-port", selectPoller().name) });

/** An engine in a simulated network that says it is none. */
function elsewhere(engine: EventEngine): EventEngine {
  return new Proxy(engine, {
    get(target, name) {
      if (name === "name") return "elsewhere";
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

for (const credentials of [undefined, insecure]) {
  test(`a name of another machine, credentials ${credentials}: no byte goes there but by choice`, async () => {
    const simulation = new Simulation({ seed: 1 });
    const [there, here] = [simulation.host(), simulation.host()];
    const chosen: Pick<ServerOptions & ChannelOptions, "credentials"> = credentials === undefined
      ? {}
      : { credentials };
    const server = new Server({ poller: there });
    server.addService(Trial, echo);
    await server.listen("0.0.0.0:80");
    simulation.network.names.set("service.test", [there.hostAddress]);
    const channel = new Channel("service.test:80", { poller: elsewhere(here), ...chosen });
    const call = createClient(Trial, channel).one({ text: "a" });
    const outcome = credentials === undefined ? failure(call) : call;
    await simulation.run({ until: 10 });
    if (credentials === undefined) {
      const error = await outcome as Awaited<ReturnType<typeof failure>>;
      assertEquals(error.code, Status.UNAVAILABLE);
      assertMatch(error.details, /^cannot connect to 10\.0\.0\.\d+:80: 10\.0\.0\.\d+:80 is not an address/);
      assertMatch(error.details, BOTH_WAYS);
      assertEquals(here.opened.size, 0);
    } else assertEquals((await outcome as { text?: string }).text, "a");
    channel.close();
    server.close();
    await simulation.run();
  });
}

test("what is no credentials is refused, with what is", () => {
  const authority = new Authority();
  const server = tls.server({ ...authority.issue({ name: "a" }), provider: "node" });
  const wrong = [null, true, {}, "plain", server] as unknown[];
  for (const credentials of wrong) {
    assertThrows(
      () => new Channel("127.0.0.1:1", { credentials } as ChannelOptions),
      TypeError,
      "give tls.client(...), or insecure",
    );
  }
  const client = tls.client({ provider: "node" });
  for (const credentials of [null, {}, "plain", client] as unknown[]) {
    assertThrows(
      () => new Server({ credentials } as ServerOptions),
      TypeError,
      "give tls.server(...), or insecure",
    );
  }
});
