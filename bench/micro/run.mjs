// `npm run bench:micro`: micro benchmarks of single parts on each runtime, one after the other, in one table.
//
//   npm run bench:micro -- --runtime=deno,bun --filter=hpack --ms=500 --json
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { POSITIVE, readArguments, RUNTIMES } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { markdown } from "./table.mjs";

const options = readArguments(
  "npm run bench:micro: micro benchmarks of single parts on each runtime, in one table.",
  {
    runtime: ["deno,bun", "runtimes to measure", RUNTIMES],
    filter: ["", "only benchmarks whose name contains this"],
    ms: [150, "milliseconds for each", POSITIVE],
    json: [false, "JSON instead of a table"],
  },
);
ensureInstalled();
const measured = options.runtime.split(",").map(measure);
console.log(options.json ? JSON.stringify(measured, undefined, 1) : markdown(measured));

function measure(runtime) {
  console.error(`Measuring on ${runtime} ...`);
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL("./main.ts", import.meta.url));
  const args = [...before, script, "--json", `--filter=${options.filter}`, `--ms=${options.ms}`];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1));
  console.error(`Cannot measure on ${runtime}: ${error?.message ?? stderr.trim()}`);
  process.exit(status || 1);
}
