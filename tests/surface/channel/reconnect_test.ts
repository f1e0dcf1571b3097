// When attempts to connect are made: https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md.
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, gaps } from "./connecting.ts";

test("[C9] attempts that are refused follow each other after 1 s, 1.6 s, 2.56 s and so on, up to 120 s", async () => {
  const bench = new Bench();
  bench.call(true);
  await bench.pass(600_000);
  const between = gaps(bench.attempts());
  assertEquals(between.slice(0, 5), [1_000, 1_600, 2_560, 4_096, 6_554]);
  assertEquals(between.slice(11), Array(between.length - 11).fill(120_000));
});

test("[C9] the backoff counts from the beginning of an attempt, however long it took to fail", async () => {
  const bench = new Bench({ handshakeTimeoutMs: 900 });
  bench.silence();
  bench.call(true);
  await bench.pass(5_000);
  assertEquals(gaps(bench.attempts()).slice(0, 2), [1_000, 1_600]);
});

test("an attempt that takes longer than the backoff is followed by the next one at once", async () => {
  const bench = new Bench({ handshakeTimeoutMs: 20_000 });
  bench.silence();
  bench.call(true);
  await bench.pass(130_000);
  // 1 s to 16.8 s of backoff are over when 20 s of connecting are; 26.8 s and 42.9 s are not.
  assertEquals(gaps(bench.attempts()), [20_000, 20_000, 20_000, 20_000, 20_000, 20_000]);
});

test("[C35] attempts go on by the backoff whether a call waits or not, until the idle timeout", async () => {
  const bench = new Bench({ idleTimeoutMs: 10_000 });
  bench.call();
  await bench.pass(10);
  bench.call(true).withdraw();
  await bench.pass(100_000);
  assertEquals(bench.attempts(), [0, 1_000, 2_600, 5_160, 9_256]);
  assertEquals([bench.route.state, bench.simulation.pending], ["IDLE", 0]);
});

test("[C13] while there is no connection calls fail at once, with the reason; a later attempt serves those that wait", async () => {
  const bench = new Bench();
  bench.call();
  await bench.pass(900);
  await bench.listen();
  bench.call();
  bench.call(true);
  assertEquals(bench.log.map((line) => line.slice(0, 18)), ["call 1 unavailable", "call 2 unavailable"]);
  await bench.pass(110);
  assertEquals([bench.log.at(-1), bench.route.state], ["call 3 attached", "READY"]);
});

test("connect() connects where it is IDLE, and keeps to the backoff too", async () => {
  const bench = new Bench();
  bench.turn(() => bench.route.connect());
  await bench.pass(10);
  for (let i = 0; i < 3; i++) bench.turn(() => bench.route.connect());
  await bench.pass(1_500);
  assertEquals(bench.attempts(), [0, 1_000]);
});

test("[C11] resetBackoff: the next attempt is made now, and the wait after it is the first one again", async () => {
  const bench = new Bench();
  bench.call(true);
  await bench.pass(3_000);
  assertEquals(bench.attempts(), [0, 1_000, 2_600]);
  bench.turn(() => bench.route.resetBackoff());
  await bench.pass(2_000);
  assertEquals(bench.attempts(), [3_000, 4_000]);
});
