// The test runner's own reading of reports: what failed must never be counted as passed.
import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { failedTests, filesWithoutTests, readReport, readTap, skipLines } from "./reports.mjs";
import { readList, readSums, Tally } from "./tally.mjs";
import { test } from "./harness.ts";

const JUNIT = `<testsuites tests="4"><testsuite name="tests/a_test.ts" file="tests/a_test.ts">
  <testcase name="one" classname="" time="0" assertions="0" />
  <testcase name="two" time="0">
  </testcase>
  <testcase name="three &lt;3&gt;" time="0"><failure type="Error" message="it &quot;broke&quot;&#10;here">x</failure></testcase>
  <testcase name="four (skipped: why)" time="0"><skipped /></testcase>
  <testcase name="five" time="0"><error message="Cancelled"/></testcase>
</testsuite></testsuites>`;

test("runner: passed, failed, cancelled and skipped tests of a report", () => {
  assertEquals(readReport("deno", JUNIT, ""), { passed: 2, failed: 2, skipped: 1 });
  assertEquals(failedTests(JUNIT), ['three <3>: it "broke"', "five: Cancelled"]);
});

test("runner: a module that does not load is only in what Deno prints", () => {
  const printed = "99 passed | 77 failed\n\nFAILED | 2 passed (3 steps) | 3 failed | 1 ignored (5ms)\n";
  assertEquals(readReport("deno", JUNIT, printed).failed, 3);
});

test("runner: a module that does not load is only in what Bun prints", () => {
  const printed =
    " 9 fail\nnoise\n\n 2 pass\n 1 skip\n 3 fail\n 1 error\nRan 5 tests across 2 files. [1ms]\n";
  assertEquals(readReport("bun", JUNIT, printed).failed, 3);
  assertEquals(readReport("bun", JUNIT, printed.replace(" 3 fail\n", "")).failed, 3);
});

test("runner: no report, no test passed", () => {
  assertEquals(readReport("bun", "", "5 pass"), { passed: 0, failed: 0, skipped: 0 });
});

test("runner: a file without tests is named", () => {
  const files = ["tests/a_test.ts", "tests/b_test.ts"];
  assertEquals(filesWithoutTests("bun", JUNIT, "", files), ["tests/b_test.ts"]);
  const printed = "running 2 tests from ./tests/a_test.ts\nrunning 0 tests from ./tests/b_test.ts\n";
  assertEquals(filesWithoutTests("deno", "", printed, files), ["tests/b_test.ts"]);
});

test("runner: reasons of skipped tests", () => {
  assertEquals(skipLines("x\nSKIP one (skipped: why)\nnot SKIP two\n"), ["one (skipped: why)"]);
});

test("runner: Node's sums, where it gave any", () => {
  const tap = "# pass 9\n# tests 3\n# pass 1\n# fail 1\n# cancelled 1\n# skipped 0\n";
  assertEquals(readTap(tap), { passed: 1, failed: 2, skipped: 0 });
  assertEquals(readTap("TAP version 13\n"), undefined);
});

/** What a tally prints, and its exit code. */
function printed(body: (tally: Tally) => number): [output: string, code: number] {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  try {
    const code = body(new Tally());
    return [lines.join("\n"), code];
  } finally {
    console.log = log;
  }
}

test("runner: the sums of a tally add all runs up, and are read back", () => {
  const [output, code] = printed((tally) => {
    tally.add("one", { passed: 3, failed: 0, skipped: 1 });
    tally.add("two", { passed: 2, failed: 1, skipped: 0 });
    tally.fail("three", "hung");
    tally.nameFailures("two", ["a: test: Values differ"]);
    return tally.end(" on Wine");
  });
  assertEquals(code, 1);
  assertEquals(readList("Failed", output), ["three: hung", "two: a: test: Values differ"]);
  assertEquals(readList("Skipped", output), []);
  assertEquals(readSums(output), { passed: 5, failed: 2, skipped: 1 });
  assertEquals(output.split("\n").at(-1), "5 passed, 2 failed, 1 skipped on Wine");
  assertEquals(readSums("ok     one: 3 passed, 0 failed"), undefined);
});

test("runner: a run without a report fails, as does one that passes nothing", () => {
  const run = { code: 0, output: "", junitFile: "/no/such/report.xml" };
  const [output, code] = printed((tally) => {
    tally.addRun("bun", ["tests/a_test.ts"], run, "bun");
    tally.add("other", { passed: 9, failed: 0, skipped: 0 });
    return tally.end();
  });
  assertEquals([code, readSums(output)], [1, { passed: 9, failed: 1, skipped: 0 }]);
  assertEquals(printed((tally) => tally.end())[1], 1);
});

/** A runner whose test has started a program that never ends, and holds the runner's output: prints its group once it is guarded. */
const STUCK = `
  import { startGroup } from ${JSON.stringify(new URL("./process_group.mjs", import.meta.url).href)};
  const { pid } = startGroup("sh", ["-c", "(while :; do sleep 0.05; done) & wait"], { stdio: "inherit" });
  console.log(pid);
`;

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`runner: what a test started ends with a runner that ${signal} ends`, async () => {
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const runner = spawn("node", ["--input-type=module", "--eval", STUCK], { stdio: [...stdio] });
    const closed = new Promise<string>((resolve) => runner.on("close", () => resolve("ended")));
    const group = await new Promise<number>((resolve) => runner.stdout.on("data", (line) => resolve(+line)));
    runner.kill(signal);
    let limit: ReturnType<typeof setTimeout>;
    const late = new Promise<string>((resolve) => limit = setTimeout(resolve, 10_000, "runs on"));
    const outcome = await Promise.race([closed, late]);
    clearTimeout(limit!);
    if (outcome !== "ended") process.kill(-group, "SIGKILL");
    assertEquals(outcome, "ended");
  });
}
