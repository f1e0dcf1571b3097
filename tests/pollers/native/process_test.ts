// What only shows from outside the process: uncaught exceptions, missing permissions, a program that ends by itself.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runtime, test } from "../../harness.ts";
import { runProgram, testEach } from "./setup.ts";

testEach("what a read's callback throws is uncaught, and the stream goes on", async (factory) => {
  const { code, output } = await runProgram("throwing.ts", [factory.name, "read"]);
  assertEquals(output.trim().split("\n"), ["then: 121", "uncaught: boom"]);
  assertEquals(code, 0);
});

testEach("what onAccept throws is uncaught, and the listener goes on", async (factory) => {
  const { code, output } = await runProgram("throwing.ts", [factory.name, "accept"]);
  assertEquals(output.trim().split("\n"), ["uncaught: boom", "shutdown: undefined"]);
  assertEquals(code, 0);
});

test("without permission every operation fails with kind permission", async () => {
  const { code, output } = await runProgram("without_permission.ts", [], ["--allow-read"]);
  assertEquals(code, 0, output);
  for (const line of ["variable: undefined", "chosen: native"]) assertStringIncludes(output, line);
  for (const poller of ["native", "node"]) {
    for (const what of ["bind", "bind unix", "connect", "connect unix", "lookup"]) {
      assertStringIncludes(output, `${poller} ${what}: permission\n`);
    }
  }
}, { skip: runtime === "deno" ? undefined : "only Deno has permissions" });
