// Keepalive (gRFC A8): a PING to a peer that has been silent, and the end of a connection that answers it with nothing.
//
// Any octet shows that the peer is there, so a connection in use sends no PING. What a read costs is one store; the timer
// moves only when it fires. The states, for a silence that begins with the last read:
//
//   state     until                                   then
//   quiet     timeMs without an octet                 PING, waiting; without a stream and not permitted: dormant
//   waiting   an octet                                quiet
//   waiting   timeoutMs after the PING                the connection is dead
//   dormant   a stream is opened                      PING, waiting; after an octet within timeMs: quiet

import type { Instant } from "../../pollers/contract/engine.ts";
import { connectionError, ErrorCode, type Http2Error } from "./error.ts";
import { PingPurpose, type Pings } from "./ping.ts";
import { Timer, type Timers } from "./timers.ts";

/** When PINGs are sent, and how long the peer has to answer. */
export interface KeepaliveTimes {
  /** Milliseconds of silence before a PING. Infinity: none is sent, and there is no keepalive. */
  readonly timeMs: number;
  /** Milliseconds from the PING to the end of the connection. */
  readonly timeoutMs: number;
  /** Whether PINGs are sent while no stream is open. */
  readonly permitWithoutCalls: boolean;
}

/**
 * A deadline that is handled this late, in milliseconds, says that the thread was busy. The answer may have come
 * meanwhile and is not read yet, so it has as long once more.
 */
const LATE_MS = 100;

/** The keepalive of one connection. */
export class Keepalive {
  /** When octets came last; whoever reads sets it. */
  readAt: Instant = 0;
  /** No PING is sent before a stream is opened; see {@linkcode wake}. */
  dormant = false;
  /** PINGs that were sent. */
  sent = 0;
  /** When octets had come last as the PING was sent that is waited for; undefined where none is. */
  private silentSince: Instant | undefined = undefined;
  private answerDue: Instant = 0;
  private postponed = false;

  /** Nothing happens before {@linkcode start}. */
  constructor(
    private readonly times: KeepaliveTimes,
    private readonly timers: Timers,
    private readonly pings: Pings,
  ) {}

  /** The peer's first SETTINGS came: until then a handshake has a deadline of its own. */
  start(now: Instant): void {
    this.silence(now);
  }

  /** A stream is opened on a dormant connection. */
  wake(now: Instant): void {
    this.dormant = false;
    if (now < this.readAt + this.times.timeMs) this.silence(this.readAt);
    else this.ping(now);
  }

  /** The timer has fired. True: the peer did not answer, the connection is dead. */
  timeIsUp(now: Instant, hasStreams: boolean): boolean {
    if (this.silentSince === this.readAt) return this.unanswered(now);
    this.silentSince = undefined;
    if (now < this.readAt + this.times.timeMs) this.silence(this.readAt);
    else if (hasStreams || this.times.permitWithoutCalls) this.ping(now);
    else this.dormant = true;
    return false;
  }

  /** What a connection whose peer did not answer ends with. */
  get error(): Http2Error {
    const { timeoutMs } = this.times;
    return connectionError(ErrorCode.NO_ERROR, `keepalive: nothing came within ${timeoutMs} ms after a PING`);
  }

  private unanswered(now: Instant): boolean {
    if (now < this.answerDue) this.awaitAnswer();
    else if (this.postponed || now < this.answerDue + LATE_MS) return true;
    else {
      this.postponed = true;
      this.answerDue = now + LATE_MS;
      this.awaitAnswer();
    }
    return false;
  }

  private silence(since: Instant): void {
    this.timers.set(Timer.KEEPALIVE, since + this.times.timeMs);
  }

  private ping(now: Instant): void {
    this.sent++;
    this.pings.send(PingPurpose.KEEPALIVE);
    this.silentSince = this.readAt;
    this.answerDue = now + this.times.timeoutMs;
    this.postponed = false;
    // An answer may begin a silence that ends before the answer would have been due.
    this.timers.set(Timer.KEEPALIVE, Math.min(this.answerDue, now + this.times.timeMs));
  }

  private awaitAnswer(): void {
    this.timers.set(Timer.KEEPALIVE, this.answerDue);
  }
}

/** Makes the keepalive of one connection; `times.timeMs` is finite. */
export function newKeepalive(times: KeepaliveTimes, timers: Timers, pings: Pings): Keepalive {
  return new Keepalive(times, timers, pings);
}
