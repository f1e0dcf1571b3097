// Who wants to know when what a stream has sent so far is written: gRPC's GRPC_WRITE_THROUGH.
//
// Octets of a stream wait for flow control, are framed, taken from the connection and written by its owner. A notice
// follows them: it waits while the stream has octets that are queued, and is called when the output is written in which
// the last of them are. A stream that is reset has none any more; its owner knows that by its end.

import type { Stream } from "./stream.ts";

/** `ok`: it is written. False: the connection ended before. */
export type OnWritten = (ok: boolean) => void;

/** The notices of one connection. */
export class WriteNotices {
  private queued: Array<{ readonly stream: Stream; readonly onWritten: OnWritten }> = [];
  private taken: OnWritten[] = [];

  /** `onWritten` is called once, when what `stream` has sent until now is written. */
  add(stream: Stream, onWritten: OnWritten): void {
    this.queued.push({ stream, onWritten });
  }

  /** The same, where all of it is being written already. */
  addToTaken(onWritten: OnWritten): void {
    this.taken.push(onWritten);
  }

  /** Output was taken to be written. */
  outputTaken(): void {
    const { queued } = this;
    if (queued.length === 0) return;
    this.queued = queued.filter(({ stream }) => stream.queuedBytes > 0);
    for (const { stream, onWritten } of queued) if (stream.queuedBytes === 0) this.taken.push(onWritten);
  }

  /** The output that was taken is written. */
  outputWritten(): void {
    if (this.taken.length === 0) return;
    for (const onWritten of this.taken.splice(0)) onWritten(true);
  }

  /** Nothing more is written. */
  outputLost(): void {
    const lost = [...this.taken.splice(0), ...this.queued.splice(0).map(({ onWritten }) => onWritten)];
    for (const onWritten of lost) onWritten(false);
  }
}
