// Replays every input that failed once.
import { assert, assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { failureOf, TARGETS } from "./registry.ts";
import { regressionName, regressions } from "./regressions.ts";

for (const [name, input] of regressions()) {
  test(`fuzz: an input that failed once: ${name}`, () => {
    const target = TARGETS.find((one) => name.startsWith(`${one.name}-`));
    assert(target !== undefined, `no target is called as ${name} begins`);
    assertEquals(failureOf(target, input), undefined);
  });
}

test("fuzz: an input is always kept under the same name, another under another", () => {
  const [target] = TARGETS;
  assert(target !== undefined);
  assertEquals(regressionName(target, Uint8Array.of(1, 2)), regressionName(target, Uint8Array.of(1, 2)));
  assert(regressionName(target, Uint8Array.of(1, 2)) !== regressionName(target, Uint8Array.of(2, 1)));
});
