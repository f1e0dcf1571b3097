// What a peer may cost us (RFC 9113, section 10.5): every budget, with its reason, and how it is spent.
//
// A budget is a leaky bucket: `burst` events at once and `perSecond` for ever. The figures are those other servers took
// after CVE-2019-9512 to 9518 and CVE-2023-44487, rounded up: a busy gRPC client with deadlines cancels some calls,
// none cancels thousands a second for nothing. Bounds of sizes, which need no clock, are in `limits.ts`.

import type { Instant } from "../../pollers/contract/engine.ts";
import { ErrorCode, Http2Error } from "./error.ts";
import { MAX_UNSENT_REPLIES } from "./limits.ts";

/** Events of a kind: how many at once, how many a second on average, and what they are called in an error. */
export interface BudgetLimit {
  /** Events at once. */
  readonly burst: number;
  /** Events a second on average. */
  readonly perSecond: number;
  /** The plural that follows "too many". */
  readonly what: string;
}

/** The budgets of one connection. */
export const BUDGETS = {
  /** RST_STREAM for young streams that we have not answered yet, beyond one for each that we have: rapid reset. */
  resets: { burst: 2_000, perSecond: 500, what: "streams reset before they were answered" },
  /**
   * Young streams that we ended ourselves, with no answer of a handler, beyond one for each that has one: a deadline
   * passed, no method has that name, the request was none of gRPC. More than of resets, for whoever ends streams himself
   * does not wait, and an honest client whose calls have short deadlines does: while a handler's backend stands still,
   * all of them pass.
   */
  unanswered: { burst: 10_000, perSecond: 1_000, what: "calls that no handler answered" },
  /** PING: a peer that measures bandwidth sends one a round trip, thousands a second on loopback. */
  pings: { burst: 10_000, perSecond: 10_000, what: "PING frames" },
  /** SETTINGS: honest peers send one or two in all, and each makes us walk every stream. */
  settings: { burst: 100, perSecond: 10, what: "SETTINGS frames" },
  /** GOAWAY: an honest peer sends two. */
  goAways: { burst: 10, perSecond: 1, what: "GOAWAY frames" },
  /**
   * WINDOW_UPDATE beyond two for each DATA frame that we sent, or stream: a peer that enlarges the windows of all its
   * streams at once.
   */
  windowUpdates: { burst: 10_000, perSecond: 10_000, what: "WINDOW_UPDATE frames" },
  /**
   * Frames that carry nothing: DATA without content, PRIORITY, interim responses, frames of unknown types, and
   * acknowledgements of what was not sent.
   */
  emptyFrames: { burst: 2_000, perSecond: 500, what: "frames that carry nothing" },
  /** Streams of the peer that we had to reset for an error of its own, or refuse, or answer with 431. */
  streamErrors: { burst: 1_000, perSecond: 100, what: "streams that broke the protocol or were refused" },
  /**
   * HEADERS, DATA and RST_STREAM on closed streams (section 5.1), beyond what was in flight when we ended them: DATA that
   * the windows had let in, and `LATE_FRAMES_A_STREAM`. They cost us what PINGs cost.
   */
  lateFrames: { burst: 10_000, perSecond: 10_000, what: "frames on closed streams" },
} as const satisfies Readonly<Record<string, BudgetLimit>>;

/**
 * Frames that may come on a stream that is closed: a response that crossed our RST_STREAM, or the second one that a C++
 * server sends, is HEADERS, DATA and HEADERS. All calls of a connection may meet their deadline at once.
 */
export const LATE_FRAMES_A_STREAM = 3;

/** A leaky bucket of events. */
export class Budget {
  private level = 0;
  private since: Instant = 0;

  /** A bucket that is empty. */
  constructor(private readonly limit: BudgetLimit) {}

  /** Counts one event at `now`; false when the budget is used up. */
  take(now: Instant): boolean {
    if (now > this.since) {
      const leaked = (now - this.since) / 1000 * this.limit.perSecond;
      this.level = Math.max(0, this.level - leaked);
      this.since = now;
    }
    return ++this.level <= this.limit.burst;
  }

  /** Takes back as many events. */
  refund(events: number): void {
    this.level = Math.max(0, this.level - events);
  }

  /** Counts one event at `now`; the connection's error when the budget is used up. */
  spend(now: Instant): Http2Error | undefined {
    return this.take(now) ? undefined : calm(`too many ${this.limit.what}`);
  }
}

