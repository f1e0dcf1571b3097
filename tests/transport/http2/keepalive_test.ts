// Keepalive, and PINGs that are too many (gRFC A8): what one connection does, frame by frame. [C65] and so on are rules.
import { assertEquals } from "@std/assert";
import type { KeepaliveTimes } from "../../../transport/http2/keepalive.ts";
import { BdpEstimator } from "../../../transport/http2/bdp_estimator.ts";
import type { PingPolicy } from "../../../transport/http2/ping_policy.ts";
import { test } from "../../harness.ts";
import { ACK, Bench, data, frame, RESPONSE_LIST, TRAILERS_LIST, uint32, windowUpdate } from "./wire.ts";

const TIMES: KeepaliveTimes = { timeMs: 10_000, timeoutMs: 5_000, permitWithoutCalls: false };
const PONG = frame("PING", ACK, 0, uint32(0, 0x6b65_6570));
const PING = frame("PING", 0, 0, uint32(0, 1));
const DEAD = "connection NO_ERROR library";

function keeping(role: "client" | "server", times: Partial<KeepaliveTimes> = {}): Bench {
  return new Bench(role, {}, { management: { keepalive: { ...TIMES, ...times } } });
}

function held(policy: Partial<PingPolicy> = {}): Bench {
  const pingPolicy = { permitTimeMs: 300_000, permitWithoutCalls: false, ...policy };
  return new Bench("server", {}, { management: { pingPolicy } });
}

/** PINGs with `ms` between them, until the connection ends; how many were answered, at most `most`. */
function answered(bench: Bench, ms: number, most: number): number {
  for (let count = 0; count < most; count++) {
    bench.send(PING);
    if (bench.connection.closed) return count;
    bench.pass(ms);
  }
  return most;
}

test("[C65] a client sends a PING after timeMs without an octet, and not a moment sooner", () => {
  const bench = keeping("client");
  bench.open();
  bench.sent();
  assertEquals(bench.pass(9_999).sent(), []);
  assertEquals(bench.pass(1).sent(), ["PING"]);
});

test("[C102] a connection counts its keepalive PINGs, and of its streams those that its end has failed", () => {
  const bench = keeping("client");
  bench.open();
  bench.pass(10_000).send(PONG).pass(10_000);
  assertEquals(bench.connection.counters().keepalivesSent, 2);
  bench.pass(5_000);
  const { streamsStarted, streamsSucceeded, streamsFailed } = bench.connection.counters();
  assertEquals([bench.outcome, streamsStarted, streamsSucceeded, streamsFailed], [DEAD, 1, 0, 1]);
});

test("[C65] time counts from the last octet read, whatever it was, and not from what is sent", () => {
  const bench = keeping("client");
  const stream = bench.open();
  for (let round = 0; round < 5; round++) bench.pass(9_000).send(windowUpdate(0, 1));
  for (let round = 0; round < 3; round++) {
    bench.pass(3_000);
    bench.connection.sendData(stream, new Uint8Array(10), false);
  }
  assertEquals(bench.sent().filter((frame) => frame === "PING"), []);
  assertEquals(bench.pass(1_000).sent(), ["PING"]);
});

test("[C65] no octet within timeoutMs after the PING ends the connection and its calls", () => {
  const bench = keeping("client");
  bench.open();
  bench.pass(10_000).sent();
  assertEquals([bench.pass(4_999).outcome, bench.sent()], ["open", []]);
  assertEquals([bench.pass(1).outcome, bench.sent()], [DEAD, ["GOAWAY 0 NO_ERROR"]]);
  assertEquals(
    bench.sink.streamErrors.get(1)!.reason,
    "keepalive: nothing came within 5000 ms after a PING",
  );
});

