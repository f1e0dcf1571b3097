// A thread that is hard to end: its turns are long, and each says that it runs.
import { setImmediate } from "node:timers";
import { startData } from "../../../pollers/native/thread.ts";

/** How long nothing can interrupt it. */
export const TURN_MS = 200;

function spin(counted: Int32Array): void {
  const until = performance.now() + TURN_MS;
  while (performance.now() < until) Atomics.add(counted, 0, 1);
  setImmediate(() => spin(counted));
}

const data = startData();
if (data !== undefined) spin(data as Int32Array);
