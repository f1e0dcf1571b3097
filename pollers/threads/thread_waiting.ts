// The main shape: a poller thread waits, and this thread, which has the runtime's own loop to run, makes the calls.

import { defaultLogger } from "../log/mod.ts";
import { Thread } from "../native/thread.ts";
import type { ActivityLoop } from "./activity_loop.ts";
import {
  COUNT,
  createHandover,
  endPoller,
  ENGINE,
  type Handover,
  ONLINE,
  POLLER,
  RECLAIM,
  RUNS,
  SIGNAL,
  TOKEN,
} from "./handover.ts";
import { SpinPolicy } from "./spin_policy.ts";
import type { Dispatcher, EventSource, Waiting } from "./waiting.ts";

/**
 * How long an engine is in use before its poller thread starts: one that makes a call or two and goes, as in a script or
 * a test, is spared the thread, whose start costs 5 to 20 ms of CPU.
 */
const START_AFTER_MS = 20;

/** Until the poller thread runs, this thread looks by itself, this often. */
const STARTING_POLL_MS = 1;

/** The same while there is no poller thread, because it ended or cannot start: each look takes 20 us. */
const ALONE_POLL_MS = 4;

/** How long after the end of a poller thread another one starts; each further time in a row it takes twice as long. */
const RESTART_MS = 100;

/** The longest of them. */
const MAX_RESTART_MS = 5_000;

/**
 * What it costs to pass polling to the poller thread and back: 90 us of CPU on both threads together, and 60 to 150 us
 * until this thread runs, depending on which processors the threads are on (measured). So long this thread spins.
 */
export const HANDOVER_MS = 0.15;

/**
 * How often a poller thread that never ran is tried again; after that its module is at fault, or the system has no
 * threads left. Tries while descriptors had run out do not count.
 */
const MOST_FAILURES = 3;

/**
 * A poller thread that is kicked passes the token on in microseconds; one that does not for so long is gone. It is waited for in
 * parts: where the process was stopped meanwhile, one of them is over when it goes on, and the thread has the others.
 */
const MAX_RECLAIM_MS = 5_000;
const RECLAIM_PART_MS = 500;

/** What an engine's poller thread is. */
export interface PollerThread {
  /** Calls `pollUntilQuit`. */
  readonly module: URL;
  /** `Handover.source`. */
  readonly source: unknown;
  /** Numbers that a wait gives at most. */
  readonly dueNumbers: number;
}

/**
 * Passes polling to the poller thread and back; see handover.ts. Without a poller thread this thread polls by itself, at
 * some cost, so that open connections keep working, and starts another one later.
 */
export class ThreadWaiting implements Waiting {
  private handover: Handover<unknown>;
  /** The poller thread, if it was started and has not ended. */
  private thread: Thread | undefined = undefined;
  /** Every one that has not ended, those that were given up among them: they may still be in the system's wait. */
  private readonly threads = new Set<Thread>();
  /** Of those that were given up and have not ended, as far as this thread has heard. */
  private readonly givenUp = new Set<Handover<unknown>>();
  private watching = false;
  private stopping = false;
  /** Events are looked for, by whichever thread. */
  private polling = false;
  /** The poller thread has the token. */
  private parked = false;
  /** Poller threads in a row that ended before they ran. */
  private failures = 0;
  /** There is no poller thread, which was logged. */
  private alone = false;
  /** Once this thread has the token, what was lost with a thread that was given up is to be found again. */
  private findsAgain = false;
  private restart: unknown = undefined;
  private look: unknown = undefined;
  private spinPolicy: SpinPolicy;
  private poll: () => void = NOTHING;
  private woken: () => void = NOTHING;
  private readonly dispatch = (due: Int32Array, count: number): void => this.dispatcher.dispatch(due, count);

  /**
   * `onCrash` gets the reason when waiting is no longer possible. `spinMs`: how long this thread spins. `onControl` is called
   * when {@linkcode control} is other memory.
   */
  constructor(
    private readonly source: EventSource,
    private readonly poller: PollerThread,
    private readonly dispatcher: Dispatcher,
    private readonly loop: ActivityLoop,
    private readonly onCrash: (reason: string) => void,
    private readonly spinMs: number,
    private readonly onControl: () => void,
  ) {
    this.spinPolicy = new SpinPolicy(loop, spinMs);
    this.handover = createHandover(poller.dueNumbers, poller.source);
  }

