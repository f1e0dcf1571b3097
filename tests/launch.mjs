// Runs a program of tests/ on the runtime that `--runtime=` names: what `npm run fuzz` and `npm run simulate` share.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";

const RUNTIME = "--runtime=";
const RUNTIMES = ["deno", "bun"]; // Node does not run the sources

/**
 * Runs the program at the URL `script`, on Deno unless told otherwise, with all other arguments. Ends this process as
 * that one ends, and that one with this.
 */
export function launch(script) {
  const given = process.argv.slice(2);
  const runtime = given.find((argument) => argument.startsWith(RUNTIME))?.slice(RUNTIME.length) ?? "deno";
  if (!RUNTIMES.includes(runtime)) {
    console.error(`Cannot run on ${JSON.stringify(runtime)}: runtimes are ${RUNTIMES.join(" and ")}`);
    process.exit(2);
  }
  ensureInstalled();
  const [command, ...before] = runtimeCommand(runtime);
  const rest = given.filter((argument) => !argument.startsWith(RUNTIME));
  const child = spawn(command, [...before, fileURLToPath(script), ...rest], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`Cannot start ${runtime}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}
