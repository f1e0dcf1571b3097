// How long a server lets connections stand (gRFC A9): idle, old, and the grace after that. [C70] is the rule.
import { assertEquals } from "@std/assert";
import type { LifetimeLimits } from "../../../transport/http2/lifetime.ts";
import { test } from "../../harness.ts";
import { ACK, Bench, frame, PREFACE, RESPONSE_LIST, rst, setting, SETTINGS_ACK, uint32 } from "./wire.ts";

const PONG = frame("PING", ACK, 0, uint32(0, 0x6472_6169));
const FIRST = ["GOAWAY 2147483647 NO_ERROR", "PING"];

function limited(limits: Partial<LifetimeLimits>): Bench {
  const lifetime = { idleMs: Infinity, ageMs: Infinity, graceMs: Infinity, ...limits };
  return new Bench("server", {}, { management: { lifetime } });
}

/** The debug data of the first GOAWAY among what was sent. */
function words(bench: Bench): string {
  const { payload } = bench.frames().find(({ type }) => type === "GOAWAY")!;
  return new TextDecoder().decode(payload.subarray(8));
}

/** Ends the last stream by its response, `ms` after anything was received. */
function respond(bench: Bench, ms: number): void {
  bench.pass(ms);
  bench.connection.sendHeaders(bench.sink.streams.at(-1)!, RESPONSE_LIST, undefined, true);
  bench.sent();
  if (bench.connection.requests!.wantsTime) bench.connection.requests!.takeTime(bench.now);
}

test("[C70] a connection on which no stream was opened ends gracefully after maxConnectionIdleMs", () => {
  const bench = limited({ idleMs: 60_000 });
  assertEquals(bench.pass(59_999).sent(), []);
  assertEquals(bench.pass(1).sent(), FIRST);
  assertEquals([bench.send(PONG).sent(), bench.outcome], [["GOAWAY 0 NO_ERROR"], "ok"]);
  assertEquals(words(limited({ idleMs: 60_000 }).pass(60_000)), "max_idle");
});

test("[C70] idle time and age count from the client's SETTINGS, not from the accept", () => {
  for (const limits of [{ idleMs: 60_000 }, { ageMs: 60_000 }]) {
    const lifetime = { idleMs: Infinity, ageMs: Infinity, graceMs: Infinity, ...limits };
    const bench = new Bench("server", {}, { management: { lifetime }, handshake: false });
    bench.pass(70_000).send(PREFACE, setting(), SETTINGS_ACK).sent();
    assertEquals([bench.pass(59_999).sent(), bench.outcome], [[], "open"]);
    assertEquals(bench.pass(1).sent(), FIRST);
  }
});

test("[C70] idle counts from the end of the last stream, however it ended", () => {
  const ends: Array<(bench: Bench) => void> = [
    (bench) => respond(bench, 90_000),
    (bench) => {
      bench.pass(90_000).send(rst(bench.sink.streams.at(-1)!.id, 8));
      if (bench.connection.requests!.wantsTime) bench.connection.requests!.takeTime(bench.now);
    },
    (bench) => respond(bench, 10),
  ];
  const bench = limited({ idleMs: 60_000 });
  ends.forEach((end, index) => {
    bench.pass(20_000).send(bench.headers(2 * index + 1));
    end(bench);
    bench.sent();
    assertEquals([bench.pass(29_999).sent(), bench.outcome], [[], "open"]);
  });
  assertEquals(bench.pass(30_000).sent(), []);
  assertEquals(bench.pass(1).sent(), FIRST);
});

test("[C70] a connection with a stream is not idle, however long it is silent", () => {
  const bench = limited({ idleMs: 60_000 });
  bench.send(bench.headers(1));
  assertEquals([bench.pass(1e9).sent(), bench.outcome], [[], "open"]);
});

test("[C70] an old connection says max_age, takes what is on its way, and ends with its last stream", () => {
  const bench = limited({ ageMs: 100_000 });
  bench.send(bench.headers(1));
  assertEquals(bench.pass(99_999).sent(), []);
  bench.pass(1);
  bench.send(bench.headers(3));
  assertEquals(words(bench), "max_age");
  assertEquals(bench.send(PONG).sent(), ["GOAWAY 3 NO_ERROR"]);
  assertEquals(bench.pass(1e9).outcome, "open", "there is no grace unless one is asked for");
  for (const stream of bench.sink.streams) {
    bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  }
  assertEquals(bench.outcome, "ok");
});

test("[C70] what is left after the grace fails", () => {
  const bench = limited({ ageMs: 100_000, graceMs: 5_000 });
  bench.send(bench.headers(1));
  bench.pass(100_000).sent();
  bench.send(PONG).sent();
  assertEquals([bench.pass(4_999).outcome, bench.sent()], ["open", []]);
  assertEquals([bench.pass(1).outcome, bench.sent()], ["connection NO_ERROR library", ["GOAWAY 1 NO_ERROR"]]);
});

test("[C70] a connection that grows old while it drains keeps the drain's words, and has its grace too", () => {
  const bench = limited({ ageMs: 100_000, graceMs: 5_000 });
  bench.send(bench.headers(1));
  bench.connection.drain("maintenance", bench.now);
  bench.send(PONG).sent();
  assertEquals([bench.pass(104_999).outcome, bench.sent()], ["open", []]);
  assertEquals(bench.pass(1).outcome, "connection NO_ERROR library");
});

test("[C70] without limits nothing is waited for", () => {
  const bench = new Bench("server");
  assertEquals([bench.pass(1e12).outcome, bench.connection.nextTimeout()], ["open", Infinity]);
  bench.send(bench.headers(1), rst(1, 8));
  assertEquals(bench.connection.requests!.wantsTime, false);
});
