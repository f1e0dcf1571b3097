// The list of calls that are not done: members come and leave in any order.
import { assertEquals } from "@std/assert";
import { Reporter } from "../../../pollers/mod.ts";
import { type PendingCallDescription, PendingCalls } from "../../../surface/call/pending_calls.ts";
import { test } from "../../harness.ts";

function call(name: string, forgotten?: string): PendingCallDescription {
  return {
    nextPending: undefined,
    previousPending: undefined,
    describePending: () => name,
    forgotten,
  };
}

test("members leave in any order, and may come again", () => {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  for (const order of orders) {
    const pending = new PendingCalls();
    const calls = ["a", "b", "c"].map((name) => call(name));
    for (const one of calls) pending.add(one);
    const left = ["a", "b", "c"];
    assertEquals(pending.describe(), left);
    for (const [turn, at] of order.entries()) {
      pending.delete(calls[at]!);
      for (const gone of order.slice(0, turn + 1).reverse()) pending.delete(calls[gone]!);
      left.splice(left.indexOf("abc"[at]!), 1);
      assertEquals([order, pending.describe()], [order, left]);
    }
    for (const at of order) pending.add(calls[at]!);
    assertEquals(pending.describe(), order.map((at) => "abc"[at]));
  }
});

test("one that is not a member leaves nothing", () => {
  const pending = new PendingCalls();
  pending.add(call("a"));
  pending.delete(call("b"));
  assertEquals(pending.describe(), ["a"]);
});

test("what was forgotten is reported, and what was not is none of that", () => {
  const lines: string[] = [];
  const warn = (line: string) => void lines.push(line);
  const pending = new PendingCalls();
  pending.add(call("call /a/B: 1 hold", "a hold was not removed"));
  pending.add(call("call /a/C: a read"));
  const reporter = new Reporter({ logger: { error: warn, warn, info: warn, debug: warn } });
  pending.reportForgotten("the channel", reporter);
  assertEquals(lines, [
    "the channel was closed, and onDone never comes: a hold was not removed (call /a/B: 1 hold)",
  ]);
});
