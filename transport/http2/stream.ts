// One stream's state (RFC 9113, section 5.1), windows and send queue: a plain record its connection works on.
//
//            open() / HEADERS received
//   idle ───────────────────────────────▶ open ──┬─ END_STREAM sent ─────▶ half-closed (local)  ─┐
//                                                └─ END_STREAM received ─▶ half-closed (remote) ─┤
//                                                                                                ▼
//                              RST_STREAM sent or received, from any state ─────────────────▶ closed
//
// The four live states are two bits, `localClosed` and `remoteClosed`; idle streams have no record, and closed
// ones keep only their number (see `streams.ts`).

import type { HeaderList } from "../hpack/header_list.ts";
import { QUEUE_HIGH_WATER_BYTES } from "./limits.ts";
import type { StreamSink } from "./sink.ts";

/** A stream as its connection keeps it. Only the connection writes to it. */
export class Stream {
  /** Hears of the stream; set when it is opened. */
  sink!: StreamSink;
  /** We sent END_STREAM, or it is queued. */
  localClosed = false;
  /** The peer sent END_STREAM. */
  remoteClosed = false;
  /** Closed for both sides, reset included: the sink has had its last call. */
  closed = false;
  /** The request or response header section came. */
  headersReceived = false;
  /** We sent a header section. */
  headersSent = false;
  /** What the peer lets us send, in octets; negative after it shrank its initial window (section 6.9.2). */
  sendWindow: number;
  /** What the peer may still send, in octets. */
  receiveWindow: number;
  /** Octets handed up and not yet released by the application. */
  unreleased = 0;
  /** Octets released and not yet announced by WINDOW_UPDATE. */
  unannounced = 0;
  /** Octets by which the receive window has grown beyond the initial one. */
  windowGrowth = 0;
  /** Octets that the application has to read before the receive window grows again. */
  untilGrowth: number;
  /** When it last read a quarter of the window, in whole milliseconds; 0 before the first one. */
  quarterAt = 0;
  /** Octets that content-length still promises; -1 where there is none (section 8.1.1). */
  contentLeft = -1;
  /** DATA waiting for window or turn. */
  readonly queue: Uint8Array[] = [];
  /** Octets already framed of `queue[0]`. */
  queueOffset = 0;
  /** The last piece of the queue is a block of ours that small messages are joined into, filled up to here. */
  joinLength = 0;
  /** DATA octets waiting. */
  queuedBytes = 0;
  /** END_STREAM follows the queue. */
  endQueued = false;
  /** Trailers that follow the queue. */
  queuedTrailers: HeaderList | undefined = undefined;
  /** Fields of the same trailer section that differ from call to call. */
  queuedTrailersExtra: HeaderList | undefined = undefined;
  /** Stands in the connection's round. */
  inRound = false;
  /** The producer was told to wait and has not been told to go on. */
  waitingForWritable = false;

  /** A stream numbered `id` with the initial windows of both sides. */
  constructor(readonly id: number, sendWindow: number, receiveWindow: number) {
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.untilGrowth = receiveWindow >> 2;
  }

  /** Whether a producer should wait for `onWritable`. */
  get writeBlocked(): boolean {
    return this.queuedBytes > QUEUE_HIGH_WATER_BYTES;
  }

  /** Something waits behind flow control: data, END_STREAM or trailers. */
  get hasQueued(): boolean {
    return this.queue.length > 0 || this.endQueued;
  }
}
