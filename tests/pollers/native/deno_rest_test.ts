// Rests of Deno's loop: nothing waits while its timers are in time, and everything does while one is late.
import { assertEquals } from "@std/assert";
import type { Loop } from "../../../pollers/core/base_engine.ts";
import { DenoRest } from "../../../pollers/native/deno_rest.ts";
import { test } from "../../harness.ts";

/** A loop whose clock and timers a test moves. */
class Steered {
  time = 1_000;
  armed: Array<() => void> = [];
  readonly loop: Loop = {
    now: () => this.time,
    soon: () => {},
    arm: (_, fire) => this.armed.push(fire) && fire,
    disarm: (fire) => this.armed = this.armed.filter((one) => one !== fire),
    anchor: () => ({ ref() {}, unref() {}, remove() {} }),
  };
  readonly rest = new DenoRest(this.loop);
  readonly begun: number[] = [];

  /** Whether `one` may begin now. */
  may(one: number): boolean {
    if (this.rest.mayBegin()) return true;
    this.rest.beginLater({ begin: () => void this.begun.push(one) });
    return false;
  }

  fire(): void {
    this.armed.splice(0).forEach((fire) => fire());
  }
}

test("rests: while timers are in time nothing waits, and one is set every 5 ms at the most", () => {
  const steered = new Steered();
  let timers = 0;
  for (let i = 0; i < 100; i++) {
    assertEquals(steered.may(i), true);
    timers += steered.armed.length;
    steered.fire();
    steered.time += 1;
  }
  assertEquals([timers, steered.begun], [20, []]);
});

test("rests: while a timer is late everything waits, and begins in its order when it has fired", () => {
  const steered = new Steered();
  assertEquals(steered.may(1), true);
  steered.time += 1.9;
  assertEquals(steered.may(2), true, "the timer is not late yet");
  steered.time += 0.2;
  assertEquals([steered.may(3), steered.may(4)], [false, false]);
  steered.fire();
  assertEquals([steered.begun, steered.may(5)], [[3, 4], true]);
});

test("rests: what waits begins at once when nothing is open any more", () => {
  const steered = new Steered();
  steered.may(1);
  steered.time += 10;
  steered.may(2);
  assertEquals(steered.rest.isWaiting, true);
  steered.rest.stop();
  assertEquals([steered.armed, steered.begun, steered.rest.isWaiting], [[], [2], false]);
  assertEquals([steered.may(3), steered.armed.length], [true, 1]);
});
