// When the backoff begins anew: after a connection that proved useful, and not with each that reached READY.
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { formatAddress } from "../../../pollers/mod.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway } from "../../transport/http2/wire.ts";
import type { RawPeer } from "../../transport/raw_peer.ts";
import { answer, Bench, type BenchOptions, gaps } from "./connecting.ts";
import { readConfig } from "./every_feature.ts";

const MAX_ID = 0x7fffffff;
/** Between attempts whose connections come to nothing: the first one of an address is replaced at once. */
const LOOP_GAPS = [1_600, 2_560, 4_096, 6_554, 10_486];

const ends: Array<[string, (peer: RawPeer, bench: Bench) => void]> = [
  ["closes", (peer) => peer.close()],
  ["says GOAWAY NO_ERROR", (peer) => peer.send(goAway(0, ErrorCode.NO_ERROR))],
  ["says GOAWAY with the highest stream", (peer) => peer.send(goAway(MAX_ID, ErrorCode.NO_ERROR))],
  ["says GOAWAY ENHANCE_YOUR_CALM", (peer) => peer.send(goAway(0, ErrorCode.ENHANCE_YOUR_CALM))],
  ["breaks a rule", (peer) => peer.send(new Uint8Array(9).fill(0xff))],
];

/** A bench whose server does `end` with every connection, `afterMs` after its SETTINGS. */
async function hostile(end: typeof ends[number][1], afterMs: number, options: BenchOptions): Promise<Bench> {
  const bench: Bench = new Bench({
    ...options,
    afterSettings: (peer) => {
      if (afterMs === 0) end(peer, bench);
      else bench.simulation.schedule(bench.simulation.now + afterMs, () => end(peer, bench));
    },
  });
  await bench.listen();
  return bench;
}

for (const [what, end] of ends) {
  for (const afterMs of [0, 50]) {
    const when = afterMs === 0 ? "right after SETTINGS" : `${afterMs} ms after SETTINGS`;

    test(`a server that allows no stream and ${what} ${when}: a waiting call makes few connections`, async () => {
      const bench = await hostile(end, afterMs, { maxStreams: 0 });
      bench.call(true);
      await bench.pass(30_000);
      const [first, ...later] = gaps(bench.attempts());
      assert(first! <= afterMs + 5, `the second attempt came after ${first} ms`);
      // That from the second to the third counts from the second's beginning.
      later.forEach((gap, i) => assertAlmostEquals(gap, LOOP_GAPS[i]!, 1));
      assertEquals(bench.peers.length, LOOP_GAPS.length + 2);
      assertEquals(bench.log, []);
    });

    test(`a server that ${what} ${when}: an application that calls again and again makes few connections`, async () => {
      const bench = await hostile(end, afterMs, {});
      for (let i = 0; i < 1_000; i++) {
        bench.call(i % 2 === 0);
        await bench.pass(10);
      }
      // At 0 and at once; 1.6, 4.2 and 8.3 s after the second.
      assert(bench.peers.length <= 5, `${bench.peers.length} connections in 10 s`);
    });
  }
}

test("a call that is not waitForReady fails with the reason once a second connection came to nothing", async () => {
  const bench = await hostile((peer) => peer.send(goAway(0, ErrorCode.NO_ERROR)), 0, { maxStreams: 0 });
  bench.call();
  await bench.pass(100);
  assertEquals([bench.peers.length, bench.route.state], [2, "TRANSIENT_FAILURE"]);
  assertEquals(bench.log.length, 1);
  assertMatch(
    bench.log[0]!,
    /^call 1 unavailable: 10\.0\.0\.2:80: .*GOAWAY NO_ERROR.*, before it answered a call$/,
  );
  bench.call(); // while it backs off
  assertEquals(bench.log[1], bench.log[0]!.replace("call 1", "call 2"));
  assertEquals(bench.states.map((line) => line.split(" ")[1]), [
    "CONNECTING",
    "READY",
    "IDLE",
    "CONNECTING",
    "READY",
    "IDLE",
    "CONNECTING",
    "TRANSIENT_FAILURE",
  ]);
});

test("no stream is ever allowed: calls wait on the one connection", async () => {
  const bench = new Bench({ maxStreams: 0 });
  await bench.listen();
  const call = bench.call();
  bench.call(true);
  await bench.pass(600_000);
  assertEquals([bench.peers.length, bench.route.state, bench.log], [1, "READY", []]);
  call.withdraw();
});

for (const [what, end] of ends) {
  test(`an answered call, then the server ${what}: every time the next connection is made at once`, async () => {
    const bench = new Bench();
    await bench.listen();
    for (let round = 1; round <= 20; round++) {
      await bench.answeredCall();
      end(bench.peers.at(-1)!, bench);
      await bench.pass(10);
      assertEquals([bench.peers.length, bench.route.state], [round, "IDLE"]);
    }
  });
}

