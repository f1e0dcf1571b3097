// Runs a program of tests/ on the runtime that `--runtime=` names: what `npm run fuzz` and `npm run simulate` share.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../.ci/install.mjs";
import { runtimeCommand } from "../.ci/runtimes.mjs";

const RUNTIME = "--runtime=";

/** Runs the program at the URL `script`, on Deno unless told otherwise, with all other arguments; ends as it ends. */
export function launch(script) {
  const given = process.argv.slice(2);
  const runtime = given.find((argument) => argument.startsWith(RUNTIME))?.slice(RUNTIME.length) ?? "deno";
  const rest = given.filter((argument) => !argument.startsWith(RUNTIME));
  ensureInstalled();
  const [command, ...before] = runtimeCommand(runtime);
  const args = [...before, fileURLToPath(script), ...rest];
  process.exit(spawnSync(command, args, { stdio: "inherit" }).status ?? 1);
}
