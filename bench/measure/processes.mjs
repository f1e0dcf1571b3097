// Processes under measurement: each on a core of its own where it is to have one, watched by what it prints and by what
// the kernel counts for it.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";

/** Whether processes are pinned: `taskset` is there, and a core for each side. */
export const pinned = os.cpus().length > 1 && spawnSync("taskset", ["-V"], { stdio: "ignore" }).status === 0;

/** Milliseconds for a process to say that it is ready, building caches included. */
const READY_LIMIT_MS = 20_000;

/** Server side and load side. */
export const CORES = { server: 0, load: 1 };

/** A child process whose lines can be waited for. */
export class Watched {
  #lines = [];
  #errors = "";
  #wanted = [];
  #ended = undefined;

  /** Starts `command` on `core`, or where that is undefined on whichever the system chooses. */
  constructor(command, core) {
    const pin = pinned && core !== undefined ? ["taskset", "-c", String(core)] : [];
    const [name, ...args] = [...pin, ...command];
    this.startedAt = performance.now();
    this.child = spawn(name, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin.on("error", () => {});
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) this.#line(line);
    });
    this.child.stderr.setEncoding("utf8").on(
      "data",
      (text) => this.#errors = (this.#errors + text).slice(-2_000),
    );
    this.child.on("error", (error) => this.#end(error.message));
    this.child.on("close", (code, signal) => this.#end(`ended with ${code ?? signal}`));
  }

  /** What the first line that matches `pattern` says; rejects when the process ends before, or takes too long. */
  async line(pattern, limitMs = READY_LIMIT_MS) {
    for (;;) {
      while (this.#lines.length > 0) {
        const match = pattern.exec(this.#lines.shift());
        if (match) return match;
      }
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await this.#next(limitMs, pattern);
    }
  }

  /** CPU time in microseconds and resident bytes now, where the system tells; else undefined. */
  usage() {
    return usageOf(this.child.pid);
  }

  /**
   * CPU time of the threads that it has now, in nanoseconds: as the scheduler counts it, where `usage` has hundredths of
   * a second. Linux alone tells.
   */
  nanoseconds() {
    const threads = `/proc/${this.child.pid}/task/`;
    let total = 0;
    for (const thread of readdirSync(threads)) {
      total += Number(readFileSync(`${threads}${thread}/schedstat`, "utf8").split(" ")[0]);
    }
    return total;
  }

  /** Forgets the peak of its resident memory; false where the system cannot. */
  resetPeak() {
    try {
      writeFileSync(`/proc/${this.child.pid}/clear_refs`, "5");
      return true;
    } catch {
      return false;
    }
  }

  /** Answers a word that it waits with, or gives it a line that it waits for. */
  proceed(line = "") {
    this.child.stdin.write(`${line}\n`);
  }

  /** Why it has ended, or undefined while it runs. */
  get ended() {
    return this.#ended;
  }

  /** Ends it. */
  kill() {
    this.child.kill("SIGKILL");
  }

  #next(limitMs, pattern) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`printed no ${pattern} within ${limitMs} ms ${this.#lastError()}`)),
        limitMs,
      );
      this.#wanted.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #line(line) {
    this.#lines.push(line);
    this.#wake();
  }

  #end(why) {
    this.#ended ??= `${why} ${this.#lastError()}`.trim();
    this.#wake();
  }

  #wake() {
    for (const wanted of this.#wanted.splice(0)) wanted();
  }

  /** The line of the error output that says most. */
  #lastError() {
    const lines = this.#errors.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
  }
}

/** Clock ticks a second that Linux counts CPU time in; the same on every platform its runtimes support. */
const TICKS_A_SECOND = 100;

function usageOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    const cpuMicroseconds = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND * 1e6;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) * 1_024;
    return { cpuMicroseconds, rssBytes: kib("VmRSS"), peakBytes: kib("VmHWM") };
  } catch {
    return undefined; // not Linux, or it has just ended
  }
}
