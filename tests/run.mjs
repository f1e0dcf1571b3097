// `npm test`: checks, then every test on Deno and on Bun, then the built package on Node; ends with one line of sums.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { readArguments, WHOLE } from "../.ci/arguments.mjs";
import { build } from "../.ci/build.mjs";
import { ensureInstalled } from "../.ci/install.mjs";
import { program, root, runtimeCommand } from "../.ci/runtimes.mjs";
import { filesOn, suitesOn } from "./matrix.mjs";
import { endGroup, endGroups, startGroup } from "./process_group.mjs";
import { duration } from "./progress.mjs";
import { readTap, skipLines } from "./reports.mjs";
import { RunnerProgress } from "./runner_progress.mjs";
import { readList, readSums, runnerArguments, Tally } from "./tally.mjs";

/** A runner that takes longer than this is hung. */
const RUNNER_LIMIT_MS = 20 * 60_000;

const USAGE = `npm test: checks, then every test on Deno and on Bun, then the built package on Node.

  npm test -- --runtime=bun --filter=tests/pollers`;

const options = readArguments(USAGE, {
  runtime: ["", "only this runtime", ["deno", "bun", "node"]],
  filter: ["", "only test files whose path begins with this"],
  "one-by-one": [false, "one runtime after the other, where a machine has two cores for both"],
  windows: [false, "\`npm run test:windows\` as well, in the same sums"],
  mutations: [0, "so many of \`npm run mutate\`, drawn at random, in the same sums", WHOLE],
});
options.filter = options.filter.replace(/^\.\//, "");
const tally = new Tally();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => endBy(signal));

ensureInstalled();
const reports = mkdtempSync(`${os.tmpdir()}/pollwire-test-`);
try {
  await runAll();
} finally {
  rmSync(reports, { recursive: true, force: true });
}
process.exit(tally.end());

async function runAll() {
  const whole = options.filter === "";
  const wants = (runtime) => options.runtime === "" || options.runtime === runtime;
  if (whole && options.runtime === "") await runChecks();
  const onNode = wants("node") && (whole || options.filter.startsWith("tests/dist"));
  if (onNode) await runBuild();
  const files = findFiles("tests", /_test\.ts$/).filter((file) => file.startsWith(options.filter));
  const lanes = ["deno", "bun"].filter(wants).map((runtime) => () => runOnPollers(runtime, files));
  const others = async () => {
    if (onNode) await runNode();
    if (options.windows) await runWindows();
    if (options.mutations > 0) await runMutations();
  };
  const last = lanes.pop();
  lanes.push(async () => {
    await last?.();
    await others(); // Bun has done its part before Deno has
  });
  await runLanes(lanes);
}

/** Side by side where there are cores for it: each lane runs its tests one by one. */
async function runLanes(lanes) {
  if (options["one-by-one"] || os.availableParallelism() < 2) { for (const lane of lanes) await lane(); }
  else await Promise.all(lanes.map((lane) => lane()));
}

