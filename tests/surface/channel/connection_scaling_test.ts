// Several connections to one address, where calls use up the streams of each (gRFC A105).
import { assert, assertEquals } from "@std/assert";
import { parseAddress } from "../../../surface/channel/destination.ts";
import { readConfig } from "./every_feature.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway, rst } from "../../transport/http2/wire.ts";
import type { RawPeer } from "../../transport/raw_peer.ts";
import { answer, Bench, type BenchOptions, Call, gaps } from "./connecting.ts";

const MAX_ID = 0x7fffffff;

async function makeBench(maxConnectionsPerSubchannel: number, options: BenchOptions = {}): Promise<Bench> {
  const config = readConfig({ connectionScaling: { maxConnectionsPerSubchannel } });
  const bench = new Bench({ maxStreams: 1, config, ...options });
  await bench.listen();
  return bench;
}

/** What calls got, without those that `before` has. */
const attached = (bench: Bench): string[] =>
  bench.log.splice(0).filter((line) => line.endsWith("attached")).map((line) =>
    line.replace(" attached", "")
  );

test("[C48] when every stream is used another connection is made, as many as are allowed; the rest wait in their order", async () => {
  const bench = await makeBench(3);
  for (let i = 0; i < 5; i++) bench.call();
  await bench.pass(50);
  assertEquals([bench.peers.length, attached(bench)], [3, ["call 1", "call 2", "call 3"]]);
  bench.peers[1]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(attached(bench), ["call 4"]);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals([attached(bench), bench.peers.length], [["call 5"], 3]);
  assertEquals(bench.states, ["0 CONNECTING", "2 READY"]);
});

test("[C48] a server that ends further connections at once gets few, also where calls found a stream meanwhile", async () => {
  const config = readConfig({ connectionScaling: { maxConnectionsPerSubchannel: 2 } });
  const afterSettings = (peer: RawPeer): void => {
    if (bench.peers.length > 1) bench.server.runAt(bench.server.now() + 5, () => peer.close());
  };
  const bench: Bench = new Bench({ maxStreams: 1, config, afterSettings });
  await bench.listen();
  await bench.answeredCall();
  for (let i = 0; i < 100; i++) {
    for (let call = 0; call < 2; call++) bench.call();
    for (let call = 0; call < 2; call++) {
      bench.peers[0]!.send(answer(3 + 4 * i + 2 * call));
      await bench.pass(1.2); // the second has the stream before the other connection stands
    }
    await bench.pass(100);
  }
  assertEquals(attached(bench).length, 201);
  assert(bench.peers.length < 10, `${bench.peers.length} connections`);
});

test("[C48] without connectionScaling there is one connection", async () => {
  const bench = new Bench({ maxStreams: 1 });
  await bench.listen();
  for (let i = 0; i < 3; i++) bench.call();
  await bench.pass(1_000);
  assertEquals([bench.peers.length, attached(bench)], [1, ["call 1"]]);
});

test("[C48] a service config that allows more connections has them made for calls that wait already", async () => {
  const bench = await makeBench(1);
  for (let i = 0; i < 4; i++) bench.call();
  await bench.pass(50);
  assertEquals([bench.peers.length, attached(bench)], [1, ["call 1"]]);
  const address = parseAddress(`${bench.server.hostAddress}:80`);
  const allow = (maxConnectionsPerSubchannel: number): void =>
    bench.turn(() =>
      bench.route.onResolved([{ addresses: [address] }], {
        connectionScaling: { maxConnectionsPerSubchannel },
      })
    );
  allow(3);
  await bench.pass(50);
  assertEquals([bench.peers.length, attached(bench)], [3, ["call 2", "call 3"]]);
  allow(1); // those that there are stay
  await bench.pass(50);
  assertEquals([bench.peers.length, attached(bench), bench.route.state], [3, [], "READY"]);
});

test("calls that wait for a stream fail when the channel is closed or drained, those that are waitForReady too", async () => {
  for (const end of ["close", "drain"] as const) {
    const bench = await makeBench(1);
    for (const waitForReady of [false, false, true]) bench.call(waitForReady);
    await bench.pass(50);
    bench.log.splice(0);
    bench.turn(() => end === "close" ? bench.route.close() : bench.route.drain(() => {}));
    assertEquals(bench.log.filter((line) => !line.startsWith("call 1")), [
      "call 2 unavailable: channel is closed",
      "call 3 unavailable: channel is closed",
    ]);
  }
});

