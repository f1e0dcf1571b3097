// Flow control of what we receive (RFC 9113, sections 5.2 and 6.9): every change of a receive window is made here.
//
// The connection's window goes back to the peer on receipt, whatever applications read: it bounds what is on its way,
// and no stream can use it up for the others. What an application leaves unread is bounded by the window of its
// stream alone. It is announced a quarter at a time, as it is read: of a window that is announced in halves a sender of
// messages that do not divide it gets little more than half in a round trip.
//
// A stream's window starts small and grows while the stream is read:
//
//   - by WINDOW_UPDATE and never by a later SETTINGS_INITIAL_WINDOW_SIZE, which some peers apply wrongly and then hang
//     (Bun's node:http2, oven-sh/bun#30342);
//   - twofold for each quarter that the application has read so fast that the window may be what limits the stream, up
//     to what the path holds (`bdp_estimator.ts`), which is measured only once a window has grown that far;
//   - or by what is left of a message that it does not let in, for that message is put together whoever reads;
//   - by no more than half of what is left of the connection's `windowGrowthSize`, so that one stream leaves room for
//     the next. Growth goes back to the connection when its stream closes.

import type { Instant } from "../../pollers/contract/engine.ts";
import { BdpEstimator } from "./bdp_estimator.ts";
import { writeWindowUpdate } from "./frame_writer.ts";
import { INITIAL_WINDOW_BYTES, UNMEASURED_WINDOW_BYTES, WINDOW_GROWTH_PACE_MS } from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { PingPurpose, type Pings } from "./ping.ts";
import type { LocalSettings } from "./settings.ts";
import type { ConnectionSink } from "./sink.ts";
import type { Stream } from "./stream.ts";
import type { Streams } from "./streams.ts";

/** The receive windows of one connection and of its streams. */
export class ReceiveWindows {
  /** What the peer may still send on the connection, in octets. */
  connectionWindow = INITIAL_WINDOW_BYTES;
  /** The window of a stream that has not grown; the setting counts from its acknowledgement on. */
  initialStreamWindow: number;
  /** Octets by which the windows of open streams have grown. */
  grown = 0;
  /** Octets of the connection's window that came and were not announced again. */
  private unannounced = 0;
  private readonly announceAt: number;
  /** What a stream's window may grow to. */
  private streamTarget: number;
  private readonly bdp: BdpEstimator;

  /** `sink`, `out` and `pings` are the connection's. */
  constructor(
    private readonly settings: LocalSettings,
    private readonly sink: ConnectionSink,
    private readonly out: OutputBuffer,
    private readonly pings: Pings,
  ) {
    const { initialWindowSize, maxWindowSize, connectionWindowSize } = settings;
    // Until it has acknowledged a smaller window the peer may use the protocol's initial one (section 6.9.2).
    this.initialStreamWindow = Math.max(INITIAL_WINDOW_BYTES, initialWindowSize);
    this.announceAt = connectionWindowSize >> 1;
    const estimate = Math.max(initialWindowSize, UNMEASURED_WINDOW_BYTES);
    this.streamTarget = Math.min(estimate, maxWindowSize);
    this.bdp = new BdpEstimator(estimate);
  }

  /** Announces the connection's window, which no setting can (section 6.9.2). */
  start(): void {
    const more = this.settings.connectionWindowSize - INITIAL_WINDOW_BYTES;
    if (more === 0) return;
    writeWindowUpdate(this.out, 0, more);
    this.connectionWindow += more;
  }

  /** A DATA frame of `bytes` comes, padding included; false where the connection's window does not let it in. */
  receive(bytes: number): boolean {
    if (bytes > this.connectionWindow) return false;
    this.connectionWindow -= bytes;
    this.bdp.arrived += bytes;
    this.unannounced += bytes;
    if (this.isDue) this.sink.onOutput();
    return true;
  }

  /** Half of the connection's window came: {@linkcode announceConnection} with the next output, and not before it. */
  get isDue(): boolean {
    return this.unannounced >= this.announceAt;
  }

  /** Lets the peer send on the connection again what came. */
  announceConnection(): void {
    writeWindowUpdate(this.out, 0, this.unannounced);
    this.connectionWindow += this.unannounced;
    this.unannounced = 0;
  }

