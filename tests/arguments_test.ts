// Command lines of the project's programs: what is read, what is refused, and that every program has `--help`.
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  ArgumentError,
  COUNT,
  helpText,
  HOST_AND_PORT,
  listOf,
  listOfNumbers,
  MEASURED_POLLERS,
  parseArguments,
  POLLERS,
  PORT,
  POSITIVE,
  WHOLE,
} from "../.ci/arguments.mjs";
import { root, runtimeCommand } from "../.ci/runtimes.mjs";
import { describePollers } from "pollwire";
import { test } from "./harness.ts";

const OPTIONS = {
  port: [50051, "port to listen on", PORT],
  seconds: [1, "how long"],
  runtime: ["deno", "runtime", ["deno", "bun"]],
  open: [false, "opens a page"],
  name: "all",
};

test("arguments: defaults, values behind a sign or a space, numbers and flags", () => {
  assertEquals(parseArguments(OPTIONS, []), {
    help: false,
    port: 50051,
    seconds: 1,
    runtime: "deno",
    open: false,
    name: "all",
  });
  assertEquals(parseArguments(OPTIONS, ["--port", "80", "--runtime=bun", "--open", "--name=--x"]), {
    help: false,
    port: 80,
    seconds: 1,
    runtime: "bun",
    open: true,
    name: "--x",
  });
  assertEquals(parseArguments(OPTIONS, ["--open=false", "--seconds=1.5"]).seconds, 1.5);
});

