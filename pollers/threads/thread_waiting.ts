// The main shape: a poller thread waits, and this thread, which has the runtime's own loop to run, makes the calls.

import { Thread } from "../native/thread.ts";
import { COUNT, createHandover, type Handover, ONLINE, POLLER, QUIT, SIGNAL, TOKEN } from "./handover.ts";
import { SelfPolling } from "./self_polling.ts";
import type { Dispatcher, EventSource, Waiting } from "./waiting.ts";
import type { WatchedLoop } from "./watched_loop.ts";

/** While the poller thread starts, this thread looks by itself, this often. */
const STARTING_POLL_MS = 1;

/** What an engine's poller thread is. */
export interface PollerThread {
  /** Calls `pollUntilQuit`. */
  readonly module: URL;
  /** `Handover.source`. */
  readonly source: unknown;
  /** Numbers that a wait gives at most. */
  readonly dueNumbers: number;
}

/** Hands polling over and takes it back; see handover.ts. */
export class ThreadWaiting implements Waiting {
  private handover: Handover<unknown>;
  private thread: Thread | undefined = undefined;
  private holding = false;
  private stopping = false;
  private selfPolling: SelfPolling;
  private poll: () => void = NOTHING;
  private woken: () => void = NOTHING;

  /** `onCrash` hears why, when the poller thread ends by itself or waiting is no longer possible. */
  constructor(
    private readonly source: EventSource,
    private readonly poller: PollerThread,
    private readonly dispatcher: Dispatcher,
    private readonly loop: WatchedLoop,
    private readonly onCrash: (reason: string) => void,
  ) {
    this.selfPolling = new SelfPolling(loop);
    this.handover = createHandover(poller.dueNumbers, poller.source);
  }

  /** The first thing that opens starts the poller thread, which then stays; after a crash, the next one does. */
  hold(on: boolean): void {
    this.holding = on;
    if (this.stopping) return;
    if (this.thread === undefined) {
      if (on) this.start();
    } else if (on) this.thread.ref();
    else this.thread.unref();
  }

  /** The poller thread is kicked and ends by itself. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { thread } = this;
    if (thread === undefined) return;
    this.quit();
    thread.ref();
    await thread.ended;
  }

  private start(): void {
    // Fresh memory, so that nothing of a thread that crashed reaches this one: here the engine's thread has the token.
    this.handover = createHandover(this.poller.dueNumbers, this.poller.source);
    this.selfPolling = new SelfPolling(this.loop);
    let thread: Thread;
    try {
      this.thread = thread = new Thread(this.poller.module, this.handover);
    } catch (error) { // the system has no more threads
      this.loop.soon(() => this.crashed(`the poller thread cannot start: ${(error as Error).message}`));
      return;
    }
    const runs = (): boolean => this.thread === thread && !this.stopping;
    this.poll = () => runs() && this.pollOnce();
    this.woken = () => runs() && this.wake();
    void thread.ended.then(({ error, exitCode }) => {
      if (runs()) this.crashed(`the poller thread ended: ${error?.message ?? `exit code ${exitCode}`}`);
    });
    this.loop.runtime.soon(this.poll);
  }

  /** Tells the poller thread to end, wherever it waits. */
  private quit(): void {
    const { control } = this.handover;
    Atomics.store(control, QUIT, 1);
    Atomics.store(control, TOKEN, POLLER);
    Atomics.notify(control, TOKEN);
    this.source.kick();
  }

  /** Fails whatever is open; what opens then, or has just opened, has a new thread. */
  private crashed(reason: string): void {
    if (this.stopping) return;
    this.thread = undefined;
    this.quit(); // or a thread that is still there would poll beside the next one
    this.onCrash(reason);
    if (this.holding && this.thread === undefined) this.start();
  }

  private pollOnce(): void {
    const { due, control } = this.handover;
    let count: number;
    try {
      count = this.source.wait(0, due);
    } catch (error) {
      return this.crashed(`${this.source.loss}: ${(error as Error).message}`);
    }
    const now = this.loop.now();
    if (count > 0) {
      this.selfPolling.found(now);
      this.dispatcher.dispatch(due, count);
      this.loop.runtime.soon(this.poll);
    } else if (this.selfPolling.goesOn(now)) this.loop.runtime.soon(this.poll);
    else if (Atomics.load(control, ONLINE) === 1) this.park(now);
    else this.lookLater();
  }

  /** The poller thread is not there yet. */
  private lookLater(): void {
    const { runtime } = this.loop;
    const armed = runtime.arm(STARTING_POLL_MS, this.poll);
    if (!this.holding) runtime.keepAlive(armed, false);
  }

  /** Gives polling to the poller thread, and has this thread woken when it finds something. */
  private park(now: number): void {
    const { control } = this.handover;
    this.selfPolling.sleeps(now);
    Atomics.store(control, SIGNAL, 0);
    const signal = Atomics.waitAsync(control, SIGNAL, 0);
    Atomics.store(control, TOKEN, POLLER);
    Atomics.notify(control, TOKEN);
    if (signal.async) void signal.value.then(this.woken);
    else this.loop.runtime.soon(this.woken);
  }

  private wake(): void {
    const { control, due } = this.handover;
    this.selfPolling.woken(this.loop.now());
    this.dispatcher.dispatch(due, Atomics.load(control, COUNT));
    this.loop.runtime.soon(this.poll);
  }
}

const NOTHING = (): void => {};
