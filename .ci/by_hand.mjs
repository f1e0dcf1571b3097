// A server and a client that are run by hand, each in a terminal of its own, on a runtime from npm.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { runtimeCommand } from "./runtimes.mjs";

/**
 * Runs one of `programs` of `folder`, as the first argument of this process says where there are several, with the rest
 * of its arguments but `--runtime`; ends this process as that one ends. `name` is the command's in its usage.
 */
export function runByHand(name, folder, programs = ["server", "client"]) {
  const all = process.argv.slice(2);
  const [side, ...given] = programs.length === 1 && all[0] !== "--help" ? [programs[0], ...all] : all;
  const named = given.find((argument) => argument.startsWith("--runtime="));
  const runtime = named?.slice("--runtime=".length) ?? "deno";
  if (!programs.includes(side) || !["deno", "bun"].includes(runtime)) {
    const lines = programs.map((program) =>
      `npm run ${name} --${
        programs.length === 1 ? "" : ` ${program}`
      } [--runtime=deno|bun] [flags of the ${program}]`
    );
    const note = programs.length === 1
      ? `Its flags: npm run ${name} -- --runtime=deno --help`
      : "Each in a terminal of its own; both take --help.";
    console.log(`${lines.join("\n")}\n\n${note}`);
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
