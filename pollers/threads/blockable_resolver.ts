// A resolver whose answers come to a thread that blocks as well.
//
// The resolver of the runtime reports by the runtime's loop. So while the thread blocks, what is being looked up is asked
// of a helper thread too, and the waiter looks whether it has answered. Whichever answer is first counts.

import type { SocketAddress } from "../contract/address.ts";
import type { DnsResolver, EventEngine, IoResult } from "../contract/engine.ts";
import { foundOf, type SystemResolver, textsOf } from "../native/dns.ts";
import {
  type LookupAnswer,
  LookupThread,
  type LookupType,
  type ThreadLookup,
} from "../native/lookup_thread.ts";
import { SILENT_MS } from "../native/pulse.ts";
import type { Names } from "./sync_waiter.ts";

/** A name, and who waits for what is asked of it. */
interface Lookup {
  readonly host: string;
  readonly type: LookupType;
  /** Reports what the helper thread found. */
  readonly answered: (answer: LookupAnswer) => void;
  /** By the helper thread. */
  helped: ThreadLookup | undefined;
}

/** One engine's. */
export class BlockableResolver implements DnsResolver, Names {
  private readonly lookups = new Set<Lookup>();
  private thread: LookupThread | undefined = undefined;
  private blocked = false;
  /** A thread that has shown no life for so long is gone. */
  private readonly silentMs = SILENT_MS;

  /** `engine` gets the callbacks; `system` is the resolver that reports by the loop. */
  constructor(private readonly engine: EventEngine, private readonly system: SystemResolver) {}

  /** The system's answer. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    const report = this.begin(
      host,
      "addresses",
      done,
      ({ error, found }) => foundOf(host, port, error, found.map((address) => ({ address }))),
    );
    this.system.lookup(host, port, report);
  }

  /** The system's answer. */
  lookUpTexts(name: string, done: (result: IoResult<string[]>) => void): void {
    const report = this.begin(
      name,
      "texts",
      done,
      ({ error, found }) => textsOf(name, error, found.map((text) => [text])),
    );
    this.system.lookUpTexts(name, report);
  }

  /** What reports the loop's answer; `read` makes a result of the helper's. */
  private begin<T>(
    host: string,
    type: LookupType,
    done: (result: IoResult<T>) => void,
    read: (answer: LookupAnswer) => IoResult<T>,
  ): (result: IoResult<T>) => void {
    const report = (result: IoResult<T>): void => {
      if (this.lookups.delete(lookup)) done(result);
    };
    const lookup: Lookup = { host, type, answered: (answer) => report(read(answer)), helped: undefined };
    this.lookups.add(lookup);
    if (this.blocked) this.help(lookup);
    return report;
  }

  get asked(): number {
    return this.lookups.size;
  }

  block(): void {
    this.blocked = true;
    for (const lookup of this.lookups) this.help(lookup);
  }

  unblock(): void {
    this.blocked = false;
  }

  poll(): void {
    for (const lookup of this.lookups) {
      const answer = lookup.helped?.poll();
      if (answer !== undefined) this.engine.execCtx.enter(lookup.answered, answer);
      else if (lookup.helped?.isLost(this.silentMs)) this.threadLost(lookup);
    }
  }

  /** Ends the thread, where there is one. */
  async end(): Promise<void> {
    await this.thread?.end();
  }

  private help(lookup: Lookup): void {
    if (lookup.helped !== undefined) return;
    try {
      this.thread ??= this.startThread();
      lookup.helped = this.thread.ask(lookup.host, lookup.type);
    } catch (thrown) { // no thread can start here
      this.engine.run(() => lookup.answered(failed((thrown as Error).message)));
    }
  }

  private startThread(): LookupThread {
    const thread = new LookupThread();
    void thread.ended.then(() => {
      if (this.thread === thread) this.threadGone();
    });
    return thread;
  }

  /** It is gone, or hangs, and `lookup` has waited long enough. */
  private threadLost(lookup: Lookup): void {
    this.thread?.terminate();
    this.engine.execCtx.enter(
      lookup.answered,
      failed("the thread that looks names up has not shown any life"),
    );
    this.threadGone();
  }

  /** Another one is asked what this one has not answered. */
  private threadGone(): void {
    this.thread = undefined;
    for (const lookup of this.lookups) {
      lookup.helped = undefined;
      if (this.blocked) this.help(lookup);
    }
  }
}

/** A later lookup may succeed. */
function failed(message: string): LookupAnswer {
  return { found: [], error: { name: "Error", message, code: "EAI_AGAIN" } };
}