for (
  const [given, says] of [
    [
      "--prot=1",
      'Cannot read argument "--prot=1"; there are --help --port --seconds --runtime --open --name',
    ],
    ["server", 'Cannot read argument "server"'],
    ["-p", 'Cannot read argument "-p"'],
    ["--port", "Cannot read --port: expected a value, as --port=50051"],
    ["--seconds=x", "Cannot read --seconds=x: expected a number"],
    ["--seconds=-1", "Cannot read --seconds=-1: expected a number"],
    ["--seconds=", "Cannot read --seconds=: expected a number"],
    ["--port=x", "Cannot read --port=x: expected a whole number from 0 to 65535"],
    ["--port=-1", "Cannot read --port=-1: expected a whole number"],
    ["--port=1.5", "Cannot read --port=1.5: expected a whole number"],
    ["--port=65536", "Cannot read --port=65536: expected a whole number"],
    ["--port=", "Cannot read --port=: expected a whole number"],
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

test("arguments: a list has words that there are, with commas between them", () => {
  const options = {
    peers: ["a,b", "peers", listOf(["a", "b"])],
    poller: ["native", "pollers", MEASURED_POLLERS],
  };
  for (const given of ["a", "b,a"]) assertEquals(parseArguments(options, [`--peers=${given}`]).peers, given);
  for (const given of ["epoll/2,native", ""]) {
    assertEquals(parseArguments(options, [`--poller=${given}`]).poller, given);
  }
  for (const wrong of ["--peers=a,c", "--peers=", "--peers=a/2", "--poller=nope", "--poller=epoll/x"]) {
    const { message } = assertThrows(() => parseArguments(options, [wrong]), ArgumentError) as Error;
    assertStringIncludes(message, "give one or more of ");
  }
});

test("arguments: a list has whole numbers, and words beside them, where it is one of numbers", () => {
  const options = { spin: ["default,0", "microseconds", listOfNumbers(["default"])] };
  for (const given of ["0", "default,20"]) {
    assertEquals(parseArguments(options, [`--spin=${given}`]).spin, given);
  }
  for (const wrong of ["", "x", "1,", "-1", "1.5"]) {
    const { message } = assertThrows(
      () => parseArguments(options, [`--spin=${wrong}`]),
      ArgumentError,
    ) as Error;
    assertStringIncludes(message, "is no whole number; give one or more of them, or default");
  }
});

test("arguments: counts, lengths and places are refused where they say nothing that can be measured", () => {
  const options = {
    rounds: [2, "rounds", COUNT],
    sample: [0, "of them", WHOLE],
    servers: [10, "servers", { least: 1, most: 30 }],
    seconds: [1, "length", POSITIVE],
    target: ["", "a server", HOST_AND_PORT],
  };
  for (
    const [given, says] of [
      ["--rounds=0", "expected a whole number, 1 or above"],
      ["--rounds=1.5", "expected a whole number, 1 or above"],
      ["--rounds=1e300", "expected a whole number, 1 or above"],
      ["--sample=-1", "expected a whole number, 0 or above"],
      ["--servers=31", "expected a whole number from 1 to 30"],
      ["--seconds=0", "expected a number above 0"],
      ["--seconds=1e999", "expected a number above 0"],
      ...["nope", "", ":1", "a:0", "a:65536", "a:b", "::1:80", "a b:1"].map((place) =>
        [`--target=${place}`, 'expected "host:port"'] as const
      ),
    ] as const
  ) {
    const { message } = assertThrows(() => parseArguments(options, [given]), ArgumentError) as Error;
    assertEquals(message, `Cannot read ${given}: ${says}`);
  }
  for (const given of ["--target=[::1]:80", "--target=a.b:65535", "--seconds=1e-3", "--sample=0"]) {
    parseArguments(options, [given]);
  }
});

test("arguments: pollers are the library's", () => {
  assertEquals(POLLERS.each, describePollers().map(({ name }) => name));
});

test("arguments: help names every option with its default", () => {
  const help = helpText("prog: does it.", OPTIONS);
  for (const part of ["prog: does it.", "--port=50051", "port to listen on", "(deno, bun)", "--help"]) {
    assertStringIncludes(help, part);
  }
});

/** The programs behind the scripts of package.json that take flags. */
const scripts: Record<string, string> = JSON.parse(readFileSync(`${root}package.json`, "utf8")).scripts;

/** What options of these names cannot be. */
const WRONG = {
  ...{ poller: "nope", runtime: "nope", port: "99999", target: "nope", policy: "nope", spin: "x", idle: "x" },
  ...{ rounds: "0", seconds: "-1", minutes: "0", callers: "0", pairs: "0", jobs: "0", servers: "0" },
};

for (const [name, command] of Object.entries(scripts)) {
  if (["build", "prepack"].includes(name)) continue;
  test(`npm run ${name} -- --help says what there is, and runs nothing; what is wrong takes one line`, () => {
    const [, script] = command.split(" ");
    const run = (given: string) => spawnSync("node", [script!, given], { cwd: root, encoding: "utf8" });
    const { status, stdout: help } = run("--help");
    assertEquals(status, 0);
    assertStringIncludes(help, "--help");
    for (const [option, value] of Object.entries(WRONG)) {
      if (!help.includes(`\n  --${option}`)) continue;
      const ended = run(`--${option}=${value}`);
      assertEquals([ended.status, ended.stdout], [2, ""], ended.stderr);
      assertMatch(ended.stderr, new RegExp(`^Cannot read --${option}=${value}: .*\n$`));
    }
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

for (
  const [flag, says] of [["--poller=nope", '"nope" is unknown'], ["--port=99999", "port must be 0 to 65535"]]
) {
  test(`examples/proxy/proxy.ts ${flag} says what is wrong, and no stack`, () => {
    const [command, ...before] = runtimeCommand("Bun" in globalThis ? "bun" : "deno");
    const given = [...before, `${root}examples/proxy/proxy.ts`, flag!];
    const { status, stdout, stderr } = spawnSync(command!, given, { cwd: root, encoding: "utf8" });
    assertEquals([status, stdout], [2, ""], stderr);
    assertStringIncludes(stderr, says!);
    assertEquals(/^ +at /m.test(stderr), false, stderr);
  });
}

for (
  const [given, status, says] of [
    [["server", "--runtime=nope"], 2, "Cannot read --runtime=nope: expected one of deno, bun"],
    [["server", "--runtime", "nope"], 2, "Cannot read --runtime=nope"],
    [["--runtime=bun", "nope"], 2, 'Cannot run "nope": give server or client first'],
    [["--help"], 0, "npm run route-guide -- server"],
    [["--runtime", "bun", "server", "--port=99999"], 2, "port must be 0 to 65535"],
  ] as const
) {
  test(`npm run route-guide -- ${given.join(" ")} ends with ${status}`, () => {
    const script = [`${root}examples/route_guide/run.mjs`, ...given];
    const ended = spawnSync("node", script, { cwd: root, encoding: "utf8" });
    assertEquals(ended.status, status, ended.stderr);
    assertStringIncludes(status === 0 ? ended.stdout : ended.stderr, says);
  });
}
