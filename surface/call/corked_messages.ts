// Messages that are held back because their writer said that more follow soon: gRPC's GRPC_WRITE_BUFFER_HINT, and corked
// writes of reactors.

/** Octets that are held back at most: as much as a stream queues before it makes its writer wait. */
const CORKED_BYTES = 65_536;

/** Encoded messages that wait for the one that is not corked. */
export class CorkedMessages {
  private messages: Uint8Array[] = [];
  private bytes = 0;

  /** Holds `framed` back; false where that is too much, and everything is to be sent. */
  add(framed: Uint8Array): boolean {
    this.messages.push(framed);
    this.bytes += framed.length;
    return this.bytes <= CORKED_BYTES;
  }

  /** Everything that was held back, which then is no longer. */
  take(): Uint8Array[] {
    const { messages } = this;
    this.messages = [];
    this.bytes = 0;
    return messages;
  }
}
