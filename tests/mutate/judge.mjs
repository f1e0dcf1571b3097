// Applies one mutation to a copy of the tree and says what its test made of it.
import { existsSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { program, root } from "../../.ci/runtimes.mjs";
import { endGroup, startGroup } from "../process_group.mjs";
import { readReport, skipLines } from "../reports.mjs";
import { runnerArguments } from "../tally.mjs";

/** A test that hangs by a mutation has seen it; no test here takes a third of this. */
const LIMIT_MS = 120_000;

/** More than any test takes: a mutation that makes a loop endless fills the memory of the machine long before the limit. */
const MOST_MEMORY_BYTES = 4 * 1024 ** 3;

/** What each test did in the tree as it stands, by what selects it: run once, for a test that always fails sees nothing. */
const unmutated = new Map();

/** "caught", "SKIP " and the reason why its test does not run here, or a sentence that says why it was not caught. */
export async function judge(copy, mutation) {
  const { file, before, after } = mutation;
  const original = readFileSync(root + file, "utf8");
  const mutated = original.replace(before, () => after);
  const { transformSync } = await import("esbuild"); // here, for a fresh clone has it only once it is installed
  try {
    transformSync(mutated, { loader: file.endsWith(".ts") ? "ts" : "js" });
  } catch (error) {
    return `invalid: the mutated file cannot be parsed: ${error.message.split("\n")[1] ?? error.message}`;
  }
  const sound = await runUnmutated(copy, mutation);
  if (sound.startsWith("SKIP ")) return sound;
  if (sound !== "passed") return `invalid: without the mutation its test ${sound}`;
  copy.write(file, mutated);
  try {
    const outcome = await runTest(copy, mutation);
    return outcome === "passed"
      ? "MISSED: its test passes"
      : outcome === "ran nothing"
      ? "invalid: its test ran nothing"
      : "caught";
  } finally {
    copy.write(file, original);
  }
}

async function runUnmutated(copy, mutation) {
  const key = [mutation.test, mutation.name, mutation.runtime, mutation.poller].join("\0");
  if (!unmutated.has(key)) unmutated.set(key, runTest(copy, mutation));
  return await unmutated.get(key);
}

/** "passed", "failed", "hung", "ran nothing", or "SKIP " and a reason. */
async function runTest(copy, { test, name, runtime, poller }) {
  const junit = `${copy.folder}junit.xml`;
  rmSync(junit, { force: true });
  const args = runnerArguments(runtime, [test], junit);
  if (name !== "") args.splice(1, 0, ...selection(runtime, name));
  const { code, output } = await run(program(runtime), args, copy.folder, { POLLWIRE_POLLER: poller });
  if (code === "hung") return "hung";
  const sums = readReport(runtime, existsSync(junit) ? readFileSync(junit, "utf8") : "", output);
  if (code !== 0 || sums.failed > 0) return "failed";
  if (sums.passed > 0) return "passed";
  const [skipped] = skipLines(output).filter((line) => line.includes(name));
  return skipped === undefined ? "ran nothing" : `SKIP ${skipped}`;
}

/** Arguments that select the tests whose title contains `name`. */
function selection(runtime, name) {
  const literal = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return runtime === "deno" ? [`--filter=/${literal}/`] : [`--test-name-pattern=${literal}`];
}

function run(command, args, cwd, env) {
  return new Promise((resolve) => {
    const child = startGroup(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let hung = false;
    const giveUp = () => {
      hung = true;
      endGroup(child);
    };
    const limit = setTimeout(giveUp, LIMIT_MS);
    const watch = setInterval(() => {
      if (residentBytes(child.pid) > MOST_MEMORY_BYTES) giveUp();
    }, 500);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => output += chunk);
    child.stderr.setEncoding("utf8").on("data", (chunk) => output += chunk);
    child.on("exit", () => endGroup(child));
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      clearInterval(watch);
      resolve({ code: hung ? "hung" : code ?? signal, output });
    });
  });
}

/** Resident memory of a process where the system tells it (Linux), else 0. */
function residentBytes(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