  /** Shared with the poller thread; see handover.ts. */
  get control(): Int32Array {
    return this.handover.control;
  }

  /**
   * The poller thread starts some time after the first thing has opened, where something is open then, and stays; after a
   * crash, another one does.
   */
  watch(on: boolean): void {
    this.watching = on;
    if (on && !this.polling && !this.stopping) this.start();
  }

  /** Blocks until the poller thread has passed the token on, with what it had found. */
  take(found: (due: Int32Array, count: number) => void): void {
    if (!this.parked) return;
    const { control } = this.handover;
    this.askBack();
    for (let ms = 0; ms < MAX_RECLAIM_MS && Atomics.load(control, TOKEN) === POLLER; ms += RECLAIM_PART_MS) {
      Atomics.wait(control, TOKEN, POLLER, RECLAIM_PART_MS);
    }
    if (Atomics.load(control, TOKEN) !== ENGINE) return this.threadEnded("it does not answer");
    this.isBack(found);
  }

  /** One says so in its memory when it has taken something, and kicks when it ends. */
  findLost(): void {
    for (const { control, due } of this.givenUp) {
      const count = Atomics.exchange(control, COUNT, 0);
      if (count === 0) continue;
      if (this.dispatcher.recovers) this.dispatcher.recover();
      else this.dispatcher.dispatch(due, count);
    }
  }

  /** The poller thread is kicked and ends by itself, and so is whatever was given up before: what they use is there until then. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.loop.runtime.disarm(this.restart);
    this.loop.runtime.disarm(this.look);
    if (this.threads.size === 0) return;
    this.quit();
    await Promise.all(Array.from(this.threads, (thread) => {
      thread.ref();
      return thread.ended.then(() => this.source.kick()); // the kick before may have been this one's alone
    }));
  }

  private start(): void {
    this.polling = true;
    this.failures = 0;
    this.takeOver();
    this.startThreadAfter(START_AFTER_MS);
  }

  /** This thread polls, with fresh memory: nothing of a thread that ended reaches the next one. */
  private takeOver(): void {
    const handover = this.handover = createHandover(this.poller.dueNumbers, this.poller.source);
    this.spinPolicy = new SpinPolicy(this.loop, this.spinMs);
    this.parked = this.findsAgain = false;
    const runs = (): boolean => this.handover === handover && this.polling && !this.stopping;
    this.poll = () => runs() && this.pollOnce();
    this.woken = () => runs() && this.wake();
    this.loop.runtime.soon(this.poll);
    this.onControl();
  }

  private startThread(): void {
    const lack = Thread.lack(this.poller.module);
    if (lack !== undefined) return this.startLater(`the poller thread cannot start: ${lack}`);
    let thread: Thread;
    try {
      this.thread = thread = new Thread(this.poller.module, this.handover);
    } catch (error) { // the system has no more threads
      this.failures++;
      return this.startLater(`the poller thread cannot start: ${(error as Error).message}`);
    }
    thread.unref();
    this.threads.add(thread);
    const { handover } = this;
    void thread.ended.then(({ error, exitCode }) => {
      this.threads.delete(thread);
      if (this.stopping) return;
      if (this.thread === thread) this.threadEnded(error?.message ?? `exit code ${exitCode}`);
      else this.givenUpEnded(handover);
    });
  }

  /**
   * One that was given up has ended. It may have waited until now, and passed what it found to nobody. Where events can be found
   * again they are, once no other thread waits for them; where they cannot, they are its own, and are dispatched.
   */
  private givenUpEnded(handover: Handover<unknown>): void {
    const { control, due } = handover;
    this.givenUp.delete(handover);
    if (!this.dispatcher.recovers) this.dispatcher.dispatch(due, Atomics.load(control, COUNT));
    else if (this.parked) {
      this.findsAgain = true;
      this.askBack();
    } else if (this.polling) this.dispatcher.recover();
  }

