// Who wants to know when what a stream has sent so far is written: gRPC's GRPC_WRITE_THROUGH.
//
// Octets of a stream wait for flow control, are framed, taken from the connection and written by its owner. A notice
// follows them: it waits while the stream has octets that are queued, and is called when the output is written in which
// the last of them are. A stream that is reset has none any more; its owner knows that by its end.

import type { Stream } from "./stream.ts";
import type { StreamQueue } from "./stream_queue.ts";

/** `ok`: it is written. False: the connection ended before. */
export type OnWritten = (ok: boolean) => void;

/** The notices of one connection. Output costs the same however many streams wait. */
export class WriteNotices {
  /** Those that wait for what is queued. */
  private readonly queued = new Map<StreamQueue, OnWritten[]>();
  /** Those whose last octets are in the output. */
  private due: OnWritten[] = [];
  private taken: OnWritten[] = [];

  /** `onWritten` is called once, when what `stream` has sent until now is written. */
  add({ queue, queuedBytes }: Stream, onWritten: OnWritten): void {
    const notices = queuedBytes > 0 ? this.queued.get(queue!) ?? this.follow(queue!) : this.due;
    notices.push(onWritten);
  }

  /** The same, where all of it is being written already. */
  addToTaken(onWritten: OnWritten): void {
    this.taken.push(onWritten);
  }

  /** Output was taken to be written. */
  outputTaken(): void {
    if (this.due.length > 0) this.taken = this.taken.concat(this.due.splice(0));
  }

  /** The output that was taken is written. */
  outputWritten(): void {
    if (this.taken.length === 0) return;
    for (const onWritten of this.taken.splice(0)) onWritten(true);
  }

  /** Nothing more is written. */
  outputLost(): void {
    const lost = [...this.taken.splice(0), ...this.due.splice(0)];
    for (const notices of this.queued.values()) lost.push(...notices.splice(0));
    for (const onWritten of lost) onWritten(false);
  }

  /** A list of notices for when `queue` is empty. */
  private follow(queue: StreamQueue): OnWritten[] {
    const notices: OnWritten[] = [];
    this.queued.set(queue, notices);
    queue.onEmpty = () => {
      queue.onEmpty = undefined;
      this.queued.delete(queue);
      for (const onWritten of notices.splice(0)) this.due.push(onWritten);
    };
    return notices;
  }
}
