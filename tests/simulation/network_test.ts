// The simulated engine itself: the engine contract and the network's faults, in virtual time.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Endpoint,
  type EventEngine,
  IoError,
  type IoResult,
  SliceBuffer,
  type SocketAddress,
} from "../../pollers/mod.ts";
import { type Conditions, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";

class Bench {
  readonly simulation: Simulation;
  readonly server;
  readonly client;
  readonly accepted: Endpoint[] = [];
  readonly at: SocketAddress;

  constructor(conditions: Partial<Conditions> = {}) {
    this.simulation = new Simulation({ seed: 3, conditions });
    this.server = this.simulation.host();
    this.client = this.simulation.host();
    this.at = { family: "ipv4", host: this.server.hostAddress, port: 80 };
  }

  async listen() {
    const ends: Array<IoError | undefined> = [];
    const listener = this.server.listen({}, (end) => this.accepted.push(end), (error) => ends.push(error));
    assert((await listener.bind(this.at)).ok);
    listener.start();
    return { listener, ends };
  }

  async connect(engine: EventEngine = this.client, to = this.at): Promise<IoResult<Endpoint>> {
    let result: IoResult<Endpoint> | undefined;
    engine.connect(to, {}, (given) => result = given);
    await this.simulation.run();
    return result!;
  }

  /** Two ends of a connection. */
  async pair(): Promise<[Endpoint, Endpoint]> {
    await this.listen();
    const result = await this.connect();
    assert(result.ok);
    return [result.value, this.accepted[0]!];
  }

  /** Reads once, and lets time pass. */
  async read(end: Endpoint): Promise<number | string> {
    const into = new SliceBuffer();
    let outcome: IoError | undefined | "pending" = "pending";
    if (end.read(into, (error) => outcome = error)) outcome = undefined;
    await this.simulation.run();
    if (outcome === "pending") return "pending";
    return outcome === undefined ? into.byteLength : (outcome as IoError).kind;
  }

  write(end: Endpoint, bytes: number): { done: IoError | undefined | "pending" } {
    const state: { done: IoError | undefined | "pending" } = { done: "pending" };
    const data = new SliceBuffer();
    data.append(new Uint8Array(bytes).fill(7));
    if (end.write(data, (error) => state.done = error)) state.done = undefined;
    return state;
  }
}

test("simulated: a connect takes a round trip, and both ends know both addresses", async () => {
  const bench = new Bench({ latencyMs: 25 });
  const [client, server] = await bench.pair();
  assertEquals([client.peer, server.local], [bench.at, bench.at]);
  assertEquals(client.local, server.peer);
  const before = bench.simulation.now;
  assert((await bench.connect()).ok);
  assertEquals(bench.simulation.now >= before + 50, true);
});

test('simulated: "::" is every address of the host, which has none of IPv6', async () => {
  const bench = new Bench();
  const listener = bench.server.listen({}, (end) => bench.accepted.push(end), () => {});
  assertEquals(await listener.bind({ family: "ipv6", host: "::", port: 80 }), { ok: true, value: 80 });
  listener.start();
  const made = await bench.connect();
  assert(made.ok);
  assertEquals(bench.accepted[0]!.local, bench.at);
  const again = bench.server.listen({}, () => {}, () => {});
  const taken = await again.bind({ family: "ipv4", host: "0.0.0.0", port: 80 });
  assert(!taken.ok && taken.error.kind === "address-in-use");
});

test("simulated: nobody listens: refused; an address is taken: address-in-use; 127.0.0.1 is the host itself", async () => {
  const bench = new Bench();
  const refused = await bench.connect();
  assert(!refused.ok && refused.error.kind === "refused");
  const { listener, ends } = await bench.listen();
  const second = await bench.server.listen({}, () => {}, () => {}).bind(bench.at);
  assert(!second.ok && second.error.kind === "address-in-use");
  const own = await bench.connect(bench.server, { family: "ipv4", host: "127.0.0.1", port: 80 });
  assert(own.ok);
  listener.shutdown();
  listener.shutdown();
  await bench.simulation.run();
  assertEquals(ends, [undefined]);
  const gone = await bench.connect();
  assert(!gone.ok && gone.error.kind === "refused");
});

test("simulated: bytes arrive whole and in order, split and joined anywhere, and then the end of the stream", async () => {
  for (const maxSegmentBytes of [1, 10, 65_536]) {
    const bench = new Bench({ maxSegmentBytes, jitterMs: 20, bufferBytes: 700 });
    const [client, server] = await bench.pair();
    const data = new SliceBuffer();
    const sent = Uint8Array.from({ length: 3_000 }, (_, i) => i * 13);
    data.append(sent.slice());
    client.write(data, () => client.close());
    const got: number[] = [];
    for (;;) {
      const into = new SliceBuffer();
      let error: IoError | undefined;
      if (!server.read(into, (given) => error = given)) await bench.simulation.run();
      if (error !== undefined) {
        assertEquals(error.kind, "end-of-stream");
        break;
      }
      got.push(...into.join());
    }
    assertEquals(Uint8Array.from(got), sent);
    assertEquals(data.byteLength, 0);
  }
});

test("simulated: a reader that stops stops the writer", async () => {
  const bench = new Bench({ bufferBytes: 1_000 });
  const [client, server] = await bench.pair();
  const write = bench.write(client, 5_000);
  await bench.simulation.run();
  assertEquals(write.done, "pending");
  let read = 0;
  while (read < 5_000) read += await bench.read(server) as number;
  assertEquals([write.done, read], [undefined, 5_000]);
});

test("simulated: one read and one write at a time; close fails what is pending with its reason", async () => {
  const bench = new Bench({ bufferBytes: 10, atOnce: 0 });
  const [client] = await bench.pair();
  const reason = new IoError("other", "read");
  const reads: unknown[] = [];
  client.read(new SliceBuffer(), (error) => reads.push(error));
  const write = bench.write(client, 100);
  assertThrows(() => client.read(new SliceBuffer(), () => {}), TypeError);
  assertThrows(() => bench.write(client, 1), TypeError);
  client.close(reason);
  client.close();
  assertEquals([reads, write.done], [[], "pending"]);
  await bench.simulation.run();
  assertEquals([reads, write.done], [[reason], reason]);
  assertEquals(await bench.read(client), "other");
});

test("simulated: who writes to a closed end is reset", async () => {
  const bench = new Bench();
  const [client, server] = await bench.pair();
  server.close();
  await bench.simulation.run();
  bench.write(client, 10);
  await bench.simulation.run();
  assertEquals(await bench.read(client), "reset");
});

test("simulated: a partition holds bytes and connects until it heals, or TCP gives up", async () => {
  const bench = new Bench({ giveUpMs: 1_000 });
  const [client, server] = await bench.pair();
  const { network } = bench.simulation;
  const hosts = [bench.client.hostAddress, bench.server.hostAddress] as const;
  network.part(...hosts);
  bench.write(client, 10);
  bench.simulation.schedule(bench.simulation.now + 500, () => network.heal(...hosts));
  assertEquals(await bench.read(server), 10);
  network.part(...hosts);
  bench.write(client, 10);
  assertEquals(await bench.read(client), "timed-out");
  const late = await bench.connect();
  assert(!late.ok && late.error.kind === "timed-out");
});

test("simulated: a black hole says nothing, and a connect into it times out", async () => {
  const bench = new Bench();
  const [client, server] = await bench.pair();
  bench.simulation.network.blackHole(bench.client.hostAddress, bench.server.hostAddress);
  bench.write(client, 10);
  assertEquals([await bench.read(server), await bench.read(client)], ["pending", "pending"]);
  const lost = await bench.connect();
  assert(!lost.ok && lost.error.kind === "timed-out");
});

test("simulated: resets reach both ends", async () => {
  const bench = new Bench();
  const [client, server] = await bench.pair();
  bench.simulation.network.resetSome();
  assertEquals([await bench.read(client), await bench.read(server)], ["reset", "reset"]);
});

test("simulated: a cancelled connect never reports, and the other side sees it go", async () => {
  const bench = new Bench({ latencyMs: 10 });
  await bench.listen();
  let reported = false;
  const handle = bench.client.connect(bench.at, {}, () => reported = true);
  bench.simulation.schedule(15, () => assertEquals(bench.client.cancelConnect(handle), true));
  await bench.simulation.run();
  assertEquals([reported, bench.client.cancelConnect(handle)], [false, false]);
  assertEquals(await bench.read(bench.accepted[0]!), "end-of-stream");
});

test("simulated: names resolve as the network says", async () => {
  const bench = new Bench();
  bench.simulation.network.names.set("service", ["10.0.0.1", "10.0.0.2"]);
  const results: string[] = [];
  for (const name of ["service", "nobody"]) {
    bench.client.resolver().lookup(name, 80, (result) => {
      results.push(
        result.ok ? result.value.map((one) => "host" in one && one.host).join() : result.error.kind,
      );
    });
  }
  await bench.simulation.run();
  assertEquals(results, ["10.0.0.1,10.0.0.2", "not-found"]);
});

test("simulated: shutdown closes and names what is open", async () => {
  const bench = new Bench();
  await bench.pair();
  await assertRejects(() => bench.client.shutdown(), Error, "1 open: endpoint 10.0.0.2:40000 to 10.0.0.1:80");
  await bench.client.shutdown();
});

test("simulated: after shutdown no task runs, and what would open fails as closed", async () => {
  const bench = new Bench();
  const ran: string[] = [];
  bench.server.runAt(10, () => ran.push("waited"));
  await bench.server.shutdown();
  bench.server.runAt(20, () => ran.push("came later"));
  const bound = await bench.server.listen({}, () => {}, () => {}).bind(bench.at);
  assert(!bound.ok);
  const connected = await bench.connect(bench.server);
  assert(!connected.ok);
  assertEquals([bound.error.kind, connected.error.kind, ran], ["closed", "closed", []]);
  await assertRejects(() => bench.server.pair(), Error, "the engine was shut down");
  const { ok } = await bench.connect();
  assertEquals([ok, bench.client.opened.size], [false, 0]);
});

test("simulated: an endpoint that was closed may be read and written before what was pending has failed", async () => {
  const bench = new Bench({ bufferBytes: 10 });
  const [client] = await bench.pair();
  const failed: string[] = [];
  const note = (what: string) => (error?: IoError) => failed.push(`${what} ${error?.kind}`);
  const begin = (): void => {
    const data = new SliceBuffer();
    data.append(new Uint8Array(100));
    assert(!client.read(new SliceBuffer(), note("read")) && !client.write(data, note("write")));
  };
  begin();
  client.close();
  begin();
  await bench.simulation.run();
  assertEquals(failed.sort(), ["read closed", "read closed", "write closed", "write closed"]);
});

test("simulated: unknown options and conditions are refused, and an instant that is none", async () => {
  const wrong = { latency: 3 } as Partial<Conditions>;
  assertThrows(() => new Simulation({ sead: 3 } as object), TypeError, 'there is no option "sead"');
  assertThrows(() => new Simulation({ conditions: wrong }), TypeError, 'there is no option "latency"');
  const simulation = new Simulation();
  await assertRejects(
    () => simulation.run({ untill: 3 } as object),
    TypeError,
    'there is no option "untill"',
  );
  await assertRejects(() => simulation.sleep(NaN), RangeError, "its instant is NaN");
  for (const latencyMs of [NaN, -1, "40", undefined]) {
    const conditions = { latencyMs } as Partial<Conditions>;
    assertThrows(() => new Simulation({ conditions }), RangeError, "give a number of 0 or more");
  }
  await assertRejects(() => simulation.run({ until: NaN }), RangeError, "until is NaN; give a number");
  await assertRejects(() => simulation.run({ steps: "5" as never }), RangeError, 'steps is "5"');
  assertEquals(simulation.now, 0);
});

test("simulated: localhost, ::1 and paths of sockets are those of one host", async () => {
  const simulation = new Simulation();
  const hosts = [simulation.host(), simulation.host(), simulation.host()] as const;
  const served: string[] = [];
  const places: SocketAddress[] = [
    { family: "unix", path: "/run/app.sock" },
    { family: "ipv4", host: "127.0.0.1", port: 80 },
    { family: "ipv6", host: "::1", port: 81 },
  ];
  for (const [i, host] of hosts.entries()) {
    if (i === 2) continue; // where nobody listens
    const listener = host.listen({}, ({ local }) => void served.push(`${i} ${local.family}`), () => {});
    for (const place of places) assert((await listener.bind(place)).ok);
    listener.start();
  }
  const results: string[] = [];
  for (const host of hosts) {
    for (const place of places) {
      host.connect(place, {}, (result) => results.push(result.ok ? "connected" : result.error.kind));
    }
    await simulation.run();
    host.resolver().lookup("localhost", 80, (result) => results.push(result.ok ? "found" : "unknown"));
    await simulation.run();
  }
  const whole = ["connected", "connected", "connected", "found"];
  assertEquals(results, [...whole, ...whole, "refused", "refused", "refused", "found"]);
  assertEquals(served, ["0 unix", "0 ipv4", "0 ipv4", "1 unix", "1 ipv4", "1 ipv4"]);
});

test("simulated: connections that come before start are accepted at start, in their order", async () => {
  const bench = new Bench();
  const listener = bench.server.listen({}, (end) => bench.accepted.push(end), () => {});
  const other = { ...bench.at, port: 81 } as SocketAddress;
  for (const at of [bench.at, other]) assert((await listener.bind(at)).ok);
  const early = [await bench.connect(), await bench.connect(bench.client, other)];
  assertEquals([early.map(({ ok }) => ok), bench.accepted], [[true, true], []]);
  listener.start();
  await bench.simulation.run();
  assertEquals(bench.accepted.map(({ local }) => local), [bench.at, other]);
  assertThrows(() => listener.start(), TypeError);
  await assertRejects(() => listener.bind({ ...bench.at, port: 82 } as SocketAddress), TypeError);
  await bench.connect();
  assertEquals(bench.accepted.length, 3);
  listener.shutdown();
  for (const at of [bench.at, other]) {
    const again = await bench.server.listen({}, () => {}, () => {}).bind(at);
    assert(again.ok, "an address is not given back");
  }
});

test("simulated: connections that nobody accepted see the listener go", async () => {
  const bench = new Bench();
  const listener = bench.server.listen({}, (end) => bench.accepted.push(end), () => {});
  await listener.bind(bench.at);
  const early = await bench.connect();
  assert(early.ok);
  bench.client.connect(bench.at, {}, () => {});
  listener.shutdown();
  assertEquals([await bench.read(early.value), bench.accepted.length], ["end-of-stream", 0]);
  // And those that would be accepted just now.
  const next = bench.server.listen({}, (end) => bench.accepted.push(end), () => {});
  await next.bind(bench.at);
  const late = await bench.connect();
  assert(late.ok);
  next.start();
  next.shutdown();
  assertEquals([await bench.read(late.value), bench.accepted.length], ["end-of-stream", 0]);
  assertEquals(bench.server.opened.size, 0);
});

test("simulated: who closes with bytes unread resets the other end, and without ends it", async () => {
  for (const unread of [true, false]) {
    const bench = new Bench();
    const [client, server] = await bench.pair();
    bench.write(client, 10);
    await bench.simulation.run();
    if (!unread) await bench.read(server);
    server.close();
    assertEquals(await bench.read(client), unread ? "reset" : "end-of-stream");
  }
});

test("simulated: a writer that had to wait goes on each time there is room again", async () => {
  const bench = new Bench({ bufferBytes: 1_000 });
  const [client, server] = await bench.pair();
  for (let round = 0; round < 3; round++) {
    const write = bench.write(client, 1_500);
    await bench.simulation.run();
    assertEquals(write.done, "pending");
    for (let read = 0; read < 1_500;) read += await bench.read(server) as number;
    assertEquals(write.done, undefined);
  }
});

test("simulated: the bytes of a write that is cut short are their owner's again when it fails", async () => {
  const bench = new Bench({ bufferBytes: 10 });
  const [client] = await bench.pair();
  const data = new SliceBuffer();
  data.append(new Uint8Array(100));
  let left = -1;
  client.write(data, () => left = data.byteLength);
  client.close();
  await bench.simulation.run();
  assertEquals(left, 0);
});

test("simulated: a lookup takes as long as the network says, for ever too", async () => {
  const bench = new Bench({ latencyMs: 10 });
  const { network } = bench.simulation;
  network.names.set("service", ["10.0.0.1"]);
  const took: number[] = [];
  for (const lookupMs of [undefined, 700, Infinity]) {
    network.lookupMs = lookupMs;
    const before = bench.simulation.now;
    bench.client.resolver().lookup("service", 80, () => took.push(bench.simulation.now - before));
    await bench.simulation.run();
  }
  assertEquals([took, bench.simulation.pending], [[20, 700], 0]);
});

test("simulated: what was healed can be parted again, and what gave up stays given up", async () => {
  const bench = new Bench({ giveUpMs: 1_000 });
  const [client, server] = await bench.pair();
  const { network } = bench.simulation;
  const hosts = [bench.client.hostAddress, bench.server.hostAddress] as const;
  for (let round = 0; round < 3; round++) {
    network.part(...hosts);
    bench.write(client, 10);
    bench.simulation.schedule(bench.simulation.now + 900, () => network.heal(...hosts));
    assertEquals(await bench.read(server), 10);
  }
  network.part(...hosts);
  bench.write(client, 10);
  assertEquals(await bench.read(client), "timed-out");
  network.heal(...hosts);
  assertEquals(await bench.read(client), "timed-out");
});

test("simulated: nothing is to happen any more for a connect that is over, or an end that is", async () => {
  const bench = new Bench({ latencyMs: 5, giveUpMs: 30_000 });
  const { network } = bench.simulation;
  const hosts = [bench.client.hostAddress, bench.server.hostAddress] as const;
  const refused = await bench.connect();
  assert(!refused.ok && refused.error.kind === "refused");
  assertEquals(bench.simulation.now, 10);
  assert(bench.client.cancelConnect(bench.client.connect(bench.at, {}, () => {})));
  const [client, server] = await bench.pair();
  assertEquals([bench.simulation.now, bench.simulation.pending], [20, 0]);
  network.part(...hosts);
  bench.write(client, 10);
  await bench.simulation.run({ until: 100 });
  assertEquals(bench.simulation.pending, 1); // TCP gives up
  client.close();
  await bench.simulation.run({ until: 200 });
  assertEquals(bench.simulation.pending, 0);
  network.heal(...hosts);
  assertEquals([await bench.read(server), await bench.read(server)], [10, "end-of-stream"]);
  const other = await bench.connect();
  assert(other.ok);
  network.part(...hosts);
  bench.write(other.value, 10);
  await bench.simulation.run({ until: 500 });
  bench.write(other.value, 10);
  assertEquals(await bench.read(other.value), "timed-out");
  assert(bench.simulation.now < 30_500, "what gives up for the second one is left");
});

test("simulated: TCP does not give up for what has come meanwhile, though its hosts are parted again", async () => {
  const bench = new Bench({ giveUpMs: 1_000 });
  const [client, server] = await bench.pair();
  const { simulation } = bench;
  const { network } = simulation;
  const hosts = [bench.client.hostAddress, bench.server.hostAddress] as const;
  network.part(...hosts);
  bench.write(client, 10);
  await simulation.run({ until: simulation.now + 500 });
  network.heal(...hosts);
  await simulation.run({ until: simulation.now + 100 });
  network.part(...hosts);
  await simulation.run({ until: simulation.now + 5_000 });
  network.heal(...hosts);
  bench.write(server, 20);
  assertEquals([await bench.read(server), await bench.read(client)], [10, 20]);
});

test("simulated: the end of a stream does not overtake bytes that were held until the instant at which it comes", async () => {
  const bench = new Bench();
  const [client, server] = await bench.pair();
  const { simulation } = bench;
  const { network } = simulation;
  const hosts = [bench.client.hostAddress, bench.server.hostAddress] as const;
  network.part(...hosts);
  bench.write(client, 10);
  const healedAt = simulation.now + 100;
  simulation.schedule(healedAt, () => network.heal(...hosts));
  simulation.schedule(healedAt - network.conditions.latencyMs, () => client.close());
  assertEquals([await bench.read(server), await bench.read(server)], [10, "end-of-stream"]);
});

test("simulated: tasks and closures run in their order, and a cancelled task never", async () => {
  const bench = new Bench();
  const { client, simulation } = bench;
  const ran: string[] = [];
  assertThrows(() => client.runAt(NaN, () => {}), RangeError);
  const cancelled = client.runAt(5, () => ran.push("cancelled"));
  client.runAt(10, () => ran.push("ten"));
  client.runAt(5, () => client.runAt(1, () => ran.push(`overdue at ${simulation.now}`)));
  client.run(() => ran.push("run"));
  assertEquals([client.cancel(cancelled), client.cancel(cancelled), ran], [true, false, []]);
  await simulation.run();
  assertEquals([ran, simulation.now, simulation.pending], [["run", "overdue at 5", "ten"], 10, 0]);
});

test("simulated: of the trace the last lines are kept, as many as are asked for", () => {
  for (const [traceLines, kept] of [[3, 3], [undefined, 200], [0, 0]] as const) {
    const simulation = new Simulation(traceLines === undefined ? {} : { traceLines });
    for (let i = 0; i < 1_000; i++) simulation.note(`line ${i}`);
    assertEquals(simulation.trace.length, kept);
    assertEquals(simulation.trace.at(-1), kept === 0 ? undefined : "0.000 line 999");
  }
});

test("simulated: the same seed chooses alike, another one differently, and within the bounds asked for", () => {
  const draw = (seed: number) => {
    const { random } = new Simulation({ seed });
    return Array.from({ length: 200 }, () => random.between(3, 5));
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
  assertEquals([...new Set(draw(7))].sort(), [3, 4, 5]);
  const { random } = new Simulation();
  const chances = Array.from({ length: 4_000 }, () => random.chance(0.25)).filter((yes) => yes).length;
  assert(chances > 800 && chances < 1_200, `${chances} of 4,000`);
  assertEquals([random.chance(0), random.chance(1), random.pick(["one"])], [false, true, "one"]);
});

test("simulated: what was lent is spoilt by the next read, and by close; what was not lent is kept", async () => {
  const bench = new Bench();
  const [client, server] = await bench.pair();
  const views: Uint8Array[] = [];
  for (const lend of [true, false, true]) {
    bench.write(client, 3);
    await bench.simulation.run();
    const into = new SliceBuffer();
    if (!server.read(into, () => {}, lend)) await bench.simulation.run();
    assertEquals([...into.join()], [7, 7, 7]);
    views.push(into.slices[0]!);
  }
  const first = () => views.map((view) => view[0]);
  assertEquals(first(), [0xdb, 7, 7]);
  server.close();
  assertEquals(first(), [0xdb, 7, 0xdb]);
  await bench.simulation.run();
});
