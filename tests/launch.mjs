// Runs a program of tests/ on the runtime that `--runtime` names: what `npm run fuzz`, `npm run simulate` and others share.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments } from "../.ci/arguments.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";

/** The option that is the launcher's own; Node does not run the sources. */
const RUNTIME = { runtime: ["deno", "runtime that runs it", ["deno", "bun"]] };

/**
 * Runs the program at the URL `script`, on Deno unless told otherwise, with the values of `options` as arguments. Ends
 * this process as that one ends, and that one with this.
 */
export function launch(script, usage, options) {
  const { help: _, runtime, ...values } = readArguments(usage, { ...RUNTIME, ...options });
  ensureInstalled();
  const [command, ...before] = runtimeCommand(runtime);
  const given = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(command, [...before, fileURLToPath(script), ...given], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`Cannot start ${runtime}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}
