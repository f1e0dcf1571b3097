// Calls that wait for requests: they come and leave in any order, and what waits for long is kept apart.
import { assertEquals } from "@std/assert";
import { type RequestableCall, WaitingCalls } from "../../../surface/queue/waiting_calls.ts";
import { test } from "../../harness.ts";

class Call implements RequestableCall<Call> {
  nextWaiting: Call | undefined = undefined;
  previousWaiting: Call | undefined = undefined;
  kept = 0;

  constructor(readonly name: string) {}

  keep(): void {
    this.kept++;
  }
}

/** A list, three calls in it, and what ends the iteration of the loop. */
function setUp(): { list: WaitingCalls<Call>; calls: Call[]; endIteration: () => void } {
  const closures: Array<() => void> = [];
  const list = new WaitingCalls<Call>({ run: (closure) => void closures.push(closure) });
  const calls = ["a", "b", "c"].map((name) => new Call(name));
  for (const call of calls) list.add(call);
  return { list, calls, endIteration: () => closures.splice(0).forEach((closure) => closure()) };
}

/** Takes all, the first one first. */
function drained(list: WaitingCalls<Call>): string {
  let names = "";
  for (let call = list.first; call !== undefined; call = list.first) {
    names += call.name;
    list.delete(call);
  }
  return names;
}

test("calls leave in any order, and may wait again", () => {
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    const { list, calls } = setUp();
    for (const [turn, at] of order.entries()) {
      list.delete(calls[at]!);
      list.delete(calls[at]!);
      assertEquals(list.size, 2 - turn);
    }
    assertEquals(list.first, undefined);
    for (const at of order) list.add(calls[at]!);
    assertEquals(drained(list), order.map((at) => "abc"[at]).join(""));
  }
  for (const [at, left] of ["bc", "ac", "ab"].entries()) {
    const { list, calls } = setUp();
    list.delete(calls[at]!);
    list.add(calls[at]!);
    assertEquals(drained(list), left + calls[at]!.name);
  }
});

test("calls that still wait when the iteration of the loop ends are kept apart, once", () => {
  const { list, calls, endIteration } = setUp();
  list.delete(calls[1]!);
  assertEquals(calls.map(({ kept }) => kept), [0, 0, 0]);
  endIteration();
  assertEquals(calls.map(({ kept }) => kept), [1, 0, 1]);
  list.add(calls[1]!);
  endIteration();
  assertEquals(calls.map(({ kept }) => kept), [1, 1, 1]);
});
