// Which states of a channel follow which, whatever happens to it; and how waits between attempts spread.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { test } from "../../harness.ts";
import { goAway } from "../../transport/http2/wire.ts";
import { BalancingWorld, speak } from "./balancing.ts";
import { Bench } from "./connecting.ts";

/** connectivity-semantics-and-api.md; a channel that failed says so until it is READY (gRFC A62). */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  IDLE: ["CONNECTING", "SHUTDOWN"],
  CONNECTING: ["READY", "TRANSIENT_FAILURE", "IDLE", "SHUTDOWN"],
  READY: ["TRANSIENT_FAILURE", "IDLE", "SHUTDOWN"],
  TRANSIENT_FAILURE: ["READY", "SHUTDOWN"],
  SHUTDOWN: [],
};

/** The states of a channel to which what `random` draws happens. */
async function live(random: SeededRandom): Promise<string[]> {
  const bench = new Bench();
  let listener: { shutdown(): void } | undefined;
  for (let step = 0; step < 40; step++) {
    const peer = bench.peers.at(-1);
    const events: Array<() => Promise<void> | void> = [
      async () => void (listener ??= await bench.listen()),
      () => void (listener?.shutdown(), listener = undefined),
      () => void (peer?.ended === "open" && peer.close()),
      () => void (peer?.ended === "open" && peer.send(goAway(0, 0))),
      () => void bench.call(random.below(2) === 0),
      () => void bench.call(),
      () => bench.turn(() => bench.route.connect()),
      () => bench.turn(() => bench.route.resetBackoff()),
    ];
    await events[random.below(events.length)]!();
    await bench.pass(random.below(2_500));
  }
  bench.turn(() => bench.route.close());
  bench.call();
  await bench.pass(1_000);
  return ["IDLE", ...bench.states.map((line) => line.split(" ")[1]!)];
}

test("[C2] a channel goes from state to state as gRPC allows, whatever happens to its server; seeds 1 to 40", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const states = await live(new SeededRandom(seed));
    for (const [i, state] of states.entries()) {
      if (i === 0) continue;
      const before = states[i - 1]!;
      assert(ALLOWED[before]!.includes(state), `seed ${seed}: ${before} to ${state}`);
      seen.add(`${before} ${state}`);
    }
    assertEquals(states.at(-1), "SHUTDOWN");
  }
  for (
    const way of ["CONNECTING READY", "CONNECTING TRANSIENT_FAILURE", "READY IDLE", "TRANSIENT_FAILURE READY"]
  ) {
    assert(seen.has(way), `no seed goes from ${way}`);
  }
});

test("[C10] the backoff of an address goes on growing, though a connection to another one came up", async () => {
  const world = new BalancingWorld(EVERY_POLICY.chosen("pick_first"));
  world.resolve(world.refusing(70), await world.serve(speak, 81));
  await world.runUntil(100);
  assertEquals(world.states.at(-1)!.split(" ")[1], "READY");
  world.peers[0]!.close();
  await world.runUntil(2_000);
  world.resolve(world.refusing(70));
  world.exitIdle();
  await world.runUntil(10_000);
  const at = world.attempts.filter((line) => line.endsWith(":70")).map((line) => Number(line.split(" ")[0]));
  assertEquals(at.slice(0, 4), [0, 2_000, 3_600, 6_160]);
});

test("[C10] a connection without SETTINGS does not begin the backoff anew", async () => {
  const world = new BalancingWorld(EVERY_POLICY.chosen("pick_first"));
  world.resolve(await world.serve((peer) => peer.close(), 81));
  await world.runUntil(6_000);
  assertEquals(world.attempts.map((line) => Number(line.split(" ")[0])), [0, 1_000, 2_600, 5_160]);
});

test("[C12] backoffs that begin together spread, and none is over before its time less a fifth", () => {
  const clients = Array.from({ length: 500 }, (_, seed) => {
    const random = new SeededRandom(seed);
    const backoff = new Backoff(() => random.next());
    return Array.from({ length: 6 }, () => backoff.next());
  });
  for (const [nth, plain] of [1_000, 1_600, 2_560, 4_096, 6_554, 10_486].entries()) {
    const waits = clients.map((one) => one[nth]!).toSorted((a, b) => a - b);
    assert(
      waits[0]! >= 0.8 * plain - 1 && waits.at(-1)! <= 1.2 * plain + 1,
      `${waits[0]} to ${waits.at(-1)} ms`,
    );
    // In any twentieth of the spread no more than a seventh of them.
    const window = 0.02 * plain;
    const most = Math.max(
      ...waits.map((start) => waits.filter((one) => one >= start && one < start + window).length),
    );
    assert(most <= 500 / 7, `${most} of 500 within ${window} ms`);
  }
});