test("an answered call makes the next backoff the first again; a connection without an answer does not", async () => {
  for (const useful of [true, false]) {
    const bench = new Bench();
    bench.call(true);
    await bench.pass(3_000);
    assertEquals(gaps(bench.attempts()), [1_000, 1_600]);
    const listener = await bench.listen();
    await bench.pass(5_000);
    assertEquals(bench.route.state, "READY");
    if (useful) bench.peers[0]!.send(answer(1));
    await bench.pass(10);
    listener.shutdown();
    bench.simulation.network.resetSome();
    await bench.pass(100);
    bench.attempts();
    bench.call(true);
    await bench.pass(useful ? 3_000 : 12_000);
    assertEquals(gaps(bench.attempts()), useful ? [1_000, 1_600] : [6_554]);
  }
});

test("a connection that stood for 20 s has proved useful, answers or not", async () => {
  for (const standMs of [19_900, 20_100]) {
    const bench = new Bench();
    const listener = await bench.listen();
    bench.call();
    await bench.pass(standMs);
    listener.shutdown();
    bench.simulation.network.resetSome();
    await bench.pass(100);
    bench.attempts();
    bench.call(true);
    await bench.pass(2_000);
    assertEquals(gaps(bench.attempts()), standMs > 20_000 ? [1_000] : [1_600]);
  }
});

for (const [what, end] of ends) {
  test(`a server that ${what} while nobody calls is there for the next call: its connections had nothing to answer`, async () => {
    const config = readConfig({ loadBalancingConfig: [{ round_robin: {} }] }); // which stays connected
    const bench = await hostile(end, 5_000, { config });
    bench.turn(() => bench.route.connect());
    await bench.pass(300_000);
    assertEquals(bench.states.filter((line) => line.includes("FAILURE")), []);
    assert(
      bench.peers.length >= 59 && bench.peers.length <= 61,
      `${bench.peers.length} connections in 300 s`,
    );
    bench.call();
    await bench.pass(10);
    assertEquals(bench.log, ["call 1 attached"]);
  });
}

test("a server that ends connections sooner than the backoff gets few, though nobody calls", async () => {
  const config = readConfig({ loadBalancingConfig: [{ round_robin: {} }] });
  const bench = await hostile((peer) => peer.close(), 50, { config });
  bench.turn(() => bench.route.connect());
  await bench.pass(30_000);
  assertEquals(bench.peers.length, LOOP_GAPS.length + 2);
});

test("a server that ends connections which calls wait for makes the backoff grow, though it has opened no stream", async () => {
  const bench = await hostile((peer) => peer.close(), 3_000, { maxStreams: 0 });
  bench.call(true);
  await bench.pass(120_000);
  assert(bench.peers.length <= 12, `${bench.peers.length} connections in 2 min`);
});

test("GOAWAY before the answer, and the answer on the connection that drains: its successor need not wait", async () => {
  const bench = new Bench();
  await bench.listen();
  for (let round = 0; round < 2; round++) {
    bench.call();
    await bench.pass(10);
    bench.peers[round]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
    await bench.pass(10);
  }
  // The second of two useless connections: the third waits for the backoff.
  const waiting = bench.call(true);
  await bench.pass(10);
  assertEquals([bench.peers.length, bench.route.state], [2, "TRANSIENT_FAILURE"]);
  bench.peers[0]!.send(answer(1));
  await bench.pass(10);
  assertEquals([bench.peers.length, bench.log.at(-1)], [3, `${waiting.name} attached`]);
  // Another useless one is the first of its kind again.
  bench.peers[2]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  bench.call();
  await bench.pass(10);
  assertEquals([bench.peers.length, bench.route.state], [4, "READY"]);
});

test("GOAWAY of a connection that was useful: its end, later, leaves the backoff of its successors alone", async () => {
  const bench = new Bench();
  const listener = await bench.listen();
  await bench.answeredCall();
  bench.call();
  await bench.pass(10);
  listener.shutdown();
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  bench.attempts();
  bench.call(true);
  await bench.pass(100);
  bench.peers[0]!.send(answer(3)); // with which it closes
  await bench.pass(800);
  assertEquals([bench.attempts().length, bench.route.state], [1, "TRANSIENT_FAILURE"]);
});

