// When attempts to connect are made: https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md.
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, gaps } from "./connecting.ts";

test("attempts that are refused follow each other after 1 s, 1.6 s, 2.56 s and so on, up to 120 s", async () => {
  const bench = new Bench();
  bench.call(true);
  await bench.pass(600_000);
  const between = gaps(bench.attempts());
  assertEquals(between.slice(0, 5), [1_000, 1_600, 2_560, 4_096, 6_554]);
  assertEquals(between.slice(11), Array(between.length - 11).fill(120_000));
});

test("the backoff counts from the beginning of an attempt, however long it took to fail", async () => {
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

test("nobody waits: no attempt is made, and no timer is left for one", async () => {
  const bench = new Bench();
  bench.call();
  await bench.pass(10);
  const waiting = bench.call(true);
  bench.subchannel.withdraw(waiting);
  await bench.pass(100_000);
  assertEquals([bench.attempts().length, bench.simulation.pending], [1, 0]);
});

test("a call after the backoff is over has an attempt of its own, and waits for it", async () => {
  const bench = new Bench();
  bench.call();
  await bench.pass(1_001);
  await bench.listen();
  bench.call();
  assertEquals(bench.subchannel.state, "CONNECTING");
  await bench.pass(10);
  assertEquals(bench.log.at(-1), "call 2 attached");
});

test("an attempt that connect() asked for is made, whatever calls come and go meanwhile", async () => {
  const bench = new Bench();
  bench.call();
  await bench.pass(10);
  bench.turn(() => bench.subchannel.connect());
  bench.turn(() => bench.subchannel.withdraw(bench.call(true)));
  await bench.pass(1_500);
  assertEquals(bench.attempts(), [0, 1_000]);
  bench.turn(() => bench.subchannel.withdraw(bench.call(true)));
  await bench.pass(10_000);
  assertEquals(bench.attempts(), []); // one attempt, no more
});

test("connect() keeps to the backoff too", async () => {
  const bench = new Bench();
  bench.turn(() => bench.subchannel.connect());
  await bench.pass(10);
  for (let i = 0; i < 3; i++) bench.turn(() => bench.subchannel.connect());
  await bench.pass(1_500);
  assertEquals(bench.attempts(), [0, 1_000]);
});
