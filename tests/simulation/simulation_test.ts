// Random programs of calls under random faults, in virtual time: every seed must keep every promise.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LivelockError, Simulation } from "../../pollers/simulated/mod.ts";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { test } from "../harness.ts";
import { ModelError } from "./model_error.ts";
import { type Outcome, runProgram } from "./program.ts";
import { SimulatedWorld } from "./world.ts";

/** A share of the 3,000 and more that `npm run simulate` is for. */
const SEEDS = 2_000;
const CALLS = 12;
const BATCH = 250;

for (let first = 1; first <= SEEDS; first += BATCH) {
  test(
    `seeds ${first} to ${first + BATCH - 1} keep every promise, in every style and on both sides`,
    async () => {
      for (let seed = first; seed < first + BATCH; seed++) await runProgram(seed, CALLS, 60);
    },
    { timeoutMs: 120_000 },
  );
}

test(
  "[Q126] programs whose calls block keep every promise: the thread waits in the simulation",
  async () => {
    for (let seed = 1; seed <= 300; seed++) await runProgram(seed, CALLS, 60, "blocking");
  },
  { timeoutMs: 120_000 },
);

test(
  "[C77] programs whose messages are compressed keep every promise, in every style and on both sides",
  async () => {
    for (let seed = 1; seed <= 400; seed++) await runProgram(seed, CALLS, 60, "compressed");
  },
  { timeoutMs: 120_000 },
);

test(
  "[C57] programs whose calls have a retry or hedging policy keep every promise, in every style and on both sides",
  async () => {
    for (let seed = 1; seed <= 400; seed++) await runProgram(seed, CALLS, 60, "repeated");
  },
  { timeoutMs: 120_000 },
);

const regressions = new URL("../regressions/simulation/", import.meta.url);
const kept = existsSync(regressions) ? readdirSync(regressions).filter((name) => name.endsWith(".json")) : [];
for (const name of kept) {
  test(`a seed that failed once: ${name}`, async () => {
    const { seed, steps, styles } = JSON.parse(readFileSync(new URL(name, regressions), "utf8"));
    await runProgram(seed, steps, 200, styles ?? "promise");
  }, { timeoutMs: 120_000 });
}

test("the same seed gives the same trace", async () => {
  const trace = ({ trace }: Outcome) => trace.join("\n");
  for (const seed of [7, 8, 9]) {
    const first = trace(await runProgram(seed, CALLS, 100_000));
    assert(first.length > 1_000, first);
    assertEquals(trace(await runProgram(seed, CALLS, 100_000)), first);
  }
  assert(trace(await runProgram(7, CALLS)) !== trace(await runProgram(8, CALLS)));
});

test("every runtime gives the same traces", async () => {
  const replay = fileURLToPath(new URL("./replay.ts", import.meta.url));
  const traces = await Promise.all(["deno", "bun"].map((runtime) => {
    const [command, ...before] = runtimeCommand(runtime);
    return new Promise<string>((resolve, reject) =>
      execFile(command!, [...before, replay, "--seed=23"], { maxBuffer: 2 ** 26 }, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      })
    );
  }));
  assert(traces[0]!.length > 1_000, traces[0]);
  assertEquals(traces[0], traces[1]);
});

test("books of flow control that do not balance are found, and their figures named", async () => {
  const world = new SimulatedWorld({
    seed: 3,
    conditions: {},
    traceLines: 0,
    windows: { client: {}, server: {} },
  });
  await world.listen();
  const answer = world.client.unary({ call: 1, size: 100 });
  await world.simulation.run();
  assertEquals((await answer).body?.length, 100);
  const { accounts } = world;
  accounts.checkIdle();
  const drivers = [...accounts["live"].values()];
  assertEquals([drivers.length, accounts.compared > 0], [2, true]);
  for (const driver of drivers) {
    const connection = driver["connection"];
    const wrong = (change: () => void, undo: () => void, message: RegExp): void => {
      change();
      assertMatch(assertThrows(() => accounts.checkIdle(), ModelError).message, message);
      undo();
    };
    const sent = /send window: found 3355\d+, must be 3355\d+$/;
    const { sendWindow } = connection.flow;
    wrong(() => sendWindow.take(1), () => void sendWindow.add(1), sent);
    const { flow } = connection;
    const more = /make 33554433 of the 33554432 octets announced/;
    wrong(() => flow.connectionWindow++, () => flow.connectionWindow--, more);
    const less = /make 33554431 of the 33554432 octets announced/;
    wrong(() => flow["unclaimed"]--, () => flow["unclaimed"]++, less);
    const growth = /growth of all streams: found 1, must be 0/;
    wrong(() => flow.grown++, () => flow.grown--, growth);
    const armed = driver["timer"]; // the server's, for its keepalive
    const timer = armed === undefined ? /timers: found 1, must be 0/ : /timers: found 0, must be 1/;
    wrong(() => driver["timer"] = armed === undefined ? {} : undefined, () => driver["timer"] = armed, timer);
  }
  world.channel.close();
  void world.stop(0);
  await world.simulation.run();
  accounts.checkOver();
  assertEquals(accounts["live"].size, 0);
});

test("a livelock is stopped by the step limit, and its trace named", async () => {
  const simulation = new Simulation({ seed: 5 });
  const host = simulation.host();
  const again = (): void => {
    simulation.note("around again");
    host.run(again);
  };
  again();
  const error = await assertRejects(() => simulation.run({ steps: 1_000 }), LivelockError);
  assertMatch(error.message, /seed 5 still runs after 1000 events/);
  assertMatch(error.message, /around again/);
});

test("run stops at a virtual instant, and goes on from there", async () => {
  const simulation = new Simulation();
  const seen: number[] = [];
  for (const at of [10, 20, 30]) simulation.schedule(at, () => seen.push(simulation.now));
  await simulation.run({ until: 20 });
  assertEquals([seen, simulation.now, simulation.pending], [[10, 20], 20, 1]);
  await simulation.run();
  assertEquals([seen, simulation.now], [[10, 20, 30], 30]);
});

test("a run without an end ends where nothing happens for 20 minutes, and another one goes on to what is said", async () => {
  const simulation = new Simulation();
  let events = 0;
  for (const minutes of [19, 38, 59]) simulation.schedule(minutes * 60_000, () => events++);
  await simulation.run();
  assertEquals([events, simulation.now, simulation.pending], [2, 38 * 60_000, 1]);
  await simulation.run({ until: Infinity });
  assertEquals([events, simulation.now], [3, 59 * 60_000]);
});
