// A server, an honest client beside it, and attacks one after another: what each cost, and whether the server held.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../.ci/runtimes.mjs";
import { Attack } from "./attack.mjs";
import { BOUNDS } from "./list.mjs";

/** How long the honest client is alone, for its rate without an attack. */
const ALONE_MS = 1_000;

/** A server process of ours. */
export async function startServer(runtime, poller) {
  const [command, ...before] = runtimeCommand(runtime);
  const script = fileURLToPath(new URL("./server.ts", import.meta.url));
  const child = spawn(command, [...before, script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, POLLWIRE_POLLER: poller, POLLWIRE_VERBOSITY: "error" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (what) => {
    const { value, done } = await lines.next();
    if (done || !value.startsWith(what)) {
      throw new Error(`The server on ${runtime} ended before it said "${what}"`);
    }
    return Number(value.slice(what.length));
  };
  const at = (port) => ({ host: "127.0.0.1", port });
  return {
    pid: child.pid,
    target: at(await line("listening ")),
    secureTarget: at(await line("secure ")),
    /** The most handlers that ran at once since the last question. */
    handlers: () => {
      child.stdin.write("?");
      return line("handlers ");
    },
    stop: () => end(child),
  };
}

function end(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  return ended;
}

/** The honest client of `target`. */
export async function startHonest(target, path) {
  const script = fileURLToPath(new URL("./honest.mjs", import.meta.url));
  const child = spawn("node", [script, JSON.stringify({ ...target, path })], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const next = () => new Promise((resolve) => child.once("message", resolve));
  await next();
  return {
    /** What its calls were since the last question. */
    async calls() {
      const answer = next();
      child.send("?");
      return await answer;
    },
    stop: () => end(child),
  };
}

/** Calls a second that the honest client has without an attack. */
export async function aloneRate(honest) {
  await sleep(300);
  await honest.calls();
  await sleep(ALONE_MS);
  const { calls, failures } = await honest.calls();
  if (failures.length > 0) throw new Error(`The honest client cannot call the server: ${failures[0]}`);
  if (calls === 0) {
    throw new Error("The honest client cannot call the server: none of its calls was answered");
  }
  return calls / ALONE_MS * 1_000;
}

/** MB that the process has in memory; NaN where that cannot be known. */
function residentMb(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1_024;
  } catch {
    try {
      return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) / 1_024;
    } catch {
      return NaN;
    }
  }
}

/** Runs one attack; gives what it did, and in `fell` why the server has not held, if so. */
export async function runAttack(
  attack,
  { target, secureTarget, pid, handlers, service, honest, alone, seconds },
) {
  const bounds = { ...BOUNDS, ...attack.bounds };
  await sleep(100);
  await honest.calls();
  await handlers?.();
  const before = pid === undefined ? NaN : residentMb(pid);
  let most = before;
  const sampler = pid === undefined
    ? undefined
    : setInterval(() => most = Math.max(most, residentMb(pid)), 25);
  const going = new Attack(attack.secure ? secureTarget : target, service);
  const begin = performance.now();
  const run = Promise.resolve(attack.run(going)).catch((error) =>
    going.fell(`the attack failed: ${error.message}`)
  );
  await Promise.race([run, sleep((attack.seconds ?? seconds) * 1_000)]);
  const { calls, failures, p50, p99 } = await honest.calls();
  const rate = calls / (performance.now() - begin) * 1_000;
  going.stop();
  await Promise.race([run, sleep(2_000)]);
  clearInterval(sampler);
  const result = {
    rate,
    p50,
    p99,
    failures,
    memoryMb: most - before,
    handlers: await handlers?.(),
    connections: going.connections,
    outcome: going.outcome,
  };
  return { ...result, fell: going.failure ?? whyFell(result, bounds, alone) };
}

function whyFell({ rate, p99, failures, memoryMb, handlers, connections }, bounds, alone) {
  if (failures.length > 0) return `${failures.length} calls of the honest client failed: ${failures[0]}`;
  if (memoryMb > bounds.memoryMb) return `${memoryMb.toFixed(0)} MB are more than ${bounds.memoryMb}`;
  const most = bounds.handlers * connections;
  if (handlers > most) return `${handlers} handlers at once are more than ${most}`;
  if (bounds.share > 0 && rate < alone * bounds.share) {
    return `the honest client keeps ${(100 * rate / alone).toFixed(0)}% of its rate, less than ${
      (100 * bounds.share).toFixed(0)
    }%`;
  }
  if (!(p99 <= bounds.p99Ms)) return `the honest client's p99 is ${p99.toFixed(0)} ms`;
  return undefined;
}