function findFiles(folder, names) {
  return readdirSync(`${root}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return findFiles(path, names);
    return names.test(entry.name) ? [path] : [];
  }).sort();
}

/** Layout, lint and types: each counts as one test. */
async function runChecks() {
  await check("deno fmt --check", ["fmt", "--check", "--quiet"]);
  await check("deno lint", ["lint", "--quiet"]);
  await check("deno check", ["check", "--quiet", ...typedSources()]);
  await check("deno check of every snippet", ["check", "--quiet", "--doc-only", ...pagesAndLibrary()]);
}

/** Every TypeScript file but those that tests check where they lay them, beside the package or generated code. */
function typedSources() {
  const folders = ["pollers", "transport", "surface", "tests", "bench", "examples"];
  const files = folders.flatMap((folder) => findFiles(folder, /\.ts$/));
  return ["mod.ts", ...files.filter((file) => !/\/fixtures?\//.test(file))];
}

/** Where snippets stand: pages, and the JSDoc of the library. */
function pagesAndLibrary() {
  const pages = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "examples/README.md",
    ...findFiles("docs", /\.md$/),
  ];
  const library = ["pollers", "transport", "surface"].flatMap((folder) => findFiles(folder, /\.ts$/));
  return [...pages, "mod.ts", ...library];
}

async function check(name, args) {
  const { code, output } = await capture(program("deno"), args);
  if (code === 0) return tally.add(name, { passed: 1, failed: 0, skipped: 0 });
  console.log(output);
  tally.fail(name, `ended with ${code}`);
}

/** Bundles and declarations: one test. */
async function runBuild() {
  try {
    await build();
    tally.add("build dist/", { passed: 1, failed: 0, skipped: 0 });
  } catch (error) {
    tally.fail("build dist/", error.message);
  }
}

/** Everything on the default poller, and on each other one what matrix.mjs says: those tests take the environment's. */
async function runOnPollers(runtime, files) {
  await runSuite(runtime, files, "native");
  for (const { name, usable, because } of await describePollers(runtime)) {
    const again = name === "native" ? [] : filesOn(name, files);
    if (again.length === 0) continue;
    if (usable) await runSuite(runtime, again, name);
    else {
      tally.nameSkips(runtime, [`${suitesOn(name).join(", ")} on ${name} (skipped: ${because})`]);
      tally.add(`${runtime}, ${name}`, { passed: 0, failed: 0, skipped: 1 });
    }
  }
}

/** Every poller, and why it cannot run on `runtime` here. */
async function describePollers(runtime) {
  const [command, ...before] = runtimeCommand(runtime);
  const { code, output } = await capture(command, [...before, "tests/pollers/describe.ts"]);
  if (code === 0) return JSON.parse(output);
  tally.fail(runtime, `pollers cannot be listed: ${output}`);
  return [];
}

/** All test files on one runtime and poller. */
async function runSuite(runtime, paths, poller) {
  const title = poller === "native" ? runtime : `${runtime}, ${poller}`;
  if (paths.length === 0) {
    return tally.fail(runtime, `no test file starts with ${JSON.stringify(options.filter)}`);
  }
  const junitFile = `${reports}/${runtime}-${poller}.xml`;
  const args = runnerArguments(runtime, paths, junitFile);
  const progress = new RunnerProgress(title, paths.length);
  const ended = await capture(program(runtime), args, { POLLWIRE_POLLER: poller }, progress);
  tally.addRun(runtime, paths, { ...ended, junitFile }, title);
}

/** The built package on Node, as a user of plain JavaScript has it. */
async function runNode() {
  const files = findFiles("tests/dist", /_test\.mjs$/);
  // Without Node, `bun run` puts itself on PATH under Node's name.
  const probe = await capture("node", ["-e", "process.exit('Bun' in globalThis ? 9 : 0)"]);
  if (probe.code !== 0) {
    tally.nameSkips("node", [`${files.join(", ")} (skipped: there is no Node on PATH)`]);
    return tally.add("node", { passed: 0, failed: 0, skipped: files.length });
  }
  const { code, output } = await capture("node", ["--test", "--test-reporter=tap", ...files]);
  const sums = readTap(output);
  if (code !== 0 || sums === undefined) console.log(output);
  if (sums === undefined) return tally.fail("node", `the runner ended with ${code} and gave no sums`);
  if (sums.passed + sums.failed === 0) tally.fail("node", "ran no test");
  if (code !== 0 && sums.failed === 0) tally.fail("node", `the runner ended with ${code}`);
  tally.add("node", sums);
}

/** The Windows builds of both runtimes under Wine, where that can be had. */
async function runWindows() {
  const { code, output } = await capture("node", ["tests/windows/run.mjs"]);
  const refused = skipLines(output);
  if (code === 0 && refused.length > 0) {
    tally.nameSkips("windows", refused);
    return tally.add("windows", { passed: 0, failed: 0, skipped: refused.length });
  }
  console.log(output);
  const sums = readSums(output);
  if (sums === undefined) return tally.fail("windows", `the runner ended with ${code} and gave no sums`);
  tally.nameFailures("windows", readList("Failed", output));
  tally.add("windows", sums);
}

/** Some one-line faults, each of which its test must see: other ones each time, by a seed that is printed. */
async function runMutations() {
  const args = ["tests/mutate/run.mjs", `--sample=${options.mutations}`, "--jobs=1"];
  const { code, output } = await capture("node", args);
  const [, caught, missed, skipped = 0] = /^(\d+) caught, (\d+) missed(?:, (\d+) skipped)?$/m.exec(output) ??
    [];
  if (caught === undefined) return tally.fail("mutations", `the runner ended with ${code}: ${output}`);
  if (missed !== "0") console.log(output);
  tally.nameFailures("mutations", readList("Missed", output));
  tally.nameSkips("mutations", skipLines(output));
  tally.add("mutations", { passed: Number(caught), failed: Number(missed), skipped: Number(skipped) });
}

/**
 * Runs a command to its end, its children included; a code that is no number is the reason it did not run. `progress`
 * sees the output as it comes.
 */
function capture(command, args, env = {}, progress = undefined) {
  return new Promise((resolve) => {
    const child = startGroup(command, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let hung = "";
    const limit = setTimeout(() => {
      hung = `\nEnded by its limit of ${duration(RUNNER_LIMIT_MS)}; it was at: ${progress?.at ?? command}\n`;
      endGroup(child);
    }, RUNNER_LIMIT_MS);
    const take = (chunk) => {
      output += chunk;
      progress?.read(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    const end = (code, message = "") => {
      clearTimeout(limit);
      progress?.end();
      resolve({ code: hung === "" ? code : "its limit", output: output + message + hung });
    };
    child.on("error", (error) => end(error.code ?? "error", error.message));
    child.on("exit", () => setTimeout(() => endGroup(child), 1000).unref());
    child.on("close", (code, signal) => end(code ?? signal));
  });
}

function endBy(signal) {
  endGroups();
  console.log(`Ended by ${signal}`);
  process.exit(1);
}
