import { assertEquals, assertThrows } from "@std/assert";
import { runtime, test } from "./harness.ts";

test("harness: names the runtime that runs it", () => {
  assertEquals(runtime === "deno", "Deno" in globalThis && !("Bun" in globalThis));
});

test("harness: assertions throw", () => {
  assertThrows(() => assertEquals(1 as number, 2));
});
