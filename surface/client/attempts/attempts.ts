// The stream of a call that has a retry or hedging policy (gRFC A6): it is made of attempts, one after another or beside
// each other, and to the call it is one stream.
//
//     call ──► Attempts (what was sent, the policy) ──► Attempt ──► a stream of a connection
//                                                   ──► Attempt ──► another one
//
// What is sent is kept, and goes on the stream of each attempt. Once the server answers one with initial metadata, or more
// was sent than is kept, the call is committed: that attempt is its one, the others are cancelled, what was kept is let go,
// and the rest passes through. Before, a failed attempt is followed by another one, as the policy, the server and the
// channel's throttle allow.

import { type Instant, type TaskHandle, trace } from "../../../pollers/mod.ts";
import type { ClientStream, ClientTransport, HeaderList, RequestTemplate } from "../../../transport/mod.ts";
import { type CallStatus, describeStatus } from "../../call/call_status.ts";
import { Status, type StatusCode } from "../../call/status.ts";
import type { HedgingPolicy, RetryPolicy } from "../../channel/service_config/method_config.ts";
import type { CallRoute } from "../call_route.ts";
import { KeptRequests } from "../kept_requests.ts";
import type { Replay } from "../replay.ts";
import { type Sender, Unwritten } from "../unwritten.ts";
import { Attempt, type AttemptedCall, type AttemptOwner } from "./attempt.ts";
import { NO_RETRY, pushbackOf } from "./attempt_headers.ts";
import { isRepeatable, mayFollow } from "./repeatable.ts";
import type { AttemptContext, AttemptedStream, Retries } from "./retries.ts";
import { throttleOf } from "./retry_throttle.ts";

/** Waits differ by so much, so that calls that failed together are not made again together. */
const JITTER = 0.2;

const NONE: readonly Attempt[] = [];

/** See the head of this file. */
export class Attempts implements AttemptedStream, AttemptOwner, Sender {
  declare readonly call: AttemptedCall;
  declare readonly route: CallRoute;
  declare readonly template: RequestTemplate;
  declare readonly headers: HeaderList | undefined;
  declare private readonly context: AttemptContext;
  declare private readonly retry: RetryPolicy | undefined;
  declare private readonly hedging: HedgingPolicy | undefined;
  /** What was sent; undefined once the call is committed, or over. */
  declare private replay: Replay | undefined;
  /** Those that have not ended. Replaced, not changed: what goes through them may end them. */
  declare private running: readonly Attempt[];
  /** The one that the server answers. */
  declare private committed: Attempt | undefined;
  /** The one that waits for its time, of a retry policy. */
  declare private next: Attempt | undefined;
  declare private task: TaskHandle | undefined;
  /** When `next` is made. */
  declare private nextAt: Instant;
  /** Attempts that were made. */
  declare private made: number;
  /** As many are made at most. */
  declare private most: number;
  /** The next wait, without jitter. */
  declare private backoffMs: number;
  /** How the last attempt that failed did so. */
  declare private last: CallStatus | undefined;
  /** A server has refused a stream, which moves the call once. */
  declare refused: boolean;
  declare private isOver: boolean;
  /** Who waits for what was sent to be written; undefined where nobody ever did. */
  declare private unwritten: Unwritten | undefined;

  /**
   * Nothing is sent before {@linkcode begin}, or {@linkcode follow} where `made` is 1: by the call itself. `replay`: what there is
   * to send already. `refused`: a server has refused a stream.
   */
  constructor(
    context: AttemptContext,
    call: AttemptedCall,
    template: RequestTemplate,
    headers: HeaderList | undefined,
    replay: Replay,
    made: number,
    refused: boolean,
  ) {
    const { retry, hedging } = call.config!;
    this.call = call;
    this.route = context.route;
    this.template = template;
    this.headers = headers;
    this.context = context;
    this.retry = retry;
    this.hedging = retry === undefined ? hedging : undefined;
    this.replay = replay;
    this.running = NONE;
    this.committed = undefined;
    this.next = undefined;
    this.task = undefined;
    this.nextAt = 0;
    this.made = made;
    this.most = (retry ?? hedging)!.maxAttempts;
    this.backoffMs = retry === undefined ? 0 : retry.initialBackoffMs;
    this.last = undefined;
    this.refused = refused;
    this.isOver = false;
    this.unwritten = undefined;
    replay.countIn(context.keptRequests!);
  }

  /** Makes the first attempt. */
  begin(): void {
    this.make(new Attempt(this, 0));
    if (this.hedging !== undefined) this.hedgeIn(this.hedging.hedgingDelayMs);
  }

  /** The call's first attempt ended with `status`, after which another one may be made. */
  follow(status: CallStatus): void {
    this.last = status;
    this.retryAfter(this.retry!, pushbackOf(status.metadata));
  }