  private threadEnded(why: string): void {
    const reason = `the poller thread ended: ${why}`;
    const { parked } = this;
    this.leaveThread();
    if (Atomics.load(this.handover.control, ONLINE) !== 0) this.failures = 0;
    else if (Thread.lack(this.poller.module) === undefined) this.failures++;
    this.quit(); // or a thread that is still there would poll beside this one
    // What it had found and not handed over is lost, unless it can be found again.
    if (parked && !this.dispatcher.recovers) return this.crashed(reason);
    if (parked) this.dispatcher.recover();
    this.takeOver();
    this.startLater(reason);
  }

  /** It has ended, or is given up. */
  private leaveThread(): void {
    if (this.thread !== undefined && this.threads.has(this.thread)) this.givenUp.add(this.handover);
    this.thread = undefined;
  }

  private startLater(reason: string): void {
    if (this.failures >= MOST_FAILURES) {
      this.loop.soon(() => this.crashed(reason));
      return;
    }
    if (!this.alone) {
      defaultLogger.warn(`${reason}; until another one runs its work is done here, at some cost`);
    }
    this.alone = true;
    this.startThreadAfter(Math.min(MAX_RESTART_MS, RESTART_MS * 2 ** this.failures));
  }

  private startThreadAfter(ms: number): void {
    this.restart = this.loop.runtime.arm(ms, () => {
      if (this.watching && this.polling) this.startThread();
      else this.polling = false; // nothing is open: nothing is looked for until something is
    });
  }

  /** Tells the poller thread to end, wherever it waits, and this thread waits for no signal of it any more. */
  private quit(): void {
    const { control } = this.handover;
    endPoller(control);
    this.source.kick();
    // A wait that nothing ends is kept by the runtime for as long as the thread lives, and keeps the engine.
    Atomics.notify(control, SIGNAL);
  }

  /** Fails whatever is open; what opens then, or has just opened, has a new thread. */
  private crashed(reason: string): void {
    if (this.stopping || !this.polling) return;
    this.polling = this.parked = false;
    this.leaveThread();
    this.loop.runtime.disarm(this.restart);
    this.quit();
    this.onCrash(reason);
    if (this.watching && !this.polling) this.start();
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
      this.spinPolicy.found(now);
      this.dispatcher.dispatch(due, count);
      this.loop.runtime.soon(this.poll);
    } else if (this.spinPolicy.goesOn(now)) this.loop.runtime.soon(this.poll);
    else if (Atomics.load(control, ONLINE) === RUNS) this.park();
    else this.lookLater();
  }

  /** The poller thread is not there yet. */
  private lookLater(): void {
    this.look = this.loop.runtime.arm(this.alone ? ALONE_POLL_MS : STARTING_POLL_MS, this.poll);
  }

  /** Gives polling to the poller thread, and has this thread woken when it finds something. */
  private park(): void {
    const { control } = this.handover;
    this.alone = false;
    this.parked = true;
    Atomics.store(control, SIGNAL, 0);
    this.awaitSignal();
    Atomics.store(control, TOKEN, POLLER);
    Atomics.notify(control, TOKEN);
  }

  private awaitSignal(): void {
    const signal = Atomics.waitAsync(this.handover.control, SIGNAL, 0);
    if (signal.async) void signal.value.then(this.woken);
    else this.loop.runtime.soon(this.woken);
  }

  private wake(): void {
    if (!this.parked) return; // the token was taken back meanwhile
    // The signal of a token that was taken back came now, when the poller thread has the token again.
    if (Atomics.load(this.handover.control, TOKEN) !== ENGINE) return this.awaitSignal();
    this.isBack(this.dispatch);
  }

  /** The poller thread is to pass the token on, whether it finds something or not. */
  private askBack(): void {
    Atomics.store(this.handover.control, RECLAIM, 1);
    this.source.kick(); // where the token is on its way already this ends the next wait, which does no harm
  }

  /** This thread has the token; `found` gets what came with it. */
  private isBack(found: (due: Int32Array, count: number) => void): void {
    const { control, due } = this.handover;
    this.parked = false;
    Atomics.store(control, RECLAIM, 0);
    this.spinPolicy.woken(this.loop.now());
    found(due, Atomics.exchange(control, COUNT, 0)); // what is left there was passed to nobody
    if (this.findsAgain) this.dispatcher.recover();
    this.findsAgain = false;
    this.loop.runtime.soon(this.poll);
  }
}

const NOTHING = (): void => {};
