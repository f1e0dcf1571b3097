// When a thread that has nothing to do looks again at once, and when it sleeps, on a clock that the test moves.
import { assertEquals } from "@std/assert";
import type { Loop } from "../../../pollers/core/base_engine.ts";
import { ActivityLoop } from "../../../pollers/threads/activity_loop.ts";
import { SpinPolicy } from "../../../pollers/threads/spin_policy.ts";
import { test } from "../../harness.ts";

// Powers of two, so that sums are exact.
const LIMIT_MS = 1 / 8;
const SOON_MS = 1 / 16;
const LATE_MS = 1 / 2;
const STEP_MS = 1 / 64;
/** How long being woken takes here. */
const WAKE_MS = 1 / 32;

/** One thread with its policy, which gets an event some time after it has become idle. */
class Idler {
  time = 1_000;
  private readonly runtime: Loop = {
    now: () => this.time,
    soon: () => {},
    arm: () => undefined,
    disarm: () => {},
    anchor: () => ({ ref() {}, unref() {}, remove() {} }),
  };
  readonly loop = new ActivityLoop(this.runtime);
  readonly policy = new SpinPolicy(this.loop, LIMIT_MS);

  /** Works for `workMs`, is idle, and gets an event `gapMs` later: how long it has spun, in milliseconds. */
  round(workMs: number, gapMs: number): number {
    this.time += workMs;
    const idleAt = this.time;
    while (this.policy.goesOn(this.time)) {
      this.time += STEP_MS;
      if (this.time - idleAt < gapMs) continue;
      this.policy.found(this.time);
      return this.time - idleAt;
    }
    const spun = this.time - idleAt;
    this.time = idleAt + gapMs + WAKE_MS;
    this.policy.woken(this.time);
    return spun;
  }

  rounds(count: number, gapMs: number): number[] {
    return Array.from({ length: count }, () => this.round(1 / 4, gapMs));
  }
}

test("spin: from the moment when there is nothing to do, however long the work before took", () => {
  const idler = new Idler();
  assertEquals(idler.rounds(3, SOON_MS), [SOON_MS, SOON_MS, SOON_MS]);
  assertEquals(idler.round(5, SOON_MS), SOON_MS);
});

test("spin: no longer than the limit, and not at all where events come later", () => {
  assertEquals(new Idler().rounds(6, LATE_MS), [LIMIT_MS, LIMIT_MS, 0, 0, 0, 0]);
});

test("spin: where every other event is late, late ones weigh more", () => {
  const idler = new Idler();
  const spins = Array.from({ length: 20 }, (_, i) => idler.round(1 / 4, i % 2 === 0 ? LATE_MS : SOON_MS));
  assertEquals(spins.slice(10).filter((ms) => ms === LIMIT_MS), [], "it spins in vain");
});

test("spin: two events that would have been found in time bring it back", () => {
  const idler = new Idler();
  idler.rounds(6, LATE_MS);
  assertEquals(idler.rounds(4, SOON_MS), [0, 0, SOON_MS, SOON_MS]);
});

test("spin: while closures wait the thread looks on, and is idle only after them", () => {
  const idler = new Idler();
  idler.loop.soon(() => {});
  for (let i = 0; i < 100; i++) {
    assertEquals(idler.policy.goesOn(idler.time), true);
    idler.time += STEP_MS;
  }
  idler.loop.runClosures();
  assertEquals(idler.round(0, SOON_MS), SOON_MS);
});

test("spin: what a timer or a closure does begins it anew", () => {
  const idler = new Idler();
  const goesOnAfter = (ms: number): boolean => {
    idler.time += ms;
    return idler.policy.goesOn(idler.time);
  };
  assertEquals([goesOnAfter(1), goesOnAfter(LIMIT_MS - STEP_MS)], [true, true]);
  idler.loop.soon(() => {});
  idler.loop.runClosures();
  assertEquals([goesOnAfter(STEP_MS), goesOnAfter(LIMIT_MS - STEP_MS), goesOnAfter(STEP_MS)], [
    true,
    true,
    false,
  ]);
});
