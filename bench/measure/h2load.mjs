// h2load of nghttp2, where it is installed (Debian: nghttp2-client): a second opinion on unary servers.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CORES, pinned } from "./processes.mjs";

/** Why it cannot be used, or undefined. */
export function h2loadMissing() {
  return spawnSync("h2load", ["--version"], { stdio: "ignore" }).status === 0
    ? undefined
    : "h2load is not installed (Debian: nghttp2-client)";
}

/**
 * Drives unary calls for `seconds` after `warmUpMs`, which `onWarm` is called after; gives what drive.mjs would, CPU and
 * latencies aside. The warm-up is a run of its own: h2load says nothing when its own is over.
 */
export async function h2load(port, scenario, seconds, warmUpMs, onWarm) {
  await drive(port, scenario, warmUpMs);
  onWarm();
  return await drive(port, scenario, seconds * 1_000);
}

async function drive(port, scenario, ms) {
  const folder = fileURLToPath(new URL("../results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}message-${scenario.bytes}.bin`;
  writeFileSync(file, unaryMessage(scenario.bytes));
  const args = [
    "-t1",
    "-c",
    scenario.connections,
    "-m",
    scenario.streams,
    "-D",
    `${Math.round(ms)}ms`,
    "-d",
    file,
    "-H",
    "content-type: application/grpc",
    "-H",
    "te: trailers",
    `http://127.0.0.1:${port}/bench.Echo/Unary`,
  ].map(String);
  const output = await capture(
    pinned ? ["taskset", "-c", String(CORES.load), "h2load", ...args] : ["h2load", ...args],
  );
  const perSecond = Number(/finished in .*?, ([\d.]+) req\/s/.exec(output)?.[1]);
  const [, total, failed] = /requests: (\d+) total.*? (\d+) failed/.exec(output) ?? [];
  const good = Number(/status codes: (\d+) 2xx/.exec(output)?.[1]);
  if (!(perSecond > 0)) throw new Error(`h2load did nothing: ${output.trim().split("\n").at(-1)}`);
  const count = Math.max(Number(total), good);
  return { count, wrong: Number(failed), elapsedMs: good / perSecond * 1_000 };
}

function capture([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => output += text);
    }
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(limit);
      resolve(output);
    });
  });
}

/** A gRPC message with a body of `bodyBytes`. */
export function unaryMessage(bodyBytes) {
  const lengthBytes = [];
  let rest = bodyBytes;
  for (; rest >= 0x80; rest >>>= 7) lengthBytes.push((rest & 0x7f) | 0x80);
  lengthBytes.push(rest);
  const length = 1 + lengthBytes.length + bodyBytes;
  const head = [
    0,
    length >>> 24,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
    0x0a,
    ...lengthBytes,
  ];
  return Uint8Array.from([...head, ...new Uint8Array(bodyBytes).fill(120)]);
}