/** The budgets of one connection, each made when something is spent of it: most connections spend of none or of two. */
export class Abuse {
  private goAwaysMade: Budget | undefined = undefined;
  private windowUpdatesMade: Budget | undefined = undefined;
  private pingsMade: Budget | undefined = undefined;
  private settingsMade: Budget | undefined = undefined;
  private emptyFramesMade: Budget | undefined = undefined;
  private streamErrorsMade: Budget | undefined = undefined;
  private lateMade: LateFrames | undefined = undefined;
  /** Frames that answer the peer and were not transmitted yet. */
  private unsentReplies = 0;

  /** `BUDGETS.goAways`. */
  get goAways(): Budget {
    return this.goAwaysMade ??= new Budget(BUDGETS.goAways);
  }

  /** `BUDGETS.windowUpdates`. */
  get windowUpdates(): Budget {
    return this.windowUpdatesMade ??= new Budget(BUDGETS.windowUpdates);
  }

  /** `BUDGETS.pings`. */
  get pings(): Budget {
    return this.pingsMade ??= new Budget(BUDGETS.pings);
  }

  /** `BUDGETS.settings`. */
  get settings(): Budget {
    return this.settingsMade ??= new Budget(BUDGETS.settings);
  }

  /** `BUDGETS.emptyFrames`. */
  get emptyFrames(): Budget {
    return this.emptyFramesMade ??= new Budget(BUDGETS.emptyFrames);
  }

  /** Frames on closed streams. */
  get late(): LateFrames {
    return this.lateMade ??= new LateFrames();
  }

  /** Counts a frame that answers the peer: a peer that asks and never reads must not fill our memory. */
  countReply(): Http2Error | undefined {
    if (++this.unsentReplies <= MAX_UNSENT_REPLIES) return undefined;
    return calm("too many answers wait for a peer that does not read");
  }

  /** An error or a refusal of one stream, which we answer: the connection's error where there were too many. */
  streamError(now: Instant): Http2Error | undefined {
    return (this.streamErrorsMade ??= new Budget(BUDGETS.streamErrors)).spend(now) ?? this.countReply();
  }

  /** Everything that was queued is transmitted. */
  repliesTransmitted(): void {
    this.unsentReplies = 0;
  }
}

/**
 * Frames on closed streams (section 5.1). DATA that was in flight when we reset its stream costs no budget, for the
 * windows bound it: on the stream what its window had left, and on all streams what the connection's had left. Nor do
 * other frames, up to three for each stream that was opened. Everything else costs `BUDGETS.lateFrames`.
 */
export class LateFrames {
  /** Octets of DATA that may be in flight on streams that we ended before the peer did. */
  private inFlight = 0;
  /** Frames that were not such DATA. */
  private others = 0;
  private readonly budget = new Budget(BUDGETS.lateFrames);

  /** We ended a stream that the peer had not ended; the receive windows say what it may have sent meanwhile. */
  expect(streamWindow: number, connectionWindow: number): void {
    this.inFlight = Math.min(this.inFlight + Math.max(0, streamWindow), connectionWindow);
  }

  /** A DATA frame on a closed stream, of `opened` in all; the connection's error when there were too many. */
  data(streamId: number, frameBytes: number, opened: number, now: Instant): Http2Error | undefined {
    if (frameBytes === 0 || frameBytes > this.inFlight) return this.spend("DATA", streamId, opened, now);
    this.inFlight -= frameBytes;
    return undefined;
  }

  /** RST_STREAM on a closed stream; the connection's error when there were too many. */
  reset(streamId: number, opened: number, now: Instant): Http2Error | undefined {
    return this.spend("RST_STREAM", streamId, opened, now);
  }

  /** A header section on a closed stream; the connection's error when there were too many. */
  section(streamId: number, opened: number, now: Instant): Http2Error | undefined {
    return this.spend("HEADERS", streamId, opened, now);
  }

  private spend(type: string, streamId: number, opened: number, now: Instant): Http2Error | undefined {
    if (++this.others <= LATE_FRAMES_A_STREAM * opened || this.budget.take(now)) return undefined;
    const reason = `${type} on closed stream ${streamId}, and too many frames on closed streams before it`;
    return new Http2Error("connection", ErrorCode.STREAM_CLOSED, "library", reason);
  }
}

function calm(reason: string): Http2Error {
  return new Http2Error("connection", ErrorCode.ENHANCE_YOUR_CALM, "library", reason);
}
