// Frames on closed streams (RFC 9113, section 5.1): which are ignored, and how many.
//
// A peer sends on a stream until it has received our RST_STREAM, and some send even after their own END_STREAM:
// gRPC's C++ server answers a call at its deadline and again when the handler ends. Neither may cost the other calls
// of the connection. So HEADERS and DATA are ignored
//
//  - by a client, on every stream that it has opened and that is closed;
//  - by a server, on the streams that it ended before the client did: reset, refused, answered in full, or above the
//    number of its GOAWAY. A client that ended its stream itself has no reason to go on, and STREAM_CLOSED is the
//    connection's error (section 5.1 asks for it after END_STREAM).
//
// Ignored means: the header block is decoded, for the sake of the dynamic table, and the octets of DATA are counted
// and given back to the connection's window. DATA that was in flight when we reset its stream costs no budget, for
// the windows bound it: on the stream what its window had left, and on all streams what the connection's had left.
// Everything else costs `BUDGETS.lateFrames`. RST_STREAM, WINDOW_UPDATE and PRIORITY are always ignored.

import type { Instant } from "../../pollers/contract/engine.ts";
import { Budget } from "./budget.ts";
import { BUDGETS } from "./limits.ts";

/** What the peer of one connection may still send on closed streams. */
export class LateFrames {
  /** Octets of DATA that may be in flight on streams that we ended before the peer did. */
  private inFlight = 0;
  private readonly budget = new Budget(BUDGETS.lateFrames);

  /** We ended a stream that the peer had not ended; the receive windows say what it may have sent meanwhile. */
  expect(streamWindow: number, connectionWindow: number): void {
    this.inFlight = Math.min(this.inFlight + Math.max(0, streamWindow), connectionWindow);
  }

  /** A DATA frame on a closed stream; false when there were too many. */
  data(frameBytes: number, now: Instant): boolean {
    if (frameBytes === 0 || frameBytes > this.inFlight) return this.budget.take(now);
    this.inFlight -= frameBytes;
    return true;
  }

  /** A header section on a closed stream; false when there were too many. */
  section(now: Instant): boolean {
    return this.budget.take(now);
  }
}
