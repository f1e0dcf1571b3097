// `npm run bench:micro`: micro benchmarks of single parts on each runtime, one after the other, in one table.
//
//   npm run bench:micro -- --runtime=deno,bun --filter=hpack --ms=500 --json
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { readArguments } from "../arguments.mjs";
import { markdown } from "./table.mjs";

const RUNTIMES = ["deno", "bun"]; // Node does not run the sources

const options = readOptions();
ensureInstalled();
const measured = options.runtime.split(",").map(measure);
console.log(options.json ? JSON.stringify(measured, undefined, 1) : markdown(measured));

function readOptions() {
  try {
    const read = readArguments({ runtime: RUNTIMES.join(","), filter: "", ms: 150, json: false });
    const unknown = read.runtime.split(",").find((runtime) => !RUNTIMES.includes(runtime));
    if (unknown === undefined) return read;
    throw new Error(`Cannot measure on ${JSON.stringify(unknown)}: runtimes are ${RUNTIMES.join(" and ")}`);
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function measure(runtime) {
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL("./main.ts", import.meta.url));
  const args = [...before, script, "--json", `--filter=${options.filter}`, `--ms=${options.ms}`];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout.trim().split("\n").at(-1));
  console.error(`Cannot measure on ${runtime}: ${error?.message ?? stderr.trim()}`);
  process.exit(status || 1);
}
