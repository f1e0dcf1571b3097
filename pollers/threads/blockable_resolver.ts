// A resolver whose answers come to a thread that blocks as well.
//
// The resolver of the runtime reports by the runtime's loop. So while the thread blocks, what is being looked up is asked
// of a helper thread too, and the waiter looks whether it has answered. Whichever answer is first counts.

import type { SocketAddress } from "../contract/address.ts";
import type { DnsResolver, EventEngine, IoResult } from "../contract/engine.ts";
import { foundOf } from "../native/dns.ts";
import { LookupThread, type ThreadLookup } from "../native/lookup_thread.ts";
import type { Names } from "./sync_waiter.ts";

/** A name, and who waits for its addresses. */
interface Lookup {
  readonly host: string;
  readonly port: number;
  readonly done: (result: IoResult<SocketAddress[]>) => void;
  /** By the helper thread. */
  helped: ThreadLookup | undefined;
}

/** One engine's. */
export class BlockableResolver implements DnsResolver, Names {
  private readonly lookups = new Set<Lookup>();
  private thread: LookupThread | undefined = undefined;
  private blocked = false;

  /** `engine` gets the callbacks; `system` is the resolver that reports by the loop. */
  constructor(private readonly engine: EventEngine, private readonly system: DnsResolver) {}

  /** The system's answer. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    const lookup: Lookup = { host, port, done, helped: undefined };
    this.lookups.add(lookup);
    this.system.lookup(host, port, (result) => this.finish(lookup, result));
    if (this.blocked) this.help(lookup);
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
      if (answer === undefined) continue;
      const { host, port } = lookup;
      const result = foundOf(host, port, answer.error, answer.addresses);
      this.engine.execCtx.enter(() => this.finish(lookup, result), undefined);
    }
  }

  /** Ends the thread, where there is one. */
  async end(): Promise<void> {
    await this.thread?.end();
  }

  private help(lookup: Lookup): void {
    if (lookup.helped !== undefined) return;
    const { host, port } = lookup;
    try {
      this.thread ??= new LookupThread();
      lookup.helped = this.thread.ask(host);
    } catch (error) { // no thread can start here
      const result = foundOf(host, port, {
        name: "Error",
        message: (error as Error).message,
        code: "EAI_AGAIN",
      }, []);
      this.engine.run(() => this.finish(lookup, result));
    }
  }

  private finish(lookup: Lookup, result: IoResult<SocketAddress[]>): void {
    if (this.lookups.delete(lookup)) lookup.done(result);
  }
}
