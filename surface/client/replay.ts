// What a call has sent, kept until the server has answered: if it certainly did not process the call, the call is made
// again ("transparent retry", gRFC A6), and a call with a retry or hedging policy is sent by each of its attempts.

import type { ClientStream } from "../../transport/mod.ts";

/** Octets that are kept of one call; beyond them it cannot be made again. As much as gRPC's core keeps. */
export const REPLAY_BYTES = 262_144;

/** What all calls of a channel that have a policy keep together, so that many of them cannot fill the memory. */
export class ReplayBudget {
  /** Octets that are kept now. */
  used = 0;

  /** `mostBytes`: a call that would go beyond them is not made again. */
  constructor(readonly mostBytes: number) {}
}

/** The requests of one call, in their order. Almost all have one, which needs no list. */
export class Replay {
  declare private first: Uint8Array | undefined;
  declare private others: Uint8Array[] | undefined;
  declare private bytes: number;
  /** The last message, or nothing more, follows. */
  declare private closed: "no" | "with the last message" | "after it";
  /** Undefined where nobody counts. */
  declare private budget: ReplayBudget | undefined;

  constructor() {
    this.first = undefined;
    this.others = undefined;
    this.bytes = 0;
    this.closed = "no";
    this.budget = undefined;
  }

  /** Whether there is more than is kept of a call that has a stream. */
  get isFull(): boolean {
    const { budget } = this;
    return this.bytes > REPLAY_BYTES || (budget !== undefined && budget.used > budget.mostBytes);
  }

  /** Adds a message. `last`: nothing follows. */
  add(framed: Uint8Array, last: boolean): void {
    if (this.first === undefined) this.first = framed;
    else (this.others ??= []).push(framed);
    this.bytes += framed.length;
    if (this.budget !== undefined) this.budget.used += framed.length;
    if (last) this.closed = "with the last message";
  }

  /** Nothing more will be sent. */
  halfClose(): void {
    this.closed = "after it";
  }

  /** Counts in `budget` from now on, until {@linkcode drop}. */
  countIn(budget: ReplayBudget): void {
    this.budget = budget;
    budget.used += this.bytes;
  }

  /** Nothing is kept any more. The one message there was, undefined where there were others. */
  drop(): Uint8Array | undefined {
    if (this.budget !== undefined) this.budget.used -= this.bytes;
    this.budget = undefined;
    return this.others === undefined ? this.first : undefined;
  }

  /** Sends all of it on `stream`. True: the memory of the first message was copied out. */
  sendOn(stream: ClientStream): boolean {
    const { first, others, closed } = this;
    const endsWithLast = closed === "with the last message";
    const copied = first !== undefined && stream.sendMessage(first, endsWithLast && others === undefined);
    if (others !== undefined) {
      const last = endsWithLast ? others.length - 1 : -1;
      for (let i = 0; i < others.length; i++) stream.sendMessage(others[i]!, i === last);
    }
    if (closed === "after it") stream.halfClose();
    return copied;
  }
}
