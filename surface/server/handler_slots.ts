// Which calls of one connection may run their handlers now, and which wait for their turn.
//
// A connection may have as many handlers running as it may have streams. A stream that ends does not end its handler,
// which may take no notice of its signal; a client whose calls have deadlines of 1 ms would have any number of handlers
// run. So a handler counts from its start to its end, however its stream ended, and a call beyond the limit waits.
//
// And while responses wait that cannot be sent, because the client reads none, no further handler begins: what it would
// answer would only wait as well.
//
// A call that waits has an open stream, so that the limit of streams bounds how many can wait. Where calls of many
// connections wait fewer may; what is beyond that is refused, for the client to send it again.
//
// Handlers of response streams wait for their turn among those of all connections too (`beginnings.ts`).

import type { ApplicationCallback } from "../../pollers/mod.ts";
import type { Beginnings, Waiting } from "./beginnings.ts";

/** A call that waits for its handler's turn. */
export interface WaitingCall {
  /** Whether its responses are a stream. */
  readonly streamsResponses: boolean;
  /** Runs the handler now. */
  runHandler(): void;
}

/** What the slots ask of their connection. */
export interface SlotsOwner {
  /** Whether one more may wait, beside `waiting` of the same connection. */
  mayWait(waiting: number): boolean;
  /** As many more wait. */
  waitingChanged(by: number): void;
  /** When handlers of response streams begin. */
  readonly beginnings: Beginnings;
  /** Has `callback` run outermost, and not on the caller's stack. */
  schedule(callback: ApplicationCallback): void;
  /** Responses wait and cannot be sent; `resume` is called when that is over. */
  readonly stalled: boolean;
  /** A call has to wait because as many handlers run as may: {@linkcode HandlerSlots.linger} says later whether that lasts. */
  onFull(): void;
}

/** The handlers of one connection. */
export class HandlerSlots implements Waiting, ApplicationCallback {
  /** Owned by the turn. */
  callbackScheduled = false;
  /** Handlers that run now. */
  private running = 0;
  /**
   * Calls that wait, in their order; a set, for those whose streams end leave it from the middle. Undefined while there
   * are none: asking a set for its size costs more than all else here.
   */
  private waiting: Set<WaitingCall> | undefined = undefined;
  private starting = false;
  /** The owner knows that calls have to wait. */
  private isKnown = false;

  /** At most `limit` run at once; `owner` says what else holds them. */
  constructor(private readonly limit: number, private readonly owner: SlotsOwner) {}

  /** Whether the handler of `call` may run now, which then counts as running. */
  mayRun(call: WaitingCall): boolean {
    if (this.waiting !== undefined || !this.isFree || !this.mayBegin(call)) return false;
    this.running++;
    return true;
  }

  /** Has `call` wait until its handler may run; false where too many wait already. */
  wait(call: WaitingCall): boolean {
    const waiting = this.waiting ??= new Set();
    if (!this.isFree && !this.owner.mayWait(waiting.size)) return false; // else it waits for its turn alone
    waiting.add(call);
    this.owner.waitingChanged(1);
    if (!this.isKnown && this.running >= this.limit) {
      this.isKnown = true;
      this.owner.onFull();
    }
    return true;
  }

  /** Whether calls wait because as many handlers run as may; where none does, the owner hears of the next one that has to. */
  linger(): boolean {
    return this.isKnown = this.waiting !== undefined && this.running >= this.limit;
  }

  /** The stream of `call` ended while it waited. */
  withdraw(call: WaitingCall): void {
    if (this.waiting?.delete(call)) this.owner.waitingChanged(-1);
    if (this.waiting?.size === 0) this.waiting = undefined;
  }

  /** The handler of `call` is through. The next one is not called on this stack, which may be that of the application. */
  release(call: WaitingCall): void {
    this.running--;
    if (call.streamsResponses) this.owner.beginnings.ended();
    if (this.waiting !== undefined && !this.starting) this.owner.schedule(this);
  }

  /** A handler has ended: the next one may run. */
  runCallback(): void {
    this.resume();
  }

  /** Runs what waits and may run. A loop: a handler that ends at once releases before it returns. */
  resume(): void {
    if (this.starting) return;
    this.starting = true;
    try {
      while (this.waiting !== undefined && this.isFree) {
        const call = this.waiting.values().next().value!;
        if (!this.mayBegin(call)) return;
        this.withdraw(call);
        this.running++;
        call.runHandler();
        if (!call.streamsResponses || this.waiting === undefined) continue;
        return this.owner.beginnings.enqueue(this);
      }
    } finally {
      this.starting = false;
    }
  }

  /** Whether it is the turn of `call`, which then begins; else the slots are resumed when it is. */
  private mayBegin(call: WaitingCall): boolean {
    if (!call.streamsResponses || this.owner.beginnings.take()) return true;
    this.owner.beginnings.enqueue(this);
    return false;
  }

  private get isFree(): boolean {
    return this.running < this.limit && !this.owner.stalled;
  }
}