test("[C41] a call that begins as a stream comes free, while another one waits for it, counts once", async () => {
  const config = readConfig({ loadBalancingConfig: [{ least_request: {} }] });
  const bench = await makeBench(1, { config });
  const first = bench.call();
  bench.call();
  await bench.pass(50);
  assertEquals(attached(bench), ["call 1"]);
  let counted = 0;
  first.then = () => {
    const third = new Call("third", false, bench);
    Object.defineProperty(third, "tracker", { set: () => void counted++ });
    bench.route.callBegan();
    bench.route.submit(third);
  };
  bench.peers[0]!.send(answer(1));
  await bench.pass(10);
  assertEquals([counted, attached(bench)], [1, ["call 2"]]);
});

test("[C48] no connection is made while there is a stream; one that has none is passed over", async () => {
  const bench = await makeBench(3, { maxStreams: 2 });
  for (let i = 0; i < 3; i++) bench.call();
  await bench.pass(50);
  assertEquals(bench.peers.length, 2);
  bench.call(); // on the second one
  assertEquals(attached(bench).length, 4);
  await bench.pass(50);
  assertEquals(bench.peers.length, 2);
});

test("[C48] one attempt at a time", async () => {
  const bench = await makeBench(10);
  bench.call();
  await bench.pass(50);
  bench.attempts();
  for (let i = 0; i < 5; i++) bench.call();
  assertEquals(bench.attempts().length, 1);
});

test("[C48] a further connection that cannot be made is tried again by the backoff, and the channel stays READY", async () => {
  const bench = new Bench({
    maxStreams: 1,
    config: readConfig({ connectionScaling: { maxConnectionsPerSubchannel: 2 } }),
  });
  const listener = await bench.listen();
  bench.call();
  await bench.pass(50);
  listener.shutdown();
  bench.call();
  await bench.pass(100);
  assertEquals([bench.states, attached(bench)], [["0 CONNECTING", "2 READY"], ["call 1"]]);
  await bench.listen();
  await bench.pass(2_000);
  assertEquals([attached(bench), bench.peers.length], [["call 2"], 2]);
  assertEquals(bench.states, ["0 CONNECTING", "2 READY"]);
});

test("[C48] no attempt where nothing waits any more when the backoff is over", async () => {
  const bench = await makeBench(2);
  bench.call();
  await bench.pass(50);
  bench.silence();
  const waits = bench.call();
  await bench.pass(21_000); // its handshake times out
  waits.withdraw();
  assertEquals(bench.attempts(), [0, 50, 20_050]);
  await bench.pass(60_000);
  assertEquals(bench.attempts(), []);
});

test("[C48] the first connection is lost: another one takes its place, and the channel stays READY", async () => {
  const bench = await makeBench(2);
  bench.call();
  bench.call();
  await bench.pass(50);
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  bench.call();
  bench.peers[1]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(attached(bench), ["call 1", "call 2", "call 3"]);
  assertEquals(bench.states, ["0 CONNECTING", "2 READY"]);
});

test("[C48] a connection that is lost while calls wait is replaced", async () => {
  const bench = await makeBench(2);
  for (let i = 0; i < 3; i++) bench.call();
  await bench.pass(50);
  bench.peers[1]!.close();
  await bench.pass(50);
  assertEquals([attached(bench), bench.peers.length], [["call 1", "call 2", "call 3"], 3]);
});

