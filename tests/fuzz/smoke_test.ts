// A short run of every fuzz target, and the canary.
import { assert, assertEquals } from "@std/assert";
import { toHex } from "../bytes.ts";
import { test } from "../harness.ts";
import { CANARY, fuzz, TARGETS } from "./registry.ts";

const SMOKE_MS = 700;

for (const target of TARGETS) {
  test(`fuzz ${target.name}: ${target.about}`, () => {
    const end = performance.now() + SMOKE_MS;
    const { inputs, failure } = fuzz(target, 1, () => performance.now() < end);
    assert(inputs > 20, `only ${inputs} inputs in ${SMOKE_MS} ms`);
    if (failure !== undefined) {
      throw new Error(`${toHex(failure.input)}: ${failure.error}`, { cause: failure.error });
    }
  });
}

test("fuzz: the canary's bug is found, and its input made small", () => {
  const { failure } = fuzz(CANARY, 1, (inputs) => inputs < 2_000_000);
  assert(failure !== undefined, "a planted bug was not found");
  assertEquals(failure.input.length, 9);
});

test("fuzz: the same seed makes the same inputs", () => {
  const inputs = (seed: number): string => {
    const seen: string[] = [];
    const target = { ...CANARY, run: (input: Uint8Array) => void seen.push(toHex(input)) };
    fuzz(target, seed, (count) => count < 200);
    return seen.join();
  };
  assertEquals(inputs(5), inputs(5));
  assert(inputs(5) !== inputs(6));
});
