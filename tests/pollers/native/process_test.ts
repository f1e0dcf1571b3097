// What only shows from outside the process: missing permissions, and questions that are not asked.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runtime, test } from "../../harness.ts";
import { noTerminal } from "../program.ts";
import { runProgram } from "./setup.ts";

test("without permission every operation fails with kind permission", async () => {
  const { code, output } = await runProgram("without_permission.ts", [], { permissions: ["--allow-read"] });
  assertEquals(code, 0, output);
  for (const line of ["variable: undefined", "chosen: native"]) assertStringIncludes(output, line);
  for (const poller of ["native", "node"]) {
    for (const what of ["bind", "bind unix", "connect", "connect unix", "lookup"]) {
      assertStringIncludes(output, `${poller} ${what}: permission\n`);
    }
  }
  assertMatch(
    output,
    /^getaddrinfo of localhost:1 failed: Requires net access to "localhost" without a port/m,
  );
}, { skip: runtime === "deno" ? undefined : "only Deno has permissions" });

test("on a terminal nobody is asked for a permission that can be done without", async () => {
  const permissions = ["--allow-net=127.0.0.1"];
  const { code, output } = await runProgram("without_prompt.ts", [], { permissions, terminal: true });
  assertEquals(output.trim().split("\r\n"), [
    "usable: native, node",
    "epoll: Deno does not allow FFI; run it with --allow-ffi",
    "native: answered",
  ]);
  assertEquals(code, 0);
}, { skip: runtime === "deno" ? noTerminal : "only Deno has permissions" });

test("without permission to read it the poller thread's module is a reason, and no question", async () => {
  const permissions = ["--allow-ffi"];
  const { output } = await runProgram("without_prompt.ts", ["describe"], { permissions, terminal: true });
  assertMatch(
    output,
    /epoll: .*Deno does not allow its thread to be read from \S+; run it with --allow-read\r/,
  );
}, { skip: runtime === "deno" ? noTerminal : "only Deno has permissions" });