test("GOAWAY before the answer that says which calls the server takes: its successor need not wait", async () => {
  const bench = new Bench();
  await bench.listen();
  for (let round = 0; round < 4; round++) {
    bench.call();
    await bench.pass(10);
    bench.peers[round]!.send(goAway(1, ErrorCode.NO_ERROR));
    await bench.pass(10);
  }
  assertEquals([bench.peers.length, bench.route.state], [4, "IDLE"]);
});

test("of two addresses the one that only accepts does not starve the other", async () => {
  const bench = new Bench({
    target: "dns:///service.test:80",
    afterSettings: (peer) => peer.close(),
    maxStreams: 0,
  });
  await bench.listen();
  const good = bench.simulation.host();
  bench.simulation.network.names.set("service.test", [bench.server.hostAddress, good.hostAddress]);
  await bench.listen(good);
  bench.call();
  await bench.pass(100);
  assertEquals([bench.log, bench.peers.length], [["call 1 attached"], 2]);
});

for (
  const [what, end, first] of [
    ["is lost", (peer) => peer.close(), true],
    ["asks its clients to leave", (peer) => peer.send(goAway(MAX_ID, ErrorCode.NO_ERROR)), false],
  ] as Array<[string, (peer: RawPeer) => void, boolean]>
) {
  test(`a server that answered and ${what} is tried ${first ? "first" : "in its turn"} afterwards`, async () => {
    const bench = new Bench({ target: "dns:///service.test:80" });
    const other = bench.simulation.host();
    bench.simulation.network.names.set("service.test", [other.hostAddress, bench.server.hostAddress]);
    await bench.listen();
    await bench.answeredCall(); // the other one refused it
    await bench.listen(other);
    await bench.pass(3_000);
    end(bench.peers[0]!);
    await bench.pass(100);
    const { transport } = bench.call();
    assertEquals(transport, undefined);
    await bench.pass(100);
    assertEquals([bench.peers.length, bench.attempts().length], [2, 3]);
    const call = bench.call();
    assertEquals(formatAddress(call.transport!.peer), `${(first ? bench.server : other).hostAddress}:80`);
  });
}

test("an attempt that was given up for another address is made again when that one is lost", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const other = bench.simulation.host();
  const { network } = bench.simulation;
  network.names.set("service.test", [other.hostAddress, bench.server.hostAddress]);
  network.blackHole(bench.client.hostAddress, other.hostAddress);
  const listener = await bench.listen();
  bench.call();
  await bench.pass(300); // the second address has its turn after 250 ms
  assertEquals([bench.log, bench.route.state], [["call 1 attached"], "READY"]);
  network.heal(bench.client.hostAddress, other.hostAddress);
  await bench.listen(other);
  listener.shutdown();
  bench.peers[0]!.close();
  await bench.pass(100);
  bench.call(true);
  await bench.pass(600);
  assertEquals(bench.log.at(-1), "call 2 attached");
});

test("a call whose connection drains, and whose server is in the list no more, ends with the channel", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const other = bench.simulation.host();
  const { names } = bench.simulation.network;
  names.set("service.test", [bench.server.hostAddress]);
  for (const host of [undefined, other]) await bench.listen(host);
  bench.call();
  await bench.pass(10);
  names.set("service.test", [other.hostAddress]);
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(40_000); // names are asked for every 30 s at most
  bench.call();
  await bench.pass(10);
  assertEquals([bench.peers.length, bench.log], [2, ["call 1 attached", "call 2 attached"]]);
  bench.turn(() => bench.route.close());
  await bench.pass(10);
  assertEquals(bench.log.slice(2).sort(), ["call 1 ended", "call 2 ended"]);
});

test("a server that answered once and then only accepts is tried last", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const other = bench.simulation.host();
  bench.simulation.network.names.set("service.test", [bench.server.hostAddress, other.hostAddress]);
  for (const host of [undefined, other]) await bench.listen(host);
  await bench.answeredCall();
  bench.peers[0]!.close();
  await bench.pass(10);
  bench.call();
  await bench.pass(10);
  bench.peers[1]!.close();
  await bench.pass(10);
  const call = bench.call(true);
  await bench.pass(10);
  assertEquals(formatAddress(call.transport!.peer), `${other.hostAddress}:80`);
});

test("a server that only accepted and then answered is tried in its turn", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const other = bench.simulation.host();
  bench.simulation.network.names.set("service.test", [bench.server.hostAddress, other.hostAddress]);
  await bench.listen();
  bench.call();
  await bench.pass(10);
  bench.peers[0]!.close();
  await bench.pass(10);
  await bench.answeredCall(); // the other one refused it
  await bench.listen(other);
  await bench.pass(3_000);
  bench.peers[1]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  const call = bench.call(true);
  await bench.pass(10);
  assertEquals(formatAddress(call.transport!.peer), `${bench.server.hostAddress}:80`);
});
