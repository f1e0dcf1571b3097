// The producers of a server's streams, as far as one connection makes them wait for each other: its clients read what they
// like, and what is made for those that do not read fills memory.

import { BACKLOG_BYTES, STALLED_STREAMS } from "./limits.ts";
import type { SendQueue } from "./send_queue.ts";
import type { ConnectionSink } from "./sink.ts";
import type { Stream } from "./stream.ts";

/** Those of one connection. */
export class Producers {
  private unstallAwaited = false;
  /** Streams whose producers wait, though nothing of theirs may, until the connection is stalled no more. */
  private heldBack: Set<Stream> | undefined = undefined;

  /** `queue` has what waits; `sink` hears when that is over. */
  constructor(private readonly queue: SendQueue, private readonly sink: ConnectionSink) {}

  /**
   * Whether several streams wait for what all of them share: the peer's window for the connection is used up, or it does
   * not read what was written. The sink's `onUnstalled` is called when that is over, if this was asked.
   */
  get stalled(): boolean {
    if (this.queue.waitingStreams < STALLED_STREAMS) return false;
    this.unstallAwaited = true;
    return true;
  }

  /**
   * Whether the producer of `stream` should wait for `onWritable`: because of what waits on it, of which the less is let in
   * the more waits on all streams together; or because the connection is stalled, when more would only wait as well. In that
   * case {@linkcode resume} is to be called.
   */
  writeBlocked(stream: Stream): boolean {
    const { queue } = stream;
    if (queue !== undefined && queue.bytes > 0 && this.queue.bytes > BACKLOG_BYTES) {
      queue.producerWaits = true;
      return true;
    }
    if (stream.writeBlocked) return true;
    if (!this.stalled) return false;
    (this.heldBack ??= new Set()).add(stream);
    return true;
  }

  /**
   * `onUnstalled` was called: some of the producers that wait for that alone may go on. True where others are to be resumed
   * when these have sent something.
   */
  resume(): boolean {
    const { heldBack } = this;
    if (heldBack === undefined) return false;
    let resumed = 0;
    for (const stream of heldBack) {
      if (resumed === STALLED_STREAMS || this.stalled) break;
      heldBack.delete(stream);
      if (stream.closed || stream.writeBlocked) continue;
      resumed++;
      stream.sink.onWritable(stream);
    }
    if (heldBack.size === 0) this.heldBack = undefined;
    return heldBack.size > 0 && !this.stalled;
  }

  /** Output was taken. */
  transmitted(): void {
    if (!this.unstallAwaited || this.stalled) return;
    this.unstallAwaited = false;
    this.sink.onUnstalled?.();
  }
}
