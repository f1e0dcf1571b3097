#!/usr/bin/env node
// The program `pollwire`, on Node, Deno and Bun; see docs/cli.md.

import { COMMANDS } from "./commands.ts";
import { ExitCode } from "./exit_codes.ts";
import { ProcessTerminal } from "./process_terminal.ts";
import { run } from "./run.ts";

const terminal = new ProcessTerminal();
let interrupts = 0;
terminal.onInterrupt((exitCode) => ++interrupts > 1 && terminal.endNow(exitCode));
terminal.onUncaught((error) => {
  terminal.err.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  void terminal.end(ExitCode.FAILED);
});
await terminal.end(await run(terminal.given, terminal, COMMANDS));