  /** The same frame on its stream; false where the stream's window does not let it in. */
  receiveOn(stream: Stream, bytes: number): boolean {
    if (bytes > stream.receiveWindow) return false;
    stream.receiveWindow -= bytes;
    stream.unreleased += bytes;
    return true;
  }

  /**
   * Octets that {@linkcode receiveOn} let in were consumed, a quarter of the window is announced at a time. `read`:
   * octets that the application has taken, now or of what was consumed ahead of it; the window grows by these alone.
   * `expected`: octets it needs next, the rest of a message, which are announced at once where the window would not let
   * them in. `last`: none are wanted after them, so nothing else is announced.
   */
  release(
    stream: Stream,
    bytes: number,
    read: number,
    expected: number,
    last: boolean,
    now: Instant,
  ): void {
    stream.unreleased -= bytes;
    stream.unannounced += bytes;
    if (stream.remoteClosed) return;
    // What was let in and is not consumed yet is the beginning of what is expected.
    const isNeeded = expected >= stream.receiveWindow + stream.unreleased;
    if (!last) stream.untilGrowth -= read;
    else if (!isNeeded) return;
    const window = this.initialStreamWindow + stream.windowGrowth;
    const isDue = stream.unannounced >= window >> 2;
    if (isDue || isNeeded || stream.untilGrowth <= 0) {
      this.announce(stream, window, isNeeded ? expected : 0, isDue, now);
    }
  }

  /** `stream` is closed: its growth is free for others. */
  close(stream: Stream): void {
    this.grown -= stream.windowGrowth;
  }

  /** From here on the peer keeps to the setting, on open streams too (section 6.9.2). */
  settingsAcknowledged(streams: Streams, now: Instant): void {
    const change = this.settings.initialWindowSize - this.initialStreamWindow;
    if (change === 0) return;
    this.initialStreamWindow += change;
    for (const stream of streams.all()) {
      stream.receiveWindow += change;
      this.release(stream, 0, 0, 0, false, now); // enough of the new window, perhaps
    }
  }

  /** The PING that measures the path was answered. */
  measured(now: Instant): void {
    if (this.bdp.end(now)) this.streamTarget = Math.min(this.bdp.estimate, this.settings.maxWindowSize);
  }

  private announce(stream: Stream, window: number, needed: number, isDue: boolean, now: Instant): void {
    const growth = this.growthOf(stream, window, needed, now);
    if (!isDue && growth < window >> 1) return; // too little to be worth a frame before its time
    stream.windowGrowth += growth;
    this.grown += growth;
    const increment = stream.unannounced + growth;
    if (increment === 0) return;
    writeWindowUpdate(this.out, stream.id, increment);
    stream.receiveWindow += increment;
    stream.unannounced = 0;
    this.sink.onOutput();
  }

  /** What a window grows by, for what was read of it or is needed, as far as the bounds allow. */
  private growthOf(stream: Stream, window: number, needed: number, now: Instant): number {
    const { maxWindowSize, windowGrowthSize } = this.settings;
    const growth = Math.max(
      stream.untilGrowth <= 0 ? this.growthByReading(stream, window, now) : 0,
      needed > 0 ? Math.min(needed, maxWindowSize - window) : 0,
    );
    const { streamTarget } = this;
    if (window + growth >= streamTarget && streamTarget < maxWindowSize) this.probe(now);
    return Math.min(growth, (windowGrowthSize - this.grown) >> 1);
  }

  /** The window doubles for each quarter of it that was read, while that may be what limits the stream. */
  private growthByReading(stream: Stream, window: number, now: Instant): number {
    const mayBeLimited = stream.quarterAt === 0 || now - stream.quarterAt <= WINDOW_GROWTH_PACE_MS;
    stream.quarterAt = Math.floor(now);
    let grown = window;
    while (mayBeLimited && grown < this.streamTarget && stream.untilGrowth <= 0) {
      grown = Math.min(Math.max(1, 2 * grown), this.streamTarget);
      stream.untilGrowth += grown >> 2;
    }
    if (stream.untilGrowth <= 0) stream.untilGrowth = grown >> 2;
    return grown - window;
  }

  private probe(now: Instant): void {
    if (!this.bdp.wantsProbe(now)) return;
    this.bdp.begin(now);
    this.pings.send(PingPurpose.BDP);
    this.sink.onOutput(); // at once, for the time until its answer counts
  }
}