test("[C65] any octet after the PING shows that the peer is there", () => {
  for (const bytes of [PONG, windowUpdate(0, 1), frame("PING", 0, 0, uint32(1, 2)).subarray(0, 3)]) {
    const bench = keeping("client");
    bench.open();
    bench.pass(14_999).sent();
    bench.send(bytes);
    bench.sent();
    assertEquals([bench.pass(9_999).outcome, bench.sent()], ["open", []]);
    assertEquals(bench.pass(1).sent(), ["PING"]);
    assertEquals(bench.pass(5_000).outcome, DEAD);
  }
});

test("[C65] a timeout longer than the time does not make the next silence last longer", () => {
  const bench = keeping("client", { timeoutMs: 60_000 });
  bench.open();
  bench.pass(10_000).send(PONG);
  bench.sent();
  assertEquals(bench.pass(10_000).sent(), ["PING"]);
  assertEquals(bench.pass(59_999).outcome, "open");
  assertEquals([bench.pass(1).outcome, bench.sent()], [DEAD, ["GOAWAY 0 NO_ERROR"]]);
});

test("[C65] a thread that was busy when the answer was due reads before it judges, once", () => {
  const bench = keeping("client");
  bench.open();
  bench.pass(10_000);
  bench.now += 8_000; // three seconds late
  bench.connection.handleTimeout(bench.now);
  assertEquals(bench.outcome, "open");
  bench.send(PONG);
  assertEquals(bench.pass(9_000).outcome, "open");
  bench.pass(1_000);
  for (let late = 0; late < 2; late++) {
    bench.now = bench.connection.nextTimeout() + 3_000;
    bench.connection.handleTimeout(bench.now);
  }
  assertEquals(bench.outcome, DEAD);
});

test("[C65] without a call there is no PING, and nothing to wait for, unless it is permitted", () => {
  const bench = keeping("client");
  assertEquals([bench.pass(3_600_000).sent(), bench.outcome], [[], "open"]);
  assertEquals(bench.connection.nextTimeout(), Infinity);
  const permitted = keeping("client", { permitWithoutCalls: true });
  assertEquals(permitted.pass(10_000).sent(), ["PING"]);
  assertEquals(permitted.pass(5_000).outcome, DEAD);
});

test("[C65] keepalive begins with the peer's SETTINGS, for the handshake has a deadline of its own", () => {
  const management = { keepalive: { ...TIMES, permitWithoutCalls: true } };
  const bench = new Bench("client", {}, { handshake: false, management });
  bench.sent();
  assertEquals([bench.pass(19_000).sent(), bench.outcome], [[], "open"]);
});

test("[C65] without keepalive, nothing is sent and nothing waited for", () => {
  const bench = new Bench("client");
  bench.open();
  bench.sent();
  assertEquals([bench.pass(1e9).sent(), bench.connection.nextTimeout()], [[], Infinity]);
});

test("[C66] a call on a connection that was silent for longer is preceded by a PING", () => {
  const bench = keeping("client");
  bench.pass(20_000);
  assertEquals(bench.connection.dormant, true);
  bench.connection.wake(bench.now);
  bench.open();
  assertEquals(bench.sent(), ["PING", "HEADERS 1"]);
  assertEquals(bench.pass(4_999).outcome, "open");
  assertEquals(bench.pass(1).outcome, DEAD);
});

test("[C66] octets that came meanwhile count: the PING comes timeMs after them", () => {
  const bench = keeping("client");
  bench.pass(20_000).send(windowUpdate(0, 1)).pass(4_000);
  bench.connection.wake(bench.now);
  bench.open();
  assertEquals([bench.sent(), bench.connection.dormant], [["HEADERS 1"], false]);
  assertEquals([bench.pass(5_999).sent(), bench.pass(1).sent()], [[], ["PING"]]);
});

test("[C69] a server asks with and without calls, and ends what does not answer", () => {
  for (const calls of [0, 1]) {
    const bench = keeping("server", { timeMs: 7_200_000, timeoutMs: 20_000, permitWithoutCalls: true });
    if (calls > 0) bench.send(bench.headers(1));
    assertEquals(bench.pass(7_199_999).sent(), []);
    assertEquals(bench.pass(1).sent(), ["PING"]);
    assertEquals([bench.pass(19_999).outcome, bench.pass(1).outcome], ["open", DEAD]);
  }
});

