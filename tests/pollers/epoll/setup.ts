// What the epoll poller's tests share: its two shapes, programs run as processes, and what the kernel says of a process.
import { spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { epollFactory } from "../../../pollers/epoll/mod.ts";
import type { EngineFactory, EngineOptions } from "../../../pollers/mod.ts";
import { runtime, test, type TestOptions } from "../../harness.ts";
import { until } from "../promised.ts";

const probed = epollFactory.probe();

/** Why the epoll poller cannot run here; undefined where it can. */
export const noEpoll: string | undefined = probed.usable ? undefined : probed.because;

/** An engine, with its inside. */
export function epollEngine(options: EngineOptions = {}): EpollEngine {
  return epollFactory.create(options) as EpollEngine;
}

/** The shapes of epoll_contract_test.ts. */
const SHAPES: ReadonlyArray<readonly [name: string, options: EngineOptions]> = [
  ["a poller thread waits", {}],
  ["own thread", { ownThread: true }],
];

/** Declares a test for each of the two shapes. */
export function testShapes(
  name: string,
  body: (factory: EngineFactory, options: EngineOptions) => Promise<void>,
  limits: TestOptions = {},
): void {
  for (const [shape, options] of SHAPES) {
    const factory = { ...epollFactory, create: () => epollFactory.create(options) };
    test(`${name} (${shape})`, () => body(factory, options), { skip: noEpoll, ...limits });
  }
}

/** What this process has open: what each descriptor is, as the kernel calls it ("socket:[123]", a path). */
function openDescriptors(): string[] {
  return readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // that of the folder itself
    }
  });
}

/** Sockets and pipes that this process has open; a runtime may begin threads of its own, which need neither. */
export function countDescriptors(): number {
  return openDescriptors().filter((what) => /^(?:socket|pipe):/.test(what)).length;
}

/** Epoll sets, and what wakes them. */
export function countSets(): number {
  return openDescriptors().filter((what) => what.startsWith("anon_inode:")).length;
}

/** Waits until {@linkcode countDescriptors} is `most`; what belongs to a thread closes a little later than it ends. */
export async function noMoreDescriptors(most: number): Promise<void> {
  await until(() => countDescriptors() <= most, `${most} descriptors at most`).catch((error) => {
    throw new Error(`${error.message}: ${openDescriptors().join(", ")}`);
  });
}

/** Threads that this process has. */
export function countThreads(): number {
  return readdirSync("/proc/self/task").length;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** A program of `programs/` that runs on this runtime. */
export class Program {
  /** Settles once it is over. */
  readonly ended: Promise<Ended>;
  /** What it has printed, errors too. */
  output = "";
  private readonly child;
  private hear: () => void = () => {};

  /** `through` is a command that runs the rest of its arguments, as "prlimit". It is killed after 18 s. */
  constructor(name: string, args: readonly string[] = [], through: readonly string[] = []) {
    const path = fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
    const before = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet"] : ["run"];
    const [command, ...rest] = [...through, process.execPath, ...before, path, ...args];
    const child = this.child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const hear = (text: unknown) => {
      this.output += String(text);
      this.hear();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const limit = setTimeout(() => this.kill("SIGKILL"), 18_000);
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(limit);
        resolve({ code, signal, output: this.output });
        this.hear();
      });
    });
  }

  /** Its process. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until it has printed `text`; rejects where it ends before. */
  async printed(text: string): Promise<void> {
    let over = false;
    void this.ended.then(() => over = true);
    while (!this.output.includes(text)) {
      if (over) throw new Error(`Ended before it printed ${JSON.stringify(text)}: ${this.output}`);
      await new Promise<void>((resolve) => this.hear = resolve);
    }
  }

  /** Sends a signal. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    process.kill(this.pid, signal); // the child's own `kill` on Deno has it end by that signal, whatever it does
  }
}
