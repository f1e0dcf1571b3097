// How often a client may send PING (gRFC A8): a server lets go of one that sends too many.
//
// A PING sooner than permitted is a strike; after more than MAX_PING_STRIKES the connection ends. HEADERS or DATA that we
// send take everything back: a client that measures the path sends PINGs while it receives, as fast as they are answered.

import type { Instant } from "../../pollers/contract/engine.ts";
import { connectionError, ErrorCode, type Http2Error } from "./error.ts";

/** How often the peer may send PING. */
export interface PingPolicy {
  /** Milliseconds between two PINGs while streams are open. 0: as often as it likes. */
  readonly permitTimeMs: number;
  /** Whether that holds without streams too; else {@linkcode PERMIT_TIME_WITHOUT_CALLS_MS} does. */
  readonly permitWithoutCalls: boolean;
}

/** Milliseconds between two PINGs without streams, where they are not permitted (gRFC A8). */
const PERMIT_TIME_WITHOUT_CALLS_MS = 7_200_000;

/** PINGs that may come too soon; gRPC's. */
const MAX_PING_STRIKES = 2;

/** What gRPC's clients look for in the GOAWAY. */
const TOO_MANY_PINGS = "too_many_pings";

/** The strikes of one peer. */
export class PingStrikes {
  private strikes = 0;
  private lastAt: Instant = -Infinity;

  /** Of a peer that is held to `policy`. */
  constructor(private readonly policy: PingPolicy) {}

  /**
   * A PING came. `answered`: HEADERS or DATA were sent since the last one. Returns the connection's error where it is one
   * too many.
   */
  count(now: Instant, hasStreams: boolean, answered: boolean): Http2Error | undefined {
    const { policy } = this;
    const permitted = hasStreams || policy.permitWithoutCalls
      ? policy.permitTimeMs
      : PERMIT_TIME_WITHOUT_CALLS_MS;
    const tooSoon = !answered && now < this.lastAt + permitted;
    this.lastAt = now;
    if (answered) this.strikes = 0;
    if (!tooSoon || ++this.strikes <= MAX_PING_STRIKES) return undefined;
    return connectionError(ErrorCode.ENHANCE_YOUR_CALM, TOO_MANY_PINGS);
  }
}
