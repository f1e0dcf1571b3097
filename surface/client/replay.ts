// What a call has sent, kept until the server has answered: if it certainly did not process the call, the call is made
// again ("transparent retry", gRFC A6), and a call with a retry or hedging policy is sent by each of its attempts.

import type { ClientStream } from "../../transport/mod.ts";
import type { KeptRequests, RequestBlock } from "./kept_requests.ts";

/** Octets that are kept of one call; beyond them it cannot be made again. As much as gRPC's core keeps. */
const REPLAY_BYTES = 262_144;

/** The requests of one call, in their order. Almost all have one, which needs no list. */
export class Replay {
  declare private first: Uint8Array | undefined;
  declare private others: Uint8Array[] | undefined;
  declare private bytes: number;
  /** The last message, or nothing more, follows. */
  declare private closed: "no" | "with the last message" | "after it";
  /** Who counts; undefined where nobody does. */
  declare private kept: KeptRequests | undefined;
  /** Where the one message is kept; undefined where it is `first`. */
  declare private block: RequestBlock | undefined;
  declare private start: number;
  /** The memory of the first message was copied out. */
  declare isFirstSent: boolean;

  constructor() {
    this.first = undefined;
    this.others = undefined;
    this.bytes = 0;
    this.closed = "no";
    this.kept = undefined;
    this.block = undefined;
    this.start = 0;
    this.isFirstSent = false;
  }

  /** Whether there is more than is kept of a call that has a stream. */
  get isFull(): boolean {
    return this.bytes > REPLAY_BYTES || (this.kept !== undefined && this.kept.isFull);
  }

  /** Octets that are kept. */
  get byteLength(): number {
    return this.bytes;
  }

  /** Those of a call whose requests are a stream. */
  get messages(): readonly Uint8Array[] {
    return this.first === undefined ? [] : [this.first, ...this.others ?? []];
  }

  /** Adds a message. `last`: nothing follows. */
  add(framed: Uint8Array, last: boolean): void {
    if (this.first === undefined) this.first = framed;
    else (this.others ??= []).push(framed);
    this.bytes += framed.length;
    if (this.kept !== undefined) this.kept.bytes += framed.length;
    if (last) this.closed = "with the last message";
  }

  /** Adds the one message of a call, and counts it in `kept`. True: it is copied, so that its memory is the caller's again. */
  addOnly(framed: Uint8Array, kept: KeptRequests): boolean {
    this.kept = kept;
    this.closed = "with the last message";
    this.isFirstSent = false;
    const { length } = framed;
    this.bytes = length;
    kept.bytes += length;
    const block = this.block = kept.copy(framed);
    if (block === undefined) this.first = framed;
    else this.start = block.end - length;
    return block !== undefined;
  }

  /** Nothing more will be sent. */
  halfClose(): void {
    this.closed = "after it";
  }

  /** Counts in `kept` from now on, until {@linkcode drop}. */
  countIn(kept: KeptRequests): void {
    if (this.kept === kept) return;
    this.kept = kept;
    kept.bytes += this.bytes;
  }

  /** Nothing is kept any more. The one message there was, where its memory is free again. */
  drop(): Uint8Array | undefined {
    const { kept, block, first } = this;
    if (kept !== undefined) kept.bytes -= this.bytes;
    if (block !== undefined) kept!.release(block);
    this.kept = this.block = this.first = undefined;
    return this.isFirstSent && this.others === undefined ? first : undefined;
  }

  /** Sends all of it on `stream`. */
  sendOn(stream: ClientStream): void {
    const { others, closed, block, start } = this;
    // A copy: the stream may keep it, and what is in a block is not its for good.
    const first = block === undefined ? this.first : block.bytes.slice(start, start + this.bytes);
    const endsWithLast = closed === "with the last message";
    if (first !== undefined) {
      this.isFirstSent = stream.sendMessage(first, endsWithLast && others === undefined);
    }
    if (others !== undefined) {
      const last = endsWithLast ? others.length - 1 : -1;
      for (let i = 0; i < others.length; i++) stream.sendMessage(others[i]!, i === last);
    }
    if (closed === "after it") stream.halfClose();
  }
}
