// Who waits for what a call has sent to be in the socket (gRPC's GRPC_WRITE_THROUGH), while the call may go from one stream
// to another: each stream that it has is asked, and the first that has written everything answers.

import type { ClientStream } from "../../transport/mod.ts";

/** Whose streams are asked. */
export interface Sender {
  /** Whether `stream` is one of its streams still. */
  sendsOn(stream: ClientStream): boolean;
}

/** Those who wait, of one call. */
export class Unwritten {
  private readonly waiting: Array<(ok: true) => void> = [];

  constructor(private readonly sender: Sender) {}

  /** `onWritten` is called once, when one of the streams has written what was sent; `streams` are those it was sent on. */
  add(onWritten: (ok: true) => void, streams: ReadonlyArray<ClientStream | undefined>): void {
    this.waiting.push(onWritten);
    for (const stream of streams) if (stream !== undefined) this.askFor(onWritten, stream);
  }

  /** Everything that was sent was sent on `stream` too. */
  ask(stream: ClientStream): void {
    for (const onWritten of this.waiting) this.askFor(onWritten, stream);
  }

  private askFor(onWritten: (ok: true) => void, stream: ClientStream): void {
    stream.whenWritten((ok) => {
      const at = ok && this.sender.sendsOn(stream) ? this.waiting.indexOf(onWritten) : -1;
      if (at < 0) return;
      this.waiting.splice(at, 1);
      onWritten(true);
    });
  }
}
