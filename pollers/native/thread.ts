// Threads of the runtime, alike on all of them: a module that runs beside this one, and messages both ways.

import { clearTimeout, setTimeout } from "node:timers";
import type { MessagePort, Worker } from "node:worker_threads";
import { builtin, hostProcess } from "./builtin.ts";
import { descriptorsLeft } from "./descriptors.ts";
import { messageOf } from "../log/describe.ts";
import { propertyOf } from "../log/values.ts";
import { runtime } from "./detect.ts";
import { isGranted } from "./permission.ts";
import type { Transferable } from "./transferable.ts";

/** Marks what we gave a thread, since other workers are given data too, and what is ours of all that a thread posts. */
const MARK = "pollwire";

/**
 * A port that the thread does nothing with: it closes when the thread is gone. Deno reports a terminated
 * worker as gone at once, but it runs on until its turn is over. Its descriptors must not be closed before that, or the
 * thread uses, and closes, descriptors of others that get the same numbers.
 */
const LIFELINE = "pollwire lifeline";

/** What `postMessage` moves. Its name in Node's types is another one in each of their versions. */
type Moved = NonNullable<Parameters<Worker["postMessage"]>[1]>;

/** A turn that runs for so long after the thread was terminated is endless, and is not waited for. */
const ENDLESS_MS = 10_000;

/** Why no thread can run the module that `locate` gives, as a sentence; undefined where one can. */
export function whyNoThread(locate: () => URL): string | undefined {
  let module: URL;
  try {
    module = locate();
  } catch {
    return "this bundle has no import.meta.url to find the module of its thread by; bundle as ES modules, or leave " +
      "pollwire out of the bundle";
  }
  if (module.protocol !== "file:") return undefined; // found out when it starts
  const path = builtin("node:url").fileURLToPath(module);
  if (!isGranted({ name: "read", path })) {
    return `Deno does not allow its thread to be read from ${path}; run it with --allow-read`;
  }
  try {
    builtin("node:fs").statSync(path);
    return undefined;
  } catch (error) {
    return `the module of its thread cannot be read: ${(error as Error).message}`;
  }
}

/** How a thread ended. */
export interface ThreadEnd {
  /** What it threw, where it did. */
  readonly error: Error | undefined;
  readonly exitCode: number;
  /** It was terminated amid a turn too long to be waited for, and may end that some time. Else nothing of it runs any more. */
  readonly mayRun: boolean;
}

/** Deno opens 8, Bun 4 (measured); some of them only while the thread starts. */
const DESCRIPTORS_OF_A_THREAD = 12;

/** A running thread. It keeps the process alive until {@linkcode unref}. */
export class Thread {
  /** Settles once the thread is gone, however it went. */
  readonly ended: Promise<ThreadEnd>;
  private mayRun = false;
  private readonly worker: Worker;
  private readonly lifeline: MessagePort | undefined = undefined;

  /**
   * Why a thread cannot start now, though it could later: too few descriptors are left. Runtimes end the process where a
   * thread cannot have what it opens (Deno 2.9.6, Bun 1.4.5).
   */
  static lack(module: URL): string | undefined {
    const left = descriptorsLeft(DESCRIPTORS_OF_A_THREAD, module);
    return left === undefined
      ? undefined
      : `it needs ${DESCRIPTORS_OF_A_THREAD} descriptors, and ${left} ${left === 1 ? "is" : "are"} left`;
  }

