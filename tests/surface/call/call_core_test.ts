// A call's states: the table, held against what it is drawn from, and against commands that come too late.
import { assertEquals } from "@std/assert";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { CALL_TABLE, CallCore, CallEvent, CallState } from "../../../surface/call/call_core.ts";
import { test } from "../../harness.ts";

class Call extends CallCore {
  readonly simulation = new Simulation();
  protected readonly host = this.simulation.host();
  deadlines = 0;

  protected override get engine() {
    return this.host;
  }
  protected override onDeadline(): void {
    this.deadlines++;
  }
  on(event: number): boolean {
    return this.advance(event);
  }
  arm(at: number): void {
    this.armDeadline(at);
  }
  disarm(): void {
    this.disarmDeadline();
  }
}

/** A call in each state. */
const WAYS: Readonly<Record<keyof typeof CallState, ReadonlyArray<keyof typeof CallEvent>>> = {
  IDLE: [],
  WAITING: ["STARTED"],
  OPEN: ["STARTED", "STREAM_OPENED"],
  OVER: ["STARTED", "ENDED"],
};

test("call core: every event in every state does what the table says", () => {
  const states = Object.entries(CallState);
  for (const [name, state] of states) {
    for (const [event, row] of Object.entries(CALL_TABLE)) {
      const call = new Call();
      for (const way of WAYS[name as keyof typeof CallState]) call.on(CallEvent[way]);
      const next = row[state]!;
      const taken = call.on(CallEvent[event as keyof typeof CallEvent]);
      assertEquals([name, event, taken], [name, event, next < states.length]);
      assertEquals(call["state"], taken ? next : state);
      assertEquals(call.isOver, call["state"] === CallState.OVER);
    }
  }
});

test("call core: whatever comes, a call ends once", () => {
  const events = Object.values(CallEvent);
  for (let program = 0; program < 4 ** 6; program++) {
    const call = new Call();
    let ends = 0;
    for (let i = 0, rest = program; i < 6; i++, rest >>= 2) {
      const taken = call.on(events[rest & 3]!);
      if (taken && events[rest & 3] === CallEvent.ENDED) ends++;
      if (ends > 0 && events[rest & 3] !== CallEvent.ENDED) assertEquals(taken, false);
    }
    assertEquals(ends, call.isOver ? 1 : 0);
  }
});

test("call core: a deadline comes at its time, once, and not where it was taken back", async () => {
  const [kept, forgotten, none] = [new Call(), new Call(), new Call()];
  for (const call of [kept, forgotten]) call.arm(call.simulation.now + 100);
  none.arm(Infinity);
  forgotten.disarm();
  for (const call of [kept, forgotten, none]) await call.simulation.run({ until: 1_000 });
  assertEquals([kept, forgotten, none].map(({ deadlines }) => deadlines), [1, 0, 0]);
  assertEquals(none.deadlineAt, Infinity);
});
