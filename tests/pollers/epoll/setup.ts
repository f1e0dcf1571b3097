// What the epoll poller's tests share: its two shapes, programs run as processes, and what the kernel says of a process.
import { readdirSync, readlinkSync } from "node:fs";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { epollFactory } from "../../../pollers/epoll/mod.ts";
import type { EngineFactory, EngineOptions } from "../../../pollers/mod.ts";
import { test, type TestOptions } from "../../harness.ts";
import { Program } from "../program.ts";
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

/** Starts a program of `programs/`; `through` is a command that runs the rest of its arguments, as "prlimit". */
export function startProgram(
  name: string,
  args: readonly string[] = [],
  through: readonly string[] = [],
): Program {
  return new Program(new URL(`./programs/${name}`, import.meta.url), args, { through });
}
