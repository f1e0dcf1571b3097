// A thread that blocks in the simulation has it go on.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type EventEngine, SYNC_WAIT, type SyncWait } from "../../pollers/mod.ts";
import { LivelockError, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";

/** A world, two of its engines, and how a thread waits in the first. */
function world(): { simulation: Simulation; one: EventEngine; other: EventEngine; wait: SyncWait } {
  const simulation = new Simulation();
  const [one, other] = [simulation.host(), simulation.host()];
  const wait = (one as EventEngine).extension(SYNC_WAIT);
  assert(wait !== undefined);
  return { simulation, one, other, wait };
}

test("[Q126] a thread that blocks has every host go on, in virtual time, and no promise", () => {
  const { simulation, one, other, wait } = world();
  const ran: string[] = [];
  void Promise.resolve().then(() => ran.push("promise"));
  one.runAt(20, () => ran.push("one"));
  other.runAt(10, () => ran.push("other"));
  one.runAt(30, () => ran.push("later"));
  assert(wait.waitSync(() => ran.length === 2, Infinity));
  assertEquals([ran, simulation.now, simulation.pending], [["other", "one"], 20, 1]);
});

test("a thread that blocks until a deadline finds the clock there, and what was due by then done", () => {
  const { simulation, one, wait } = world();
  const ran: number[] = [];
  for (const at of [5, 10, 15]) one.runAt(at, () => ran.push(at));
  assertEquals(wait.waitSync(() => false, 12), false);
  assertEquals([ran, simulation.now], [[5, 10], 12]);
  assertEquals(wait.waitSync(() => false, 3), false, "a deadline that has passed");
  assertEquals(simulation.now, 12);
});

test("a thread cannot block in the simulation where nothing would end it", () => {
  const { one, wait } = world();
  assertThrows(() => wait.waitSync(() => false, Infinity), Error, "nothing can end it");
  assertThrows(() => wait.waitSync(() => false, NaN), RangeError, "NaN");
  let thrown: unknown;
  one.run(() => {
    try {
      wait.waitSync(() => true, 0);
    } catch (error) {
      thrown = error;
    }
  });
  assert(wait.waitSync(() => thrown !== undefined, Infinity));
  assert(thrown instanceof TypeError, String(thrown));
  const nested = (): boolean => wait.waitSync(() => true, 0);
  assertThrows(() => wait.waitSync(nested, 0), TypeError, "already");
  assert(nested(), "and the next one is not refused");
  const again = (): void => one.run(again);
  again();
  assertThrows(() => wait.waitSync(() => false, Infinity), LivelockError);
});