  /** What the call waits for, while no server has answered it: the end of a sentence. */
  describeWait(): string {
    const { running, next, made, most, last } = this;
    if (next !== undefined) {
      const leftMs = Math.max(0, Math.round(this.nextAt - this.context.engine.now()));
      return `waiting ${leftMs} ms before attempt ${made + 1} of ${most}: last status ${
        describeStatus(last!)
      }`;
    }
    const before = last === undefined ? "" : `; before that ${describeStatus(last)}`;
    const which = made === 1 ? "" : ` of attempt ${made} of ${most}`;
    if (running.some(({ stream }) => stream !== undefined)) {
      return `waiting for the response${which}${before}`;
    }
    const waits = running[running.length - 1];
    if (waits === undefined) return "waiting for the response";
    if (waits.awaitsCredentials) return `waiting for its call credentials${before}`;
    return `${this.route.describeWait(waits)}${before}`;
  }

  // As the call's stream.

  sendMessage(framed: Uint8Array, last: boolean): boolean {
    const { replay, running } = this;
    if (replay === undefined) return this.committed?.stream?.sendMessage(framed, last) ?? true;
    replay.add(framed, last);
    for (const { stream } of running) stream?.sendMessage(framed, last);
    this.limitKept();
    return false;
  }

  halfClose(): void {
    if (this.replay === undefined) return this.committed?.stream?.halfClose();
    this.replay.halfClose();
    for (const { stream } of this.running) stream?.halfClose();
  }

  get queuedBytes(): number {
    return this.committed?.stream?.queuedBytes ?? 0;
  }

  /** While no attempt can send, what is sent would only be kept. */
  get writeBlocked(): boolean {
    for (const { stream } of this.running) if (stream?.writeBlocked === false) return false;
    return true;
  }

  whenWritten(onWritten: (ok: boolean) => void): void {
    (this.unwritten ??= new Unwritten(this)).add(onWritten, this.running.map(({ stream }) => stream));
  }

  sendsOn(stream: ClientStream): boolean {
    return this.running.some((attempt) => attempt.stream === stream);
  }

  release(bytes: number): void {
    this.committed?.stream?.release(bytes);
  }

  /** The call is over, whatever its attempts do. */
  cancel(code: StatusCode, message: string): void {
    if (this.isOver) return;
    this.letGo();
    this.next?.cancel(code, message);
    cancelAll(this.running, code, message);
  }

  // From attempts.

  /** `attempt` has a stream: everything that was sent goes on it. */
  onAttached(attempt: Attempt, transport: ClientTransport): void {
    const { stream } = attempt;
    const replay = this.replay!;
    this.call.onAttempt(transport, replay.byteLength);
    if (attempt.isOver || stream === undefined) return;
    replay.sendOn(stream);
    this.limitKept();
    if (this.unwritten !== undefined) this.unwritten.ask(stream);
    if (!attempt.isOver && !stream.writeBlocked) this.call.onWritable();
  }

  onAttemptWritable(_attempt: Attempt): void {
    this.call.onWritable();
  }

  /** The server answers: nothing is sent again. */
  onAnswered(attempt: Attempt): void {
    if (this.committed === undefined) this.commit(attempt);
  }

  /** Memory of a message is the call's again once nobody else may need it. */
  onAttemptSent(attempt: Attempt, framed: Uint8Array): void {
    if (this.replay === undefined) this.call.onSent(framed);
    else if (this.made === 1 && !attempt.isOver) this.replay.isFirstSent = true;
  }

  mayMove(attempt: Attempt, refused: boolean): boolean {
    if (this.replay === undefined || this.committed === attempt || (refused && this.refused)) return false;
    if (refused) this.refused = true;
    return true;
  }

  onAttemptOver(attempt: Attempt, status: CallStatus, final: boolean): void {
    if (this.isOver) return;
    this.running = this.running.length === 1 ? NONE : this.running.filter((one) => one !== attempt);
    if (attempt === this.next) this.next = undefined;
    const codes = this.retry?.retryableStatusCodes ?? this.hedging!.nonFatalStatusCodes;
    const repeatable = isRepeatable(status, codes, this.route.throttle);
    if (final && this.running.length > 0) this.most = this.made; // hedges beside it go on
    else if (final || !repeatable || this.replay === undefined) return this.finish(status);
    this.last = status;
    if (this.hedging !== undefined) return this.hedgeAfter(this.hedging, status);
    if (this.made >= this.most || !mayFollow(status, this.route.throttle)) return this.finish(status);
    this.retryAfter(this.retry!, pushbackOf(status.metadata));
  }

  // One after another.

  private retryAfter(policy: RetryPolicy, pushback: number | undefined): void {
    const next = this.next = new Attempt(this, this.made);
    this.route.pause(next); // which ends it with the channel
    if (this.isOver) return;
    if (pushback === undefined) this.makeIn(this.nextBackoff(policy), next);
    else {
      this.backoffMs = policy.initialBackoffMs;
      this.makeIn(pushback, next);
    }
  }

  private nextBackoff({ maxBackoffMs, backoffMultiplier }: RetryPolicy): number {
    const waitMs = Math.min(this.backoffMs, maxBackoffMs);
    this.backoffMs = waitMs * backoffMultiplier;
    return waitMs * (1 + JITTER * (2 * this.context.engine.random() - 1));
  }

