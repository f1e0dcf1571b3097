// A thread that looks names up for one that blocks: the resolver of a runtime reports by its loop.

import { Pulse } from "./pulse.ts";
import { Thread, type ThreadEnd, whyNoThread } from "./thread.ts";
import { threadModule } from "./thread_module.ts";

/** Words of the memory of a lookup: 1 once the text is there. */
export const DONE = 0;
/** Octets of the text. */
export const LENGTH = 1;
/** Changes until the text is there. */
export const BEAT = 2;
/** Where the text begins, and how much there may be: what an answer of DNS has (65,535 octets), as JSON writes it. */
export const TEXT_AT = 12;
const BYTES = 524_288;

/** The module of the thread. */
const locate: () => URL = /* @__PURE__ */ threadModule(
  () => new URL("./lookup_worker.ts", import.meta.url),
);

/** Given to the thread for each name. */
export interface LookupOrder {
  readonly host: string;
  /** What is asked for: its addresses, or its TXT records. */
  readonly type: LookupType;
  readonly memory: SharedArrayBuffer;
}

/** What is asked for of a name. */
export type LookupType = "addresses" | "texts";

/** What the system said: addresses, or TXT records. */
export interface LookupAnswer {
  readonly found: readonly string[];
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string } | undefined;
}

/** One name that is being looked up. */
export class ThreadLookup {
  /** What {@linkcode LookupOrder} has. */
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES);
  private readonly words = new Int32Array(this.memory, 0, 3);
  private readonly pulse = new Pulse(this.words, BEAT);

  /** The answer, once it is there. */
  poll(): LookupAnswer | undefined {
    if (Atomics.load(this.words, DONE) === 0) return undefined;
    const text = new Uint8Array(this.memory, TEXT_AT, this.words[LENGTH]!).slice();
    return JSON.parse(new TextDecoder().decode(text));
  }

  /** Whether the thread is gone, or hangs, and there will be no answer: it has shown no life for `silentMs`. */
  isLost(silentMs: number): boolean {
    return this.pulse.look() > silentMs;
  }
}

/** The thread; it does not keep the process alive. */
export class LookupThread {
  private readonly thread: Thread;

  /** Throws where the runtime can start none. */
  constructor() {
    const why = whyNoThread(locate);
    if (why !== undefined) throw new Error(why);
    this.thread = new Thread(locate(), { lookups: true });
    this.thread.unref();
  }

  /** Settles once it is gone. */
  get ended(): Promise<ThreadEnd> {
    return this.thread.ended;
  }

  /** Looks `host` up. */
  ask(host: string, type: LookupType): ThreadLookup {
    const lookup = new ThreadLookup();
    const order: LookupOrder = { host, type, memory: lookup.memory };
    this.thread.post(order);
    return lookup;
  }

  /** Ends it by force. */
  terminate(): void {
    this.thread.terminate();
  }

  /** Ends it; settles once it is gone. */
  async end(): Promise<void> {
    this.thread.ref();
    this.thread.post("end");
    await this.thread.ended;
  }
}