  /**
   * Runs `module`, which finds `data` with {@linkcode startData}; shared memory stays shared, and what `transfer` lists is
   * moved. `onMessage` gets what it sends with {@linkcode postToOwner}, and nothing of what the application's code in the
   * thread posts by itself. Throws where it cannot.
   */
  constructor(
    module: URL,
    data: unknown,
    onMessage: (message: unknown) => void = () => {},
    transfer: readonly object[] = [], // Node's ports among it, which the types of other runtimes do not have
  ) {
    const lack = Thread.lack(module);
    if (lack !== undefined) throw new Error(lack);
    const threads = builtin("node:worker_threads");
    const moved = transfer as Moved;
    if (runtime === "deno") {
      const { port1, port2 } = new threads.MessageChannel();
      this.lifeline = port1;
      this.worker = new threads.Worker(module, {
        workerData: { [MARK]: data, [LIFELINE]: port2 },
        transferList: [port2, ...moved],
      });
    } else {this.worker = new threads.Worker(module, {
        workerData: { [MARK]: data },
        transferList: [...moved],
      });}
    let error: Error | undefined = undefined;
    this.worker.on("error", (thrown: unknown) => {
      error ??= thrown instanceof Error ? thrown : new Error(messageOf(thrown));
    });
    this.worker.on("message", (posted: unknown) => {
      const message = propertyOf(posted, MARK);
      if (message !== undefined) onMessage(message);
    });
    const exited = new Promise<number>((resolve) => this.worker.on("exit", resolve));
    this.ended = Promise.all([exited, closed(this.lifeline)]).then(([exitCode]) => {
      const { mayRun } = this;
      return { error, exitCode, mayRun };
    });
  }

  /** Sends a message; shared memory in it stays shared, and what `transfer` lists is moved. Throws where it cannot be cloned. */
  post(message: unknown, transfer: readonly Transferable[] = []): void {
    this.worker.postMessage(message, transfer as Moved);
  }

  /** The thread keeps the process alive. */
  ref(): void {
    this.worker.ref();
    this.lifeline?.ref();
  }

  /** The process may end while the thread runs. */
  unref(): void {
    this.worker.unref();
    this.lifeline?.unref();
  }

  /** Ends a thread that would not end by itself. */
  terminate(): void {
    void this.worker.terminate();
    const { lifeline } = this;
    if (lifeline === undefined) return;
    const timer = setTimeout(() => {
      this.mayRun = true;
      lifeline.close();
    }, ENDLESS_MS).unref();
    void this.ended.then(() => clearTimeout(timer));
  }
}

/** Of the thread's end of the port: when it has closed. */
function closed(lifeline: MessagePort | undefined): Promise<void> {
  if (lifeline === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    lifeline.on("close", () => resolve());
    lifeline.on("message", () => {}); // a port without a listener gets no close event
  });
}

/** In a thread made by {@linkcode Thread}: what it was given; undefined in every other thread. */
export function startData(): unknown {
  const { isMainThread, workerData } = builtin("node:worker_threads");
  return isMainThread && workerData === null
    ? undefined
    : (workerData as Record<string, unknown> | null)?.[MARK];
}

/** In a thread: sends a message to its owner, and moves what `transfer` lists. Throws where it cannot be cloned. */
export function postToOwner(message: unknown, transfer: readonly Transferable[] = []): void {
  const posted = { [MARK]: message };
  builtin("node:worker_threads").parentPort!.postMessage(posted, transfer as Moved);
}

/** In a thread: calls `onMessage` with messages of its owner, and keeps the thread alive for them. */
export function onOwnerMessage(onMessage: (message: unknown) => void): void {
  builtin("node:worker_threads").parentPort!.on("message", onMessage);
}

/**
 * In a thread: ends it soon, whatever is still pending in it. Not at once, for Deno keeps ten descriptors of a thread that
 * ends while a module with a top-level await has only just been imported.
 */
export function endThread(): void {
  setTimeout(() => hostProcess().exit(0), 0);
}

/** Threads that this machine runs at the same time. */
export function hardwareThreads(): number {
  return builtin("node:os").availableParallelism();
}

/** An event of a Web worker: an uncaught error, or an unhandled rejection. */
interface UncaughtEvent extends Event {
  readonly error?: unknown;
  readonly reason?: unknown;
}

/** In a thread: calls `handler` with uncaught errors, which keeps the runtime from ending the thread at once. */
export function onUncaught(handler: (error: unknown) => void): void {
  if (runtime !== "deno") {
    hostProcess().on("uncaughtException", handler);
    hostProcess().on("unhandledRejection", handler);
    return;
  }
  for (const type of ["error", "unhandledrejection"]) {
    addEventListener(type, (event) => {
      event.preventDefault();
      const { error, reason } = event as UncaughtEvent;
      handler(error ?? reason);
    });
  }
}
