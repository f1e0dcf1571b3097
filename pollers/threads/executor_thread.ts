// One thread of the executor as the executor sees it, from its start to its end.

import { runtimeLoop } from "../native/runtime_loop.ts";
import { Thread, whyNoThread } from "../native/thread.ts";
import { threadModule } from "../native/thread_module.ts";
import type { FromThread, JobCall, Outcome, ToThread } from "./job.ts";
import type { Transferable } from "../native/transferable.ts";

/** A thread that has not ended this long after it was asked to is ended by force. */
const END_LIMIT_MS = 2_000;

/** The module of the thread. */
const locate: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./executor_worker.ts", import.meta.url),
);

/** Why no thread can run here, as a sentence; undefined where one can. */
export function whyNoExecutorThread(): string | undefined {
  return whyNoThread(locate);
}

/** What happens to a thread. */
export interface ThreadSink {
  /** It takes its first job. */
  onReady(thread: ExecutorThread): void;
  /** Its job has ended by itself. */
  onOutcome(thread: ExecutorThread, outcome: Outcome): void;
  /** It is gone, and the last call. */
  onEnded(thread: ExecutorThread, reason: string): void;
}

/** It does not keep the process alive: jobs do. */
export class ExecutorThread {
  /** Settles once it is gone. */
  readonly ended: Promise<void>;
  /** It can take jobs, or could before it ended. */
  ready = false;
  /** It was ended by its owner. */
  ending = false;
  private readonly thread: Thread;

  /** Throws where the runtime can start none. */
  constructor(sink: ThreadSink) {
    this.thread = new Thread(locate(), { executor: true }, (message) => {
      if (this.ending) return; // of a job that was cancelled
      const report = message as FromThread;
      if (report.kind === "ended") sink.onOutcome(this, report.outcome);
      else {
        this.ready = true;
        sink.onReady(this);
      }
    });
    this.thread.unref();
    this.ended = this.thread.ended.then(({ error, exitCode }) =>
      sink.onEnded(this, error?.message ?? `exit code ${exitCode}`)
    );
  }

  /** Runs a job. Throws where the arguments cannot be cloned; then it has no job. */
  run(call: JobCall, transfer: readonly Transferable[]): void {
    const message: ToThread = { kind: "run", call };
    this.thread.post(message, transfer);
  }

  /** Ends it amid whatever it does. */
  terminate(): void {
    this.ending = true;
    this.thread.terminate();
  }

  /** Ends it, since it has nothing to do; settles once it is gone. */
  async join(): Promise<void> {
    this.thread.ref();
    if (this.ready && !this.ending) {
      this.ending = true;
      const message: ToThread = { kind: "end" };
      this.thread.post(message);
      const limit = runtimeLoop.arm(END_LIMIT_MS, () => this.thread.terminate());
      await this.ended;
      runtimeLoop.disarm(limit);
      return;
    }
    this.terminate();
    await this.ended;
  }
}
