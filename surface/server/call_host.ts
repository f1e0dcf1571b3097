// What the calls of a server have in common.

import type { EventEngine, Reporter } from "../../pollers/mod.ts";

/** A server, as its calls see it. */
export class CallHost {
  private calls = 0;

  /** Calls that run. */
  get running(): number {
    return this.calls;
  }

  /**
   * `reporter` gets what handlers throw; with `exposeErrors` clients learn it too. `maxReceiveElements` limits what
   * decoding a request may make; undefined is the codec's own limit.
   */
  constructor(
    readonly engine: EventEngine,
    readonly reporter: Reporter,
    readonly exposeErrors: boolean,
    readonly maxReceiveElements: number | undefined,
  ) {}

  /** The process stays while a call runs. One count for all of them: an engine's own costs more a call. */
  callBegins(): void {
    if (this.calls++ === 0) this.engine.hold();
  }

  /** A call is over. */
  callEnds(): void {
    if (--this.calls === 0) this.engine.release();
  }
}
