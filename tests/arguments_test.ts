// Command lines of the project's programs: what is read, what is refused, and that every program has `--help`.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ArgumentError, helpText, parseArguments } from "../.ci/arguments.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { test } from "./harness.ts";

const OPTIONS = {
  port: [50051, "port to listen on"],
  runtime: ["deno", "runtime", ["deno", "bun"]],
  open: [false, "opens a page"],
  name: "all",
};

test("arguments: defaults, values behind a sign or a space, numbers and flags", () => {
  assertEquals(parseArguments(OPTIONS, []), {
    help: false,
    port: 50051,
    runtime: "deno",
    open: false,
    name: "all",
  });
  assertEquals(parseArguments(OPTIONS, ["--port", "80", "--runtime=bun", "--open", "--name=--x"]), {
    help: false,
    port: 80,
    runtime: "bun",
    open: true,
    name: "--x",
  });
  assertEquals(parseArguments(OPTIONS, ["--open=false", "--port=1.5"]).port, 1.5);
});

for (
  const [given, says] of [
    ["--prot=1", 'Cannot read argument "--prot=1"; there are --help --port --runtime --open --name'],
    ["server", 'Cannot read argument "server"'],
    ["-p", 'Cannot read argument "-p"'],
    ["--port", "Cannot read --port: expected a value, as --port=50051"],
    ["--port=x", "Cannot read --port=x: expected a number"],
    ["--port=-1", "Cannot read --port=-1: expected a number"],
    ["--port=", "Cannot read --port=: expected a number"],
    ["--runtime=node", "Cannot read --runtime=node: expected one of deno, bun"],
    ["--open=maybe", "Cannot read --open=maybe: expected no value, true or false"],
    ["--__proto__=1", 'Cannot read argument "--__proto__=1"'],
  ] as const
) {
  test(`arguments: ${given} is refused`, () => {
    const { message } = assertThrows(() => parseArguments(OPTIONS, [given]), ArgumentError) as Error;
    assertStringIncludes(message, says);
  });
}

test("arguments: help names every option with its default", () => {
  const help = helpText("prog: does it.", OPTIONS);
  for (const part of ["prog: does it.", "--port=50051", "port to listen on", "(deno, bun)", "--help"]) {
    assertStringIncludes(help, part);
  }
});

/** The programs behind the scripts of package.json that take flags. */
const scripts: Record<string, string> = JSON.parse(readFileSync(`${root}package.json`, "utf8")).scripts;

for (const [name, command] of Object.entries(scripts)) {
  if (["build", "prepack"].includes(name)) continue;
  test(`npm run ${name} -- --help says what there is, and runs nothing`, () => {
    const [, script] = command.split(" ");
    const { status, stdout } = spawnSync("node", [script!, "--help"], { cwd: root, encoding: "utf8" });
    assertEquals(status, 0);
    assertStringIncludes(stdout, "--help");
  });
}

for (const example of ["route_guide/server.ts", "route_guide/client.ts", "proxy/proxy.ts", "pollers.ts"]) {
  test(`examples/${example} takes --help`, () => {
    const [command, ...before] = runtimeCommand("Bun" in globalThis ? "bun" : "deno");
    const args = [...before, `${root}examples/${example}`, "--help"];
    const { status, stdout } = spawnSync(command!, args, { cwd: root, encoding: "utf8" });
    assertEquals(status, 0);
    assertStringIncludes(stdout, "--poller=");
  });
}
