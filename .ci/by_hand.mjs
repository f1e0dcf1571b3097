// A server and a client that are run by hand, each in a terminal of its own, on a runtime from npm.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { refuse } from "./arguments.mjs";
import { ensureInstalled } from "./install.mjs";
import { runtimeCommand } from "./runtimes.mjs";

/**
 * Runs one of `programs` of `folder`, as the first argument of this process says where there are several, with the rest
 * of its arguments but `--runtime`; ends this process as that one ends. `name` is the command's in its usage.
 */
export function runByHand(name, folder, programs = ["server", "client"]) {
  const given = process.argv.slice(2);
  const { runtime, rest } = takeRuntime(given);
  const [side, ...flags] = programs.length === 1 && given[0] !== "--help" ? [programs[0], ...rest] : rest;
  const wrong = !programs.includes(side)
    ? `Cannot run ${JSON.stringify(side ?? "")}: give ${programs.join(" or ")} first`
    : ["deno", "bun"].includes(runtime)
    ? undefined
    : `Cannot read --runtime=${runtime}: expected one of deno, bun`;
  if (wrong !== undefined) {
    const lines = programs.map((program) =>
      `npm run ${name} --${
        programs.length === 1 ? "" : ` ${program}`
      } [--runtime=deno|bun] [flags of the ${program}]`
    );
    const note = programs.length === 1
      ? `Its flags: npm run ${name} -- --runtime=deno --help`
      : "Each in a terminal of its own; both take --help.";
    const usage = `${lines.join("\n")}\n\n${note}`;
    if (side !== "--help") refuse(`${wrong}\n\n${usage}`);
    console.log(usage);
    process.exit(0);
  }
  ensureInstalled();
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL(`./${side}.ts`, folder));
  const child = spawn(command, [...before, script, ...flags], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 0 : 1)));
}

/** The runtime that `--runtime=bun` or `--runtime bun` of `given` names, and the other arguments. */
function takeRuntime(given) {
  const at = given.findIndex((argument) => /^--runtime(?:=|$)/.test(argument));
  if (at < 0) return { runtime: "deno", rest: given };
  const inline = /^--runtime=(.*)/.exec(given[at])?.[1];
  const rest = given.toSpliced(at, inline === undefined ? 2 : 1);
  return { runtime: inline ?? given[at + 1] ?? "", rest };
}
