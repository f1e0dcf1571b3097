// Messages to a thread and back, for a thread that blocks until one comes.
//
// Each side has an end of a message channel. The owner reads its end without an event, and sleeps on a count of the
// messages that were posted to it; the thread gets its messages by events, since a thread that sleeps on shared memory is
// not woken in time on Deno.

import type { MessagePort } from "node:worker_threads";
import { builtin } from "./builtin.ts";
import { BEAT_MS, LONGEST_LOOK_MS, Pulse, SILENT_MS } from "./pulse.ts";
import { startData, Thread, type ThreadEnd } from "./thread.ts";
import type { Transferable } from "./transferable.ts";

/** Words shared by both: messages that were posted, and a number that changes while the thread is alive. */
const POSTED = 0;
const BEAT = 1;

interface Ends {
  readonly words: Int32Array;
  readonly port: MessagePort;
}

/** The owner's side, with the thread. It does not keep the process alive. */
export class Mailbox {
  private readonly words = new Int32Array(new SharedArrayBuffer(8));
  private readonly threads = builtin("node:worker_threads");
  private readonly port: MessagePort;
  private readonly thread: Thread;
  private readonly pulse = new Pulse(this.words, BEAT);
  /** Settles once the thread is gone. */
  readonly ended: Promise<ThreadEnd>;

  /**
   * Runs `module`, which calls {@linkcode openMailbox}. A thread that shows no life for `silentMs` is gone. `onUnread` gets
   * what it had said and nobody received, once it is. Throws where the runtime can start no thread.
   */
  constructor(
    module: URL,
    private readonly silentMs: number = SILENT_MS,
    private readonly onUnread: (message: unknown) => void = () => {},
  ) {
    const { port1, port2 } = new this.threads.MessageChannel();
    const ends: Ends = { words: this.words, port: port2 };
    this.port = port1;
    try {
      this.thread = new Thread(module, ends, () => {}, [port2]);
    } catch (error) {
      port1.close();
      throw error;
    }
    this.thread.unref();
    this.ended = this.thread.ended.then((end) => {
      this.close();
      return end;
    });
  }

  /** Sends a message, which is not null; what `transfer` lists is moved. Throws where it cannot be cloned. */
  post(message: unknown, transfer: readonly Transferable[] = []): void {
    this.port.postMessage(message, transfer as never);
  }

  /**
   * The next message, or undefined where none comes within `timeoutMs`, of which it polls for `spinMs` first.
   *
   * @throws {Error} where the thread has work and shows no life
   */
  receive(timeoutMs: number, spinMs: number): unknown {
    const begin = performance.now();
    this.pulse.restart();
    for (;;) {
      const posted = Atomics.load(this.words, POSTED);
      const got = this.threads.receiveMessageOnPort(this.port);
      if (got !== undefined) return got.message;
      const now = performance.now();
      const left = begin + timeoutMs - now;
      if (left <= 0) return undefined;
      if (now - begin < spinMs) continue;
      this.checkLife();
      Atomics.wait(this.words, POSTED, posted, Math.min(left, LONGEST_LOOK_MS));
    }
  }

  /** Ends the thread by its own end of work; settles once it is gone. */
  async end(): Promise<void> {
    this.thread.ref();
    this.post(null);
    await this.ended;
  }

  /** Ends the thread by force: one that hangs, or goes on after an error that it did not expect. */
  terminate(): void {
    this.thread.terminate();
  }

  private close(): void {
    for (let got; (got = this.threads.receiveMessageOnPort(this.port)) !== undefined;) {
      this.onUnread(got.message);
    }
    this.port.close();
  }

  private checkLife(): void {
    const silentMs = this.pulse.look();
    if (silentMs <= this.silentMs) return;
    throw new Error(`the helper thread has not shown any life for ${Math.round(silentMs / 1_000)} s`);
  }
}

/** The thread's side. */
export interface ThreadMailbox {
  /** Sends a message, and wakes the owner; what `transfer` lists is moved. */
  post(message: unknown, transfer?: readonly Transferable[]): void;
}

/**
 * In a thread made by a {@linkcode Mailbox}: calls `onMessage` with each message, and `onEnd` when its owner has ended it.
 * Undefined in every other thread.
 */
export function openMailbox(
  onMessage: (message: unknown) => void,
  onEnd: () => void,
): ThreadMailbox | undefined {
  const ends = startData() as Ends | undefined;
  if (ends === undefined) return undefined;
  const { words, port } = ends;
  const beats = setInterval(() => Atomics.add(words, BEAT, 1), BEAT_MS);
  const end = (): void => {
    clearInterval(beats);
    onEnd();
  };
  port.on("message", (message: unknown) => message === null ? end() : onMessage(message));
  port.on("close", end); // its owner is gone
  return {
    post(message, transfer = []) {
      port.postMessage(message, transfer as never);
      Atomics.add(words, POSTED, 1);
      Atomics.notify(words, POSTED);
    },
  };
}
