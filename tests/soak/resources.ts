// What this process holds, and how it says so to the process that started it.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Bytes and counts; undefined where the system does not tell. */
export interface Resources {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly descriptors: number | undefined;
  readonly threads: number | undefined;
}

/** What is held now. */
export function resources(): Resources {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed, external, ...counts() };
}

function counts(): Pick<Resources, "descriptors" | "threads"> {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return {
      descriptors: readdirSync("/proc/self/fd").length,
      threads: Number(/^Threads:\s+(\d+)/m.exec(status)![1]),
    };
  } catch {
    return { descriptors: undefined, threads: undefined };
  }
}

/** Collects all garbage, which on Deno takes the flag --expose-gc. */
function collect(): void {
  const { gc, Bun } = globalThis as unknown as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  if (Bun !== undefined) Bun.gc(true);
  else gc!();
}

/** Answers each line "sample" on stdin with `sample {...}`, and collects for each "collect"; `onEnd` runs when stdin ends. */
export function answerSamples(counts: () => object, onEnd: () => void): void {
  process.on("SIGINT", () => {}); // Ctrl-C reaches every process of the terminal; who started this one ends it
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text) => {
    for (const [order] of String(text).matchAll(/\w+(?=\n)/g)) {
      if (order === "collect") collect();
      else console.log(`sample ${JSON.stringify({ resources: resources(), ...counts() })}`);
    }
  });
  process.stdin.on("end", onEnd);
}
