// What a call with streamed requests has sent, kept until the server has answered: if it certainly did not process the
// call, the call is made again ("transparent retry", gRFC A6).

import type { ClientStream } from "../../transport/mod.ts";

/** Octets that are kept of one call; beyond them it cannot be made again. As much as gRPC's core keeps. */
const REPLAY_BYTES = 262_144;

/** The requests of one call, in their order. */
export class Replay {
  private readonly messages: Uint8Array[] = [];
  private bytes = 0;
  /** The last message, or nothing more, follows. */
  private closed: "no" | "with the last message" | "after it" = "no";

  /** Whether there is more than is kept of a call that has a stream. */
  get isFull(): boolean {
    return this.bytes > REPLAY_BYTES;
  }

  /** Adds a message. `last`: nothing follows. */
  add(framed: Uint8Array, last: boolean): void {
    this.messages.push(framed);
    this.bytes += framed.length;
    if (last) this.closed = "with the last message";
  }

  /** Nothing more will be sent. */
  halfClose(): void {
    this.closed = "after it";
  }

  /** Sends all of it on `stream`. */
  sendOn(stream: ClientStream): void {
    const { messages, closed } = this;
    const last = closed === "with the last message" ? messages.length - 1 : -1;
    for (let i = 0; i < messages.length; i++) stream.sendMessage(messages[i]!, i === last);
    if (closed === "after it") stream.halfClose();
  }
}
