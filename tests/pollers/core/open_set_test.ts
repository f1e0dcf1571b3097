import { assert, assertEquals, assertFalse } from "@std/assert";
import { type Closable, OpenSet } from "../../../pollers/core/open_set.ts";
import { test } from "../../harness.ts";

function thing(name: string): Closable {
  return { syscall: "read", describe: () => name, close: () => {} };
}

test("open set: told when the first thing opens and when the last one has closed", () => {
  const told: boolean[] = [];
  const set = new OpenSet((holding) => told.push(holding));
  const [one, other] = [thing("one"), thing("other")];
  set.add(one);
  set.add(other);
  assertEquals(told, [true]);
  assert(set.delete(one));
  assertEquals([told, set.size], [[true], 1]);
  assert(set.delete(other));
  assertEquals(told, [true, false]);
  assertFalse(set.delete(other), "it closed twice");
  assertEquals(told, [true, false]);
  set.add(one);
  assertEquals(told, [true, false, true]);
});

test("open set: gives what is open in the order in which it opened, and stays as it was while that is closed", () => {
  const set = new OpenSet();
  const things = ["a", "b", "c"].map(thing);
  for (const one of things) set.add(one);
  set.delete(things[1]!);
  set.add(things[1]!);
  const all = set.all();
  for (const one of all) set.delete(one);
  assertEquals([all.map((one) => one.describe()), set.size], [["a", "c", "b"], 0]);
});