test("[C68] a PING too soon is a strike, and the third strike ends the connection", () => {
  const bench = held();
  bench.send(bench.headers(1));
  assertEquals(answered(bench, 299_999, 10), 3);
  const goAway = bench.frames().at(-1)!;
  assertEquals([goAway.type, new TextDecoder().decode(goAway.payload.subarray(8))], [
    "GOAWAY",
    "too_many_pings",
  ]);
  assertEquals(bench.outcome, "connection ENHANCE_YOUR_CALM library");
});

test("[C68] PINGs as often as permitted are answered for ever", () => {
  const calls = held();
  calls.send(calls.headers(1));
  assertEquals(answered(calls, 300_000, 100), 100);
  assertEquals(answered(held(), 7_200_000, 100), 100);
  assertEquals(answered(held({ permitWithoutCalls: true }), 300_000, 100), 100);
});

test("[C68] without calls two hours are permitted, unless PINGs without calls are", () => {
  assertEquals(answered(held(), 7_199_999, 10), 3);
  assertEquals(answered(held({ permitWithoutCalls: true }), 299_999, 10), 3);
});

test("[C68] HEADERS and DATA that the server sends take strikes back, what else it sends does not", () => {
  const bench = held();
  bench.send(bench.headers(1), bench.headers(3));
  const [stream, other] = bench.sink.streams;
  const sends = [
    () => bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, false),
    () => bench.connection.sendData(stream!, new Uint8Array(1), false),
    () => bench.connection.sendHeaders(stream!, TRAILERS_LIST, undefined, true),
  ];
  for (const send of sends) {
    assertEquals(answered(bench, 1, 3), 3);
    send();
  }
  assertEquals(answered(bench, 1, 3), 3);
  bench.connection.ping(5, bench.now);
  bench.connection.release(other!, 0);
  assertEquals(answered(bench, 1, 3), 0);
});

test("[C68] DATA that waits for a window takes strikes back when it is sent, not before", () => {
  const bench = held();
  bench.send(bench.headers(1));
  const [stream] = bench.sink.streams;
  bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, false);
  bench.connection.sendData(stream!, new Uint8Array(100_000), false);
  bench.sent();
  assertEquals(answered(bench, 1, 3), 3);
  bench.send(windowUpdate(1, 10), windowUpdate(0, 10));
  bench.sent();
  assertEquals(answered(bench, 1, 10), 3);
});

test("[C68] answers to our own PINGs are no strikes, and neither are a server's PINGs at a client", () => {
  const bench = held();
  for (let i = 0; i < 100; i++) bench.send(PONG);
  assertEquals(bench.outcome, "open");
  assertEquals(answered(new Bench("client"), 1, 100), 100);
});

test("[C68] a client measures the path no more often than DATA comes, which is no strike", () => {
  const estimator = new BdpEstimator(1_000);
  assertEquals(estimator.wantsProbe(0, 1), false);
  assertEquals(estimator.wantsProbe(10, 1), true);
  estimator.begin(1);
  estimator.end(0, 2);
  assertEquals(estimator.wantsProbe(0, 1e6), false, "nothing came since");
  assertEquals(estimator.wantsProbe(1, 1e6), true);
});

test("[C65] keepalive, measuring and draining tell the answers to their PINGs apart", () => {
  const bench = keeping("server", { permitWithoutCalls: true });
  bench.send(bench.headers(1));
  bench.pass(10_000);
  bench.connection.drain("enough", bench.now);
  bench.sent();
  bench.send(PONG, data(1, 1));
  assertEquals([bench.sent(), bench.outcome], [[], "open"]);
  assertEquals(bench.sink.take(), ["headers 1", "data 1 1"]);
  assertEquals(bench.send(PONG).sink.take(), ["pong 1801807216"], "this one was not asked for");
});
