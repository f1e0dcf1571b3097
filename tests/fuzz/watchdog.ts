// Ends a run whose target never comes back: another thread keeps the input, for the hanging one cannot.
import { fileURLToPath } from "node:url";
import process from "node:process";
import { Worker } from "node:worker_threads";
import type { FuzzTarget } from "./target.ts";

/** No input may take so long: a busy machine stops a process for some seconds, not for that. */
const HANG_MS = 15_000;

/** Octets before the input: which input it is, and its length, each of 32 bits. */
const HEAD_BYTES = 8;

/** What the other thread runs: plain JavaScript, for every runtime. */
const WATCHER = `
const { workerData: { shared, file, hangMs, pid } } = require("node:worker_threads");
const { writeFileSync } = require("node:fs");
const head = new Int32Array(shared, 0, 2);
let last = -1;
setInterval(() => {
  const count = Atomics.load(head, 0);
  if (count !== last) return void (last = count);
  const hex = Buffer.from(new Uint8Array(shared, 8, head[1])).toString("hex");
  writeFileSync(file, hex);
  console.error("still running after " + hangMs + " ms, kept as " + file + ":\\n" + hex);
  setTimeout(() => process.kill(pid, "SIGKILL"), 200);
}, hangMs);
`;

/** Watches the runs of one target. */
export class Watchdog {
  private readonly shared: SharedArrayBuffer;
  private readonly head: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly worker: Worker;

  /** `folder` is where the hanging input is kept. */
  constructor(target: FuzzTarget, folder: URL) {
    this.shared = new SharedArrayBuffer(HEAD_BYTES + target.mostBytes);
    this.head = new Int32Array(this.shared, 0, 2);
    this.bytes = new Uint8Array(this.shared, HEAD_BYTES);
    const file = fileURLToPath(new URL(`${target.name}-hang.hex`, folder));
    this.worker = new Worker(WATCHER, {
      eval: true,
      workerData: { shared: this.shared, file, hangMs: HANG_MS, pid: process.pid },
    });
    this.worker.unref();
  }

  /** `target`, every input of which is seen by the other thread before it runs. */
  watched(target: FuzzTarget): FuzzTarget {
    return {
      ...target,
      run: (input) => {
        this.bytes.set(input);
        this.head[1] = input.length;
        Atomics.add(this.head, 0, 1);
        target.run(input);
      },
    };
  }

  /** Nothing runs any more. */
  end(): void {
    void this.worker.terminate();
  }
}
