// The TLS handshakes of one server that are under way: how many there may be, and that one begins in a turn.
//
// A handshake takes a hundred times as long as a call, and a client that floods pays nothing for it: its hello may be a
// recorded one. So connections that are made have their turns in between, and what handshakes hold is bounded.

import type { EventEngine } from "../../pollers/contract/engine.ts";

/** With one more the oldest is given up: whoever makes its handshake at once is not the oldest of so many. */
export const MOST_HANDSHAKES = 1_000;

/** One of them. */
export interface HandshakeUnderWay {
  /** Gives it up; its owner gets the reason. */
  refuse(reason: string): void;
  /** The same, for no fault of the client's. */
  cancel(): void;
}

/** See the head of this file. */
export class Handshakes {
  private readonly underWay = new Set<HandshakeUnderWay>();
  /** Beginnings that wait for another turn, of those that are under way. */
  private readonly waiting = new Map<HandshakeUnderWay, () => void>();
  /** One has begun in this turn; another one follows. */
  private hasBegun = false;
  private readonly onTurn = (): void => this.turn();

  /** None yet. */
  constructor(private readonly engine: EventEngine) {}

  /** How many are under way. */
  get size(): number {
    return this.underWay.size;
  }

  /** One more; the oldest is given up where there are too many. */
  add(one: HandshakeUnderWay): void {
    this.underWay.add(one);
    if (this.underWay.size <= MOST_HANDSHAKES) return;
    const [oldest] = this.underWay;
    oldest!.refuse(`${MOST_HANDSHAKES} handshakes are under way, and this is the oldest`);
  }

  /** It is over, and begins no more where it did not yet. */
  delete(one: HandshakeUnderWay): void {
    this.underWay.delete(one);
    this.waiting.delete(one);
  }

  /** Gives all of them up. */
  cancelAll(): void {
    for (const one of [...this.underWay]) one.cancel();
  }

  /** Runs `begin` of `one`, which costs what a handshake does: now, or in a later turn. */
  begin(one: HandshakeUnderWay, begin: () => void): void {
    if (this.hasBegun) return void this.waiting.set(one, begin);
    this.hasBegun = true;
    this.engine.run(this.onTurn);
    begin();
  }

  /** One more begins, where one waits. */
  private turn(): void {
    const [next] = this.waiting;
    this.hasBegun = next !== undefined;
    if (next === undefined) return;
    const [one, begin] = next;
    this.waiting.delete(one);
    this.engine.run(this.onTurn);
    begin();
  }
}
