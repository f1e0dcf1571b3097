import { assertEquals, assertLess, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { runtime, test, withOutsiders } from "./harness.ts";
import { Program } from "./pollers/program.ts";

test("harness: names the runtime that runs it", () => {
  assertEquals(runtime === "deno", "Deno" in globalThis && !("Bun" in globalThis));
});

test("harness: assertions throw", () => {
  assertThrows(() => assertEquals(1 as number, 2));
});

const SCRIPT = new URL("./printing.ts", import.meta.url);

test("harness: a test that fails says what its programs have done, and ends those that run", async () => {
  let hanging: Program | undefined = undefined;
  const error = await assertRejects(() =>
    withOutsiders(async () => {
      const ended = new Program(SCRIPT, ["one", "two"]);
      hanging = new Program(SCRIPT, ["three", "stay"]);
      await Promise.all([ended.ended, hanging.printed("stay")]);
      throw new Error("it failed");
    }), Error);
  const said = error.message.split("\n\n");
  assertEquals(said[0], "it failed");
  assertMatch(
    said[1]!,
    /^Process \d+, tests\/printing.ts one two: ended with 0 at [\d.]+ s, its output ended at [\d.]+ s; it printed\s+at [\d.]+ s: one\n/,
  );
  assertMatch(said[2]!, /^Process \d+, tests\/printing.ts three stay: running for [\d.]+ s, state /);
  assertEquals((await hanging!.ended).code, null);
});

test("harness: a program that has ended is not waited for", async () => {
  const program = new Program(SCRIPT, ["one"]);
  await program.ended;
  const from = performance.now();
  const { message } = await assertRejects(() => program.printed("two"), Error);
  assertMatch(message, /Ended before it printed "two": one/);
  assertLess(performance.now() - from, 10_000);
});