  private makeIn(waitMs: number, next: Attempt): void {
    if (trace.call) this.trace(`has attempt ${this.made + 1} of ${this.most} in ${waitMs} ms`);
    this.after(waitMs, () => {
      this.next = undefined;
      this.route.withdraw(next);
      this.make(next);
    });
  }

  // Beside each other.

  private hedgeAfter(policy: HedgingPolicy, status: CallStatus): void {
    const pushback = pushbackOf(status.metadata);
    if (pushback === NO_RETRY) this.most = this.made;
    if (pushback !== undefined) this.hedgeIn(pushback);
    else {
      this.hedge();
      this.hedgeIn(policy.hedgingDelayMs);
    }
    if (this.running.length === 0 && this.task === undefined && !this.isOver) this.finish(status);
  }

  /** Has the next attempt made in `waitMs`, and those after it by the policy. */
  private hedgeIn(waitMs: number): void {
    this.cancelTask();
    if (!this.mayHedge) return;
    if (waitMs > 0) return this.after(waitMs, () => this.hedgeNow());
    this.hedgeNow();
  }

  private hedgeNow(): void {
    this.hedge();
    if (this.task === undefined) this.hedgeIn(this.hedging!.hedgingDelayMs);
    const { last } = this;
    if (this.running.length === 0 && this.task === undefined && !this.isOver) this.finish(last!);
  }

  /** The next attempt; none, and no other, where the channel has no tokens for it. */
  private hedge(): void {
    if (!this.mayHedge) return;
    if (this.route.throttle?.allows !== false) this.make(new Attempt(this, this.made));
    else this.most = this.made;
  }

  private get mayHedge(): boolean {
    return this.made < this.most && this.replay !== undefined;
  }

  // Both.

  private make(attempt: Attempt): void {
    this.made++;
    this.running = this.running.length === 0 ? [attempt] : [...this.running, attempt];
    this.route.submit(attempt);
  }

  private after(waitMs: number, closure: () => void): void {
    const { engine } = this.context;
    this.nextAt = engine.now() + waitMs;
    try {
      this.task = engine.runAt(this.nextAt, () => {
        this.task = undefined;
        closure();
      });
    } catch (error) { // a poller of the application's
      this.call.onThrown(error);
    }
  }

  private cancelTask(): void {
    if (this.task !== undefined) this.context.engine.cancel(this.task);
    this.task = undefined;
  }

  /** Above the limit nothing is kept: the call stays with an attempt that has got everything. */
  private limitKept(): void {
    if (this.replay === undefined || !this.replay.isFull) return;
    const sent = this.running.find(({ stream }) => stream !== undefined);
    if (sent !== undefined) this.commit(sent);
  }

  private commit(attempt: Attempt): void {
    const { running, replay } = this;
    this.committed = attempt;
    this.cancelTask();
    if (running.length > 1) {
      this.running = [attempt];
      const others = running.filter((one) => one !== attempt);
      cancelAll(others, Status.CANCELLED, "another attempt is the call's");
    }
    this.replay = undefined;
    const free = replay!.drop();
    if (free !== undefined && this.made === 1) this.call.onSent(free);
  }

  private letGo(): void {
    this.isOver = true;
    this.cancelTask();
    this.replay?.drop();
    this.replay = undefined;
  }

  private finish(status: CallStatus): void {
    this.letGo();
    cancelAll(this.running, Status.CANCELLED, "the call has its status");
    this.running = NONE;
    this.call.onAttemptsOver(this.made > 1 ? counted(status, this.made) : status);
  }

  private trace(line: string): void {
    const { call: { path }, last, context } = this;
    context.reporter.trace("call", `client ${path} ${line}, after ${describeStatus(last!)}`);
  }
}

/** Those that wait for a stream first: the end of one that has one leaves it free, and they would get it. */
function cancelAll(attempts: readonly Attempt[], code: StatusCode, message: string): void {
  for (const attempt of attempts) if (attempt.stream === undefined) attempt.cancel(code, message);
  for (const attempt of attempts) attempt.cancel(code, message);
}

/** What a server said stands as it was said. */
function counted(status: CallStatus, attempts: number): CallStatus {
  const { code, message, metadata, cause, endedBy } = status;
  if (code === Status.OK || (cause === undefined && endedBy === undefined)) return status;
  return {
    code,
    message: `${message}; ${attempts} attempts were made`,
    metadata,
    cause,
    ...(endedBy === undefined ? {} : { endedBy }),
  };
}

/** Calls are made again by attempts, as policies say. */
export const RETRIES: Retries = {
  isRepeatable,
  mayFollow,
  throttleOf,
  keep: (mostBytes) => new KeptRequests(mostBytes),
  attemptsOf: (context, call, template, headers, replay, made, refused) =>
    new Attempts(context, call, template, headers, replay, made, refused),
};