test("[C48] further connections that come to nothing are few: after the second one they wait for the backoff", async () => {
  const bench = await makeBench(2);
  const first = bench.call();
  /** More calls, of which the server answers those on the further connection, or none, and ends it. */
  const rounds = async (count: number, answers: boolean): Promise<number[]> => {
    for (let i = 0; i < count; i++) {
      bench.call();
      await bench.pass(10);
      const peer = bench.peers.slice(1).at(-1);
      if (answers) peer?.send(answer(1));
      peer?.send(goAway(0, ErrorCode.NO_ERROR));
    }
    return gaps(bench.attempts().map(Math.round));
  };
  await bench.pass(50);
  const [, ...later] = await rounds(1_000, false);
  assertEquals(later.map((gap) => Math.round(gap / 100)), [0, 16, 26, 41]);
  assert((await rounds(1_000, true)).length > 300);
  assertEquals((await rounds(300, false)).map((gap) => Math.round(gap / 100)), [0, 10, 16]);
  assertEquals([first.isOver, bench.states], [false, ["0 CONNECTING", "2 READY"]]);
});

test("[C48] a further connection that comes to nothing while one is on its way leaves no timer that ends a later backoff", async () => {
  const config = readConfig({ connectionScaling: { maxConnectionsPerSubchannel: 4 } });
  const bench = new Bench({ maxStreams: 1, config });
  const listener = await bench.listen();
  for (let i = 0; i < 3; i++) bench.call();
  await bench.pass(50);
  const [kept, ...others] = bench.peers;
  listener.shutdown();
  bench.call(); // the attempt for it is refused after 2 ms, and the others are lost after 1 ms
  for (const peer of others) peer.send(goAway(0, ErrorCode.NO_ERROR));
  await bench.pass(200);
  kept!.send(goAway(0, ErrorCode.NO_ERROR));
  await bench.pass(100_000);
  const pauses = gaps(bench.attempts().slice(4)); // until then each was answered, or was the one for the last call
  assertEquals(pauses.length, 5);
  for (const [i, pause] of pauses.entries()) {
    assertEquals(i === 0 || pause > 1.5 * pauses[i - 1]!, true, `${pauses}`);
  }
});

/** A bench with one connection, whose stream is taken, and a call that waits for another one: its attempt was refused. */
async function refusedBeside(): Promise<Bench> {
  const bench = new Bench({
    maxStreams: 1,
    config: readConfig({ connectionScaling: { maxConnectionsPerSubchannel: 2 } }),
  });
  const listener = await bench.listen();
  await bench.answeredCall();
  listener.shutdown();
  bench.call();
  bench.call();
  await bench.pass(50);
  assertEquals([bench.attempts().length, bench.route.state, attached(bench)], [2, "READY", [
    "call 1",
    "call 2",
  ]]);
  await bench.listen();
  return bench;
}

test("[C11] resetBackoff: a further connection that cannot be made is tried again at once", async () => {
  const bench = await refusedBeside();
  await bench.pass(50);
  assertEquals(attached(bench), []);
  bench.turn(() => bench.route.resetBackoff());
  await bench.pass(50);
  assertEquals(attached(bench), ["call 3"]);
});

test("[C48] the backoff of a further connection ends with the first one: another one is made beside the next at once", async () => {
  const bench = await refusedBeside();
  bench.peers[0]!.close();
  await bench.pass(50);
  bench.call();
  await bench.pass(50);
  assertEquals([attached(bench), bench.peers.length], [["call 3", "call 4"], 3]);
});

test("[C48] the last connection is lost: IDLE, and an attempt to make another ends", async () => {
  const bench = await makeBench(3);
  bench.call();
  await bench.pass(50);
  bench.attempts();
  bench.call();
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(1.5); // GOAWAY comes before the answer to the attempt
  assertEquals(bench.states.slice(2).map((line) => line.split(" ")[1]), ["IDLE", "CONNECTING"]);
  await bench.pass(50);
  assertEquals([bench.attempts().length, attached(bench)], [2, ["call 1", "call 2"]]);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.open.length, 1);
});

for (const how of ["close", "drain"] as const) {
  test(`[C48] ${how}: all connections end`, async () => {
    const bench = await makeBench(3);
    for (let i = 0; i < 4; i++) bench.call();
    await bench.pass(50);
    bench.turn(() => how === "close" ? bench.route.close() : bench.route.drain(() => {}));
    await bench.pass(10);
    if (how === "drain") { for (const peer of bench.peers) peer.send(rst(1, ErrorCode.CANCEL)); }
    await bench.pass(10);
    assertEquals([bench.peers.map(({ ended }) => ended !== "open"), bench.open], [[true, true, true], []]);
  });
}
