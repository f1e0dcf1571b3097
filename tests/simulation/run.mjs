// `npm run simulate`: replays one seed with its trace, or looks for seeds that fail.
//
//   npm run simulate -- --seed=17 --steps=12
//   npm run simulate -- --seed=1 --seeds=100000 --runtime=bun
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";

const given = process.argv.slice(2);
const runtime = given.find((argument) => argument.startsWith("--runtime="))?.slice("--runtime=".length) ??
  "deno";
const rest = given.filter((argument) => !argument.startsWith("--runtime="));
ensureInstalled();
const [command, ...before] = runtimeCommand(runtime);
const script = fileURLToPath(new URL("./replay.ts", import.meta.url));
process.exit(spawnSync(command, [...before, script, ...rest], { stdio: "inherit" }).status ?? 1);
