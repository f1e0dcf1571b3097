// One reactor worker as its owner sees it, from its start to its end.

import type { EventEngine } from "../../pollers/mod.ts";
import { Thread } from "../../pollers/native/thread.ts";
import type { ShutdownOptions } from "../server/server_options.ts";
import { ThreadHoldings } from "../thread_holdings.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.ts";

/** A worker that has not ended this long after its calls' grace is ended by force. */
const END_LIMIT_MS = 2_000;

/** A running worker. */
export class WorkerThread {
  /** Its port, once it takes calls; rejects with an Error that says why it does not. */
  readonly serving: Promise<number>;
  /** Why it is gone, once it is; undefined where it was drained. */
  readonly ended: Promise<string | undefined>;
  private readonly thread: Thread;
  private readonly holdings = new ThreadHoldings();
  /** A turn of it may go on. */
  private mayRun = false;
  private drained = false;
  private draining = false;
  private gone = false;
  private reason: string | undefined = undefined;
  private stack: string | undefined = undefined;

  /**
   * `engine` is the owner's, of the same poller: it reclaims the resources of a worker that crashed. `onFailing` is called,
   * perhaps twice, when the worker is about to end unexpectedly, and takes no more connections.
   */
  constructor(
    private readonly engine: EventEngine,
    start: WorkerStart,
    onFailing: () => void,
  ) {
    let onServing!: (port: number) => void;
    let onFailed!: (error: Error) => void;
    this.serving = new Promise((resolve, reject) => {
      onServing = resolve;
      onFailed = reject;
    });
    this.serving.catch(() => {}); // reported to those who await it
    const onMessage = (message: FromWorker): void => {
      if (message.kind === "serving") onServing(message.port);
      else if (message.kind === "drained") this.drained = true;
      else if (message.kind === "stopping") onFailing();
      else if (message.kind !== "failed") this.holdings.hear(message);
      else {
        this.reason = message.reason; // and ends by itself
        this.stack = message.stack;
        onFailing();
        this.engine.runAt(this.engine.now() + END_LIMIT_MS, () => this.gone || this.thread.terminate());
      }
    };
    const module = new URL("./reactor_worker.ts", import.meta.url);
    this.thread = new Thread(module, start, (message) => onMessage(message as FromWorker));
    this.ended = this.thread.ended.then(({ error, exitCode, mayRun }) => {
      this.gone = true;
      this.mayRun = mayRun;
      // Its last message may be lost when the thread ends right after it.
      const wasDrained = this.draining && this.reason === undefined && error === undefined && exitCode === 0;
      if (this.drained || wasDrained) return undefined;
      const reason = this.reason ?? error?.message ?? `exit code ${exitCode}`;
      onFailed(
        new Error(`Reactor worker ${start.index} cannot start: ${reason}`, { cause: this.cause(error) }),
      );
      return reason;
    });
  }

  /** What ended the worker, with the stack that it had there. */
  private cause(uncaught: Error | undefined): Error | undefined {
    if (this.reason === undefined) return uncaught;
    const cause = new Error(this.reason);
    if (this.stack !== undefined) cause.stack = this.stack;
    return cause;
  }

  /** Lets it finish its calls and end; see `Server.shutdown`. */
  async drain(options: ShutdownOptions): Promise<void> {
    if (this.gone) return;
    this.draining = true;
    const message: ToWorker = { kind: "drain", options };
    this.thread.post(message);
    if (options.graceMs === undefined) {
      await this.ended;
      return;
    }
    const limit = this.engine.now() + options.graceMs + END_LIMIT_MS;
    const task = this.engine.runAt(limit, () => this.thread.terminate());
    await this.ended;
    this.engine.cancel(task);
  }

  /** Releases what a worker that is gone still has open, except `kept`. */
  async reclaimResources(kept: readonly number[]): Promise<void> {
    if (!this.mayRun) this.holdings.freeTls();
    await this.holdings.reclaim(this.engine, kept);
  }
}
