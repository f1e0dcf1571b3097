// The states of a channel (connectivity-semantics-and-api.md), and which calls get a stream, fail or wait in each.
import { assertEquals, assertMatch, assertNotStrictEquals } from "@std/assert";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway, rst } from "../../transport/http2/wire.ts";
import { Bench } from "./connecting.ts";

const MAX_ID = 0x7fffffff;

test("[C3] IDLE: nothing is connected before a call wants it", async () => {
  const bench = new Bench();
  await bench.listen();
  await bench.pass(60_000);
  assertEquals([bench.route.state, bench.peers.length, bench.open], ["IDLE", 0, []]);
});

test("[C3][C8] IDLE to CONNECTING to READY: calls wait, then get their streams in the order they were made", async () => {
  const bench = new Bench();
  await bench.listen();
  for (let i = 0; i < 3; i++) bench.call(i === 1);
  assertEquals([bench.route.state, bench.log], ["CONNECTING", []]);
  await bench.pass(100);
  assertEquals(bench.states, ["0 CONNECTING", "2 READY"]);
  assertEquals(bench.log.splice(0), ["call 1 attached", "call 2 attached", "call 3 attached"]);
  bench.call();
  assertEquals([bench.log, bench.peers.length], [["call 4 attached"], 1]);
});

test("connect() connects without a call, and is nothing where that is under way or done", async () => {
  const bench = new Bench();
  await bench.listen();
  for (let i = 0; i < 2; i++) bench.turn(() => bench.route.connect());
  await bench.pass(100);
  bench.turn(() => bench.route.connect());
  await bench.pass(100);
  assertEquals([bench.states, bench.peers.length], [["0 CONNECTING", "2 READY"], 1]);
});

test("[C48] above MAX_CONCURRENT_STREAMS calls wait, and none that came later passes them", async () => {
  const bench = new Bench({ maxStreams: 1 });
  await bench.listen();
  for (let i = 0; i < 3; i++) bench.call();
  await bench.pass(10);
  assertEquals(bench.log.splice(0), ["call 1 attached"]);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log.splice(0), ["call 1 ended", "call 2 attached"]);
  bench.call();
  bench.peers[0]!.send(rst(3, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log, ["call 2 ended", "call 3 attached"]);
});

test("[C48] a call made when another one ends does not pass those that wait for its stream", async () => {
  const bench = new Bench({ maxStreams: 1 });
  await bench.listen();
  const first = bench.call();
  first.then = () => bench.call();
  bench.call();
  await bench.pass(10);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log, ["call 1 attached", "call 1 ended", "call 2 attached"]);
});

test("[C48] a call that waits for a stream and is withdrawn gets none", async () => {
  const bench = new Bench({ maxStreams: 1 });
  await bench.listen();
  bench.call();
  await bench.pass(10);
  const withdrawn = bench.call();
  bench.call();
  withdrawn.withdraw();
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log, ["call 1 attached", "call 1 ended", "call 3 attached"]);
});

test("[C48] a call that is past its deadline when a stream is free says that it waited for one", async () => {
  const bench = new Bench({ maxStreams: 1 });
  await bench.listen();
  bench.call();
  await bench.pass(10);
  const late = bench.call();
  let waited = "";
  late.attach = () => {
    waited = bench.route.describeWait(late);
    late.withdraw();
  };
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(waited, "waiting for a stream: 10.0.0.2:80 allows no more at a time");
});

test("a call that is withdrawn gets nothing", async () => {
  const bench = new Bench();
  await bench.listen();
  const withdrawn = bench.call();
  bench.call();
  withdrawn.withdraw();
  await bench.pass(100);
  assertEquals(bench.log, ["call 2 attached"]);
});

test("[C13][C14] TRANSIENT_FAILURE: calls fail with the reason, those that wait for ready wait", async () => {
  const bench = new Bench();
  bench.call(true);
  bench.call();
  await bench.pass(100);
  assertEquals(bench.states, ["0 CONNECTING", "2 TRANSIENT_FAILURE"]);
  assertEquals(bench.log.length, 1);
  assertMatch(bench.log[0]!, /^call 2 unavailable: .*10\.0\.0\.2:80.*refused/);
  bench.call(); // while it backs off: at once, and the same
  assertEquals(bench.log[1], bench.log[0]!.replace("call 2", "call 3"));
  await bench.listen();
  await bench.pass(1_000);
  assertEquals([bench.log.slice(2), bench.route.state], [["call 1 attached"], "READY"]);
});

test("the end of a draining connection leaves its successor alone, even one that allows no stream yet", async () => {
  const bench = new Bench();
  await bench.listen();
  bench.call();
  await bench.pass(10);
  bench.peers[0]!.send(goAway(1, ErrorCode.NO_ERROR));
  bench.maxStreams = 0;
  await bench.pass(10);
  bench.call();
  await bench.pass(10);
  assertEquals([bench.route.state, bench.peers.length], ["READY", 2]);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log, ["call 1 attached", "call 1 ended"]);
  assertEquals([bench.route.state, bench.peers.length], ["READY", 2]);
});

test("[C5] GOAWAY without calls: IDLE, the connection is closed, and the next call connects again at once", async () => {
  const bench = new Bench();
  await bench.listen();
  bench.turn(() => bench.route.connect());
  await bench.pass(10);
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  assertEquals([bench.route.state, bench.peers[0]!.ended, bench.open], ["IDLE", "end-of-stream", []]);
  bench.call();
  await bench.pass(10);
  assertEquals([bench.log, bench.peers.length], [["call 1 attached"], 2]);
});

