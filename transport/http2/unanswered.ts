// What a server counts of streams that no handler answered: rapid reset (CVE-2023-44487), and calls that end by themselves.

import type { Instant } from "../../pollers/contract/engine.ts";
import { Budget, BUDGETS } from "./abuse.ts";
import type { Http2Error } from "./error.ts";

/**
 * A stream that is reset sooner costs `BUDGETS.resets`: whoever gives up calls has waited for them, and may give up all of
 * them at once. The limit of open streams bounds how many streams grow older than this.
 */
const YOUNG_MS = 100;

/**
 * Streams of the peer that ended before a handler had answered them, whoever ended them. Young ones cost a budget, and each
 * stream that was answered meanwhile pays for one of them: a client that gives up, or whose deadlines pass, for half of
 * what it asks is none that asks for nothing.
 */
export class Unanswered {
  /** Streams up to `markId` were opened before `markAt`, those up to `earlierId` at least `YOUNG_MS` before it. */
  private markAt: Instant = 0;
  private markId = 0;
  private earlierId = 0;
  private resets: Budget | undefined = undefined;
  private ours: Budget | undefined = undefined;
  /** All of them. */
  private ends = 0;
  /** Streams that were answered, as the budgets know. */
  private answered = 0;
  /** Streams that we ended and that were young when something was last received: a timer may have ended them since. */
  private ended: number[] | undefined = undefined;

  /** The peer opens stream `id`. */
  opened(id: number, now: Instant): void {
    if (now - this.markAt < YOUNG_MS) return;
    this.earlierId = this.markId;
    this.markId = id - 1;
    this.markAt = now;
  }

  /** The peer sent RST_STREAM for `id`, of `finished` streams that are over; the connection's error where there are too many. */
  reset(id: number, finished: number, now: Instant): Http2Error | undefined {
    this.ends++;
    if (!this.isYoung(id, now)) return undefined;
    this.refund(finished);
    return (this.resets ??= new Budget(BUDGETS.resets)).spend(now);
  }

  /** We ended `id`, not before `now`: {@linkcode judge} says what that costs. */
  end(id: number, now: Instant): void {
    this.ends++;
    if (this.isYoung(id, now)) (this.ended ??= []).push(id);
  }

  /** {@linkcode judge} is to be called. */
  get wantsTime(): boolean {
    return this.ended !== undefined;
  }

  /** It is `now`, and `finished` streams are over; the connection's error where too many ended without an answer. */
  judge(finished: number, now: Instant): Http2Error | undefined {
    const { ended = [], ours = new Budget(BUDGETS.unanswered) } = this;
    let error: Http2Error | undefined = undefined;
    this.refund(finished);
    this.ours = ours;
    for (const id of ended) if (this.isYoung(id, now)) error = ours.spend(now) ?? error;
    this.ended = undefined;
    return error;
  }

  /** Whether stream `id` may have been opened less than `YOUNG_MS` ago; at twice that age it is never young. */
  private isYoung(id: number, now: Instant): boolean {
    if (id <= this.earlierId) return false;
    return now - this.markAt < (id <= this.markId ? YOUNG_MS : 2 * YOUNG_MS);
  }

  private refund(finished: number): void {
    const answered = finished - this.ends;
    if (answered <= this.answered) return;
    this.resets?.refund(answered - this.answered);
    this.ours?.refund(answered - this.answered);
    this.answered = answered;
  }
}
