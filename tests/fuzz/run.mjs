// `npm run fuzz`: long runs of the fuzz targets.
//
//   npm run fuzz -- --name=hpack --seconds=600
//   npm run fuzz -- --seconds=60 --seed=7 --runtime=bun
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
const script = fileURLToPath(new URL("./main.ts", import.meta.url));
process.exit(spawnSync(command, [...before, script, ...rest], { stdio: "inherit" }).status ?? 1);