test("[C72] GOAWAY with a call: it goes on where it is, new ones get a new connection", async () => {
  const bench = new Bench();
  await bench.listen();
  const first = bench.call();
  await bench.pass(10);
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  assertEquals([bench.route.state, bench.log.splice(0)], ["IDLE", ["call 1 attached"]]);
  const second = bench.call();
  await bench.pass(10);
  assertNotStrictEquals(first.transport, second.transport);
  bench.peers[0]!.send(rst(1, ErrorCode.CANCEL));
  await bench.pass(10);
  assertEquals(bench.log, ["call 2 attached", "call 1 ended"]);
  assertEquals([bench.peers[0]!.ended, bench.peers[1]!.ended], ["end-of-stream", "open"]);
});

test("the second GOAWAY of an old connection says nothing of the new one", async () => {
  const bench = new Bench();
  await bench.listen();
  bench.call();
  await bench.pass(10);
  bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
  await bench.pass(10);
  const second = bench.call();
  await bench.pass(10);
  bench.peers[0]!.send(goAway(1, ErrorCode.NO_ERROR));
  await bench.pass(10);
  const third = bench.call();
  await bench.pass(10);
  assertEquals([bench.route.state, bench.peers.length], ["READY", 2]);
  assertEquals(second.transport === third.transport, true);
});

test("[C5] a connection that is lost: its calls end, IDLE, and the next call connects at once", async () => {
  const bench = new Bench();
  await bench.listen();
  bench.call();
  await bench.pass(10);
  bench.simulation.network.resetSome();
  await bench.pass(100);
  assertEquals([bench.log, bench.route.state], [["call 1 attached", "call 1 ended"], "IDLE"]);
  bench.call();
  await bench.pass(10);
  assertEquals([bench.log.at(-1), bench.route.state], ["call 2 attached", "READY"]);
});

test("a name that resolves to several addresses: they are tried in order", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  bench.simulation.network.names.set("service.test", ["10.0.0.9", bench.server.hostAddress]);
  await bench.listen();
  bench.call();
  await bench.pass(100);
  assertEquals([bench.log, bench.route.state], [["call 1 attached"], "READY"]);
});

test("a name that does not resolve is TRANSIENT_FAILURE, tried again after the backoff", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  bench.call();
  const waits = bench.call(true);
  await bench.pass(100);
  assertMatch(bench.log.splice(0).join(), /^call 1 unavailable: cannot resolve .*service\.test/);
  bench.simulation.network.names.set("service.test", [bench.server.hostAddress]);
  await bench.listen();
  await bench.pass(1_000);
  assertEquals([bench.log, waits.transport!.canOpen], [["call 2 attached"], true]);
});

test("[C24] a name that is not found any more: the last addresses stay in use", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const { names } = bench.simulation.network;
  names.set("service.test", [bench.server.hostAddress]);
  await bench.listen();
  await bench.answeredCall();
  await bench.pass(40_000);
  names.delete("service.test");
  bench.simulation.network.resetSome(); // asks for the addresses again
  await bench.pass(1_000);
  assertEquals(bench.route.state, "IDLE");
  bench.call();
  await bench.pass(10);
  assertEquals([bench.log.at(-1), bench.route.state], ["call 2 attached", "READY"]);
});

const moments: Array<[string, (bench: Bench) => Promise<void> | void]> = [
  ["IDLE", () => {}],
  ["CONNECTING, to nobody", (bench) => (bench.silence(), void bench.call())],
  ["CONNECTING, a name being looked up", async (bench) => {
    await bench.listen(); // it would be found, and answer
    const { network } = bench.simulation;
    network.names.set("service.test", [bench.server.hostAddress]);
    network.lookupMs = 100;
    bench.call();
    await bench.pass(50);
    assertEquals(bench.route.state, "CONNECTING");
  }],
  ["TRANSIENT_FAILURE", async (bench) => {
    bench.call(true);
    await bench.pass(50);
  }],
  ["READY, with a call", async (bench) => {
    await bench.listen();
    bench.call();
    await bench.pass(50);
  }],
  ["READY, with a call on a connection that drains", async (bench) => {
    await bench.listen();
    bench.call();
    await bench.pass(50);
    bench.peers[0]!.send(goAway(MAX_ID, ErrorCode.NO_ERROR));
    bench.call();
    await bench.pass(50);
  }],
];
for (const [when, arrange] of moments) {
  test(`[C1] SHUTDOWN from ${when}: every call ends, nothing stays open, and it is for good`, async () => {
    const bench = new Bench(when.includes("name") ? { target: "dns:///service.test:80" } : {});
    await arrange(bench);
    bench.turn(() => bench.route.close());
    bench.turn(() => bench.route.close());
    await bench.pass(200_000);
    for (const end of bench.log.filter((line) => !line.endsWith("attached"))) {
      assertMatch(end, /^call \d (ended|unavailable: channel is closed)$/);
    }
    const attached = bench.log.filter((line) => line.endsWith("attached")).length;
    const ended = bench.log.filter((line) => line.endsWith("ended")).length;
    assertEquals([attached, bench.open, bench.simulation.pending], [ended, [], 0]);
    bench.turn(() => bench.route.connect());
    const late = bench.call(true);
    await bench.pass(200_000);
    assertEquals(bench.log.at(-1), `${late.name} unavailable: channel is closed`);
    assertEquals([bench.states.at(-1)?.split(" ")[1], bench.route.state], ["SHUTDOWN", "SHUTDOWN"]);
  });
}
