// `npm run route-guide -- server` and `npm run route-guide -- client`: the example on a runtime from npm.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";

const USAGE = `npm run route-guide -- server [--runtime=deno|bun] [flags of the server]
npm run route-guide -- client [--runtime=deno|bun] [flags of the client]

Each in a terminal of its own; both take --help.`;

const [side, ...given] = process.argv.slice(2);
const named = given.find((argument) => argument.startsWith("--runtime="));
const runtime = named?.slice("--runtime=".length) ?? "deno";
if (!["server", "client"].includes(side) || !["deno", "bun"].includes(runtime)) {
  console.log(USAGE);
  process.exit(side === "--help" ? 0 : 2);
}
ensureInstalled();
const [command, ...before] = runtimeCommand(runtime);
const script = fileURLToPath(new URL(`./${side}.ts`, import.meta.url));
const flags = given.filter((argument) => argument !== named);
const child = spawn(command, [...before, script, ...flags], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 0 : 1)));
