// The sums of several runs of tests, on one runtime after another: printed line by line, and added up in the end.
import { existsSync, readFileSync } from "node:fs";
import { failedTests, filesWithoutTests, readReport, skipLines } from "./reports.mjs";

/** Arguments that have a runtime run `files` and leave its report at `junit`. */
export function runnerArguments(runtime, files, junit) {
  if (runtime === "deno") return ["test", "-A", "--no-check", `--junit-path=${junit}`, ...files];
  const report = ["--reporter=junit", `--reporter-outfile=${junit}`];
  return ["test", "--timeout=120000", ...report, ...files.map((file) => `./${file}`)];
}

/** What was run so far. */
export class Tally {
  #totals = { passed: 0, failed: 0, skipped: 0 };
  #skips = new Set();
  #failures = [];

  /** Adds `sums` and prints them on one line. */
  add(title, sums) {
    for (const key of Object.keys(sums)) this.#totals[key] += sums[key];
    console.log(`${sums.failed > 0 ? "FAILED" : "ok    "} ${title}: ${sentence(sums)}`);
  }

  /** Names skipped tests: lines as {@linkcode skipLines} gives them. */
  nameSkips(title, lines) {
    for (const line of lines) this.#skips.add(`${title}: ${line}`);
  }

  /** Names tests that failed. */
  nameFailures(title, lines) {
    this.#failures.push(...lines.map((line) => `${title}: ${line}`));
  }

  /** Adds one failure that is no test's. */
  fail(title, reason) {
    this.nameFailures(title, [reason]);
    this.add(`${title}: ${reason}`, { passed: 0, failed: 1, skipped: 0 });
  }

  /**
   * Adds what a runner of `files` did; `title` may say more on its line. One that crashes, hangs or leaves no report is
   * a failure, as is a file without tests.
   */
  addRun(runtime, files, { code, output, junitFile }, title, line = title) {
    const junit = existsSync(junitFile) ? readFileSync(junitFile, "utf8").replaceAll("\\", "/") : "";
    this.nameSkips(title, skipLines(output));
    this.nameFailures(title, failedTests(junit));
    const sums = readReport(runtime, junit, output);
    const empty = filesWithoutTests(runtime, junit, output, files);
    if (code !== 0 || sums.failed > 0 || empty.length > 0) console.log(output);
    if (junit === "") return this.fail(title, `the runner ended with ${code} and left no report`);
    for (const file of empty) this.fail(title, `${file} ran no test`);
    if (code !== 0 && sums.failed === 0) this.fail(title, `the runner ended with ${code}`);
    this.add(line, sums);
  }

  /** Prints what was skipped and what failed, by name, and the sums with `on` behind them; the exit code. */
  end(on = "") {
    printList("Skipped", this.#skips);
    printList("Failed", this.#failures);
    console.log(`\n${sentence(this.#totals)}${on}`);
    return this.#totals.failed > 0 || this.#totals.passed === 0 ? 1 : 0;
  }
}

/** The sums in what a {@linkcode Tally} of another process has printed; undefined where there are none. */
export function readSums(output) {
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)].at(-1);
  if (last === undefined) return undefined;
  const [passed, failed, skipped] = last.slice(1).map((digits) => Number(digits ?? 0));
  return { passed, failed, skipped };
}

/** What stands in the list below `title` that another process has printed by {@linkcode printList}. */
export function readList(title, output) {
  const list = new RegExp(`^${title}:\\n((?:  .+\\n?)+)`, "m").exec(output)?.[1] ?? "";
  return list.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Prints `lines` below `title`; nothing where there are none. */
export function printList(title, lines) {
  const all = [...lines];
  if (all.length > 0) console.log(`\n${title}:\n${all.map((line) => `  ${line}`).join("\n")}`);
}
