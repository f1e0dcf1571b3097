// `npm run bench:micro`: the small measurements on each runtime, side by side.
//
//   npm run bench:micro -- --runtime=deno,bun --filter=hpack --ms=500
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { readArguments } from "../arguments.mjs";

const options = readArguments({ runtime: "deno,bun", filter: "", ms: 300 });
ensureInstalled();
const runtimes = options.runtime.split(",");
const figures = runtimes.map((runtime) => {
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL("./main.ts", import.meta.url));
  const args = [...before, script, "--json", `--filter=${options.filter}`, `--ms=${options.ms}`];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) {
    console.error(`Cannot measure on ${runtime}: ${stderr.trim()}`);
    process.exit(1);
  }
  return JSON.parse(stdout.trim().split("\n").at(-1));
});
console.log(`| what | ${runtimes.map((runtime) => `${runtime}: median ns (±)`).join(" | ")} |`);
console.log(`|---|${runtimes.map(() => "---:|").join("")}`);
figures[0].forEach(({ name }, i) => {
  const cells = figures.map((rows) => `${rows[i].nanoseconds.toFixed(0)} (${rows[i].margin.toFixed(1)}%)`);
  console.log(`| ${name} | ${cells.join(" | ")} |`);
});
