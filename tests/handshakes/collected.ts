// What this process holds once garbage is collected, for each line on stdin.
import process from "node:process";
import { resources } from "../soak/resources.ts";

interface Collectors {
  gc?(): void;
  Bun?: { gc(isSynchronous: boolean): void };
}

/** Answers by a line of JSON until stdin ends, and ends the process with it. */
export function answerResources(): void {
  process.stdin.on("data", () => void answer());
  process.stdin.on("end", () => process.exit(0));
}

async function answer(): Promise<void> {
  const { gc, Bun } = globalThis as Collectors;
  // What is closed is let go in later turns, and some garbage is found by the second collection alone.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (Bun !== undefined) Bun.gc(true);
    else gc?.();
  }
  console.log(JSON.stringify(resources()));
}
