// A server and a client that are run by hand, each in a terminal of its own, on a runtime from npm.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { runtimeCommand } from "./runtimes.mjs";

/**
 * Runs `server.ts` or `client.ts` of `folder`, as the first argument of this process says, with the rest of its
 * arguments but `--runtime`; ends this process as that one ends. `name` is the command's in its usage.
 */
export function runByHand(name, folder) {
  const [side, ...given] = process.argv.slice(2);
  const named = given.find((argument) => argument.startsWith("--runtime="));
  const runtime = named?.slice("--runtime=".length) ?? "deno";
  if (!["server", "client"].includes(side) || !["deno", "bun"].includes(runtime)) {
    console.log(`npm run ${name} -- server [--runtime=deno|bun] [flags of the server]
npm run ${name} -- client [--runtime=deno|bun] [flags of the client]

Each in a terminal of its own; both take --help.`);
    process.exit(side === "--help" ? 0 : 2);
  }
  ensureInstalled();
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL(`./${side}.ts`, folder));
  const flags = given.filter((argument) => argument !== named);
  const child = spawn(command, [...before, script, ...flags], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 0 : 1)));
}
