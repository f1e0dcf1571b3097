// Flow control (RFC 9113, sections 5.2 and 6.9): windows of both directions, and every change of one is made here.
//
// The connection's receive window goes back to the peer on receipt, whatever applications read: it bounds what is on
// its way, and no stream can use it up for the others. What an application leaves unread is bounded by the window of
// its stream alone. That is announced a quarter at a time, as it is read: of a window that is announced in halves a
// sender of messages that do not divide it gets little more than half in a round trip.
//
// A stream's receive window starts small and grows while the stream is read:
//
//   - by WINDOW_UPDATE and never by a later SETTINGS_INITIAL_WINDOW_SIZE, which some peers apply wrongly and then hang
//     (Bun's node:http2, oven-sh/bun#30342);
//   - twofold for each quarter that the application has read so fast that the window may be what limits the stream, up
//     to what the path holds (`bdp_estimator.ts`), which is measured only once a window has grown that far;
//   - or by what is left of a message that it does not let in, for that message is put together whether it is read or not;
//   - by no more than half of what is left of the connection's `windowGrowthSize`, so that one stream leaves room for
//     the next. Growth goes back to the connection when its stream closes.

import type { Instant } from "../../pollers/contract/engine.ts";
import { BdpEstimator } from "./bdp_estimator.ts";
import { connectionError, ErrorCode, type Http2Error, streamError } from "./error.ts";
import { writeWindowUpdate } from "./frame_writer.ts";
import {
  INITIAL_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  UNMEASURED_WINDOW_BYTES,
  WINDOW_GROWTH_PACE_MS,
} from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { PingPurpose, type Pings } from "./ping.ts";
import type { LocalSettings } from "./settings.ts";

/** What one side lets the other send, in octets; negative after SETTINGS made it smaller than what was sent. */
export class Window {
  /** `octets` is the initial size. */
  constructor(private octets: number) {}

  /** Octets of DATA that may still be sent. */
  get available(): number {
    return this.octets;
  }

  /** DATA of `bytes`, padding included, was sent. */
  take(bytes: number): void {
    this.octets -= bytes;
  }

  /**
   * WINDOW_UPDATE (section 6.9.1), or the change of the initial size by SETTINGS, which may be negative
   * (section 6.9.2); false where the window is now above 2^31-1.
   */
  add(octets: number): boolean {
    this.octets += octets;
    return this.octets <= MAX_WINDOW_BYTES;
  }
}

/** What we let the peer send on one stream. Each octet is on its way, unreleased, unclaimed, or available. */
export class ReceiveWindow {
  /** Octets of DATA that the peer may still send; negative after SETTINGS of ours made it smaller. */
  available: number;
  /** Octets handed up and not yet released by the application. */
  unreleased = 0;
  /** Octets released and not yet announced by WINDOW_UPDATE. */
  unclaimed = 0;
  /** Octets by which the window has grown beyond the initial size. */
  growth = 0;
  /** Octets that the application has to read before the window grows again. */
  private untilGrowth: number;
  /** When it last read a quarter of the window, in whole milliseconds; 0 before the first one. */
  private quarterAt = 0;

  /** `octets` is the initial size. */
  constructor(octets: number) {
    this.available = octets;
    this.untilGrowth = octets >> 2;
  }

  /** DATA of `bytes`, padding included, comes; false where the window does not let it in. */
  receive(bytes: number): boolean {
    if (bytes > this.available) return false;
    this.available -= bytes;
    this.unreleased += bytes;
    return true;
  }

  /** The application is through with `bytes` of what came. */
  release(bytes: number): void {
    this.unreleased -= bytes;
    this.unclaimed += bytes;
  }

  /** The application has read `bytes` of a stream of which it wants more. */
  read(bytes: number): void {
    this.untilGrowth -= bytes;
  }

  /** Whether the application has read what lets the window grow. */
  get mayGrow(): boolean {
    return this.untilGrowth <= 0;
  }

  /** WINDOW_UPDATE returns what was released, and `growth` beside it. Returns the increment. */
  announce(growth: number): number {
    const increment = this.unclaimed + growth;
    this.growth += growth;
    this.available += increment;
    this.unclaimed = 0;
    return increment;
  }

  /** SETTINGS of ours changed the initial size (section 6.9.2). */
  adjust(change: number): void {
    this.available += change;
  }

  /**
   * A quarter of `size`, the window's whole, was read. Returns by how much it grows: it doubles for each quarter, up to
   * `target`, while it may be what limits the stream.
   */
  growByReading(size: number, target: number, now: Instant): number {
    const mayBeLimited = this.quarterAt === 0 || now - this.quarterAt <= WINDOW_GROWTH_PACE_MS;
    this.quarterAt = Math.floor(now);
    let grown = size;
    while (mayBeLimited && grown < target && this.untilGrowth <= 0) {
      grown = Math.min(Math.max(1, 2 * grown), target);
      this.untilGrowth += grown >> 2;
    }
    if (this.untilGrowth <= 0) this.untilGrowth = grown >> 2;
    return grown - size;
  }
}

/** What flow control needs to know of a stream. */
export interface WindowedStream {
  /** Its identifier. */
  readonly id: number;
  /** The peer sent END_STREAM. */
  readonly remoteClosed: boolean;
  /** What the peer lets us send on it. */
  readonly sendWindow: Window;
  /** What we let the peer send on it. */
  readonly receiveWindow: ReceiveWindow;
}

/** The windows of one connection, and the rules for those of its streams. */
export class FlowControl {
  /** What the peer lets us send on the connection. */
  readonly sendWindow = new Window(INITIAL_WINDOW_BYTES);
  /** DATA frames that were sent, about: each lets the peer send two WINDOW_UPDATEs. */
  framesSent = 0;
  /** What the peer may still send on the connection, in octets. */
  connectionWindow = INITIAL_WINDOW_BYTES;
  /** The receive window of a stream that has not grown; the setting counts from its acknowledgement on. */
  initialStreamWindow: number;
  /** Octets by which the receive windows of open streams have grown. */
  grown = 0;
  /** Octets of the connection's receive window that came and were not announced again. */
  private unclaimed = 0;
  private readonly announceAt: number;
  /** What a stream's receive window may grow to. */
  private streamTarget: number;
  /** Octets of DATA since the path was measured last. */
  private arrived = 0;
  /** Made with the first measurement. */
  private bdp: BdpEstimator | undefined = undefined;

  /** WINDOW_UPDATE is written to `out`; `pings` measure the path. */
  constructor(
    private readonly settings: LocalSettings,
    private readonly out: OutputBuffer,
    private readonly pings: Pings,
  ) {
    const { initialWindowSize, maxWindowSize, connectionWindowSize } = settings;
    // Until it has acknowledged a smaller window the peer may use the protocol's initial one (section 6.9.2).
    this.initialStreamWindow = Math.max(INITIAL_WINDOW_BYTES, initialWindowSize);
    this.announceAt = connectionWindowSize >> 1;
    this.streamTarget = Math.min(unmeasured(settings), maxWindowSize);
  }

  /** Announces the connection's receive window, which no setting can (section 6.9.2). */
  start(): void {
    const more = this.settings.connectionWindowSize - INITIAL_WINDOW_BYTES;
    if (more === 0) return;
    writeWindowUpdate(this.out, 0, more);
    this.connectionWindow += more;
  }

  // What we send.

  /** Octets of DATA that may go out on `stream` now. */
  sendable(stream: WindowedStream): number {
    return Math.min(stream.sendWindow.available, this.sendWindow.available);
  }

  /** DATA of `bytes` goes out on `stream`. */
  send(stream: WindowedStream, bytes: number): void {
    stream.sendWindow.take(bytes);
    this.sendWindow.take(bytes);
    this.framesSent += 1 + (bytes >> 14);
  }

  /** WINDOW_UPDATE (section 6.9.1) on `stream`, or on the connection where there is none. */
  windowUpdate(stream: WindowedStream | undefined, increment: number): Http2Error | undefined {
    if (stream === undefined) {
      if (increment === 0) {
        return connectionError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 on the connection");
      }
      if (this.sendWindow.add(increment)) return undefined;
      const reason = "WINDOW_UPDATE made the connection's window overflow";
      return connectionError(ErrorCode.FLOW_CONTROL_ERROR, reason);
    }
    if (increment === 0) return streamError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
    if (stream.sendWindow.add(increment)) return undefined;
    return streamError(ErrorCode.FLOW_CONTROL_ERROR, "WINDOW_UPDATE made the stream's window overflow");
  }

  /** The peer's SETTINGS changed the initial size of send windows by `change`, those of `streams` too (section 6.9.2). */
  initialSendWindowChanged(streams: Iterable<WindowedStream>, change: number): Http2Error | undefined {
    for (const stream of streams) {
      if (stream.sendWindow.add(change)) continue;
      const reason = `SETTINGS made the window of stream ${stream.id} overflow`;
      return connectionError(ErrorCode.FLOW_CONTROL_ERROR, reason);
    }
    return undefined;
  }

  // What we receive.

  /** A DATA frame of `bytes`, padding included, comes; the connection's error where its window does not let it in. */
  receive(bytes: number): Http2Error | undefined {
    if (bytes > this.connectionWindow) {
      const reason = `DATA of ${bytes} bytes exceeds the connection's window`;
      return connectionError(ErrorCode.FLOW_CONTROL_ERROR, reason);
    }
    this.connectionWindow -= bytes;
    this.arrived += bytes;
    this.unclaimed += bytes;
    if (this.isDue) this.out.announce();
    return undefined;
  }

  /** The same frame on its stream; the stream's error where its window does not let it in. */
  receiveOn(stream: WindowedStream, bytes: number): Http2Error | undefined {
    if (stream.receiveWindow.receive(bytes)) return undefined;
    return streamError(ErrorCode.FLOW_CONTROL_ERROR, `DATA of ${bytes} bytes exceeds the stream's window`);
  }

  /** Half of the connection's window came: {@linkcode announceConnection} with the next output, and not before it. */
  get isDue(): boolean {
    return this.unclaimed >= this.announceAt;
  }

  /** Lets the peer send on the connection again what came. */
  announceConnection(): void {
    writeWindowUpdate(this.out, 0, this.unclaimed);
    this.connectionWindow += this.unclaimed;
    this.unclaimed = 0;
  }

  /**
   * Octets that {@linkcode receiveOn} let in were consumed, a quarter of the window is announced at a time. `read`:
   * octets that the application has taken, now or of what was consumed ahead of it; the window grows by these alone.
   * `expected`: octets it needs next, the rest of a message, which are announced at once where the window would not let
   * them in. `last`: none are wanted after them, so nothing else is announced.
   */
  release(
    stream: WindowedStream,
    bytes: number,
    read: number,
    expected: number,
    last: boolean,
    now: Instant,
  ): void {
    const window = stream.receiveWindow;
    window.release(bytes);
    if (stream.remoteClosed) return;
    // What was let in and is not consumed yet is the beginning of what is expected.
    const isNeeded = expected >= window.available + window.unreleased;
    if (!last) window.read(read);
    else if (!isNeeded) return;
    const size = this.initialStreamWindow + window.growth;
    const isDue = window.unclaimed >= size >> 2;
    if (isDue || isNeeded || window.mayGrow) {
      this.announce(stream, size, isNeeded ? expected : 0, isDue, now);
    }
  }

  /** `stream` is closed: its growth is free for others. */
  close(stream: WindowedStream): void {
    this.grown -= stream.receiveWindow.growth;
  }

  /** From here on the peer keeps to our setting, on open streams too (section 6.9.2). */
  settingsAcknowledged(streams: Iterable<WindowedStream>, now: Instant): void {
    const change = this.settings.initialWindowSize - this.initialStreamWindow;
    if (change === 0) return;
    this.initialStreamWindow += change;
    for (const stream of streams) {
      stream.receiveWindow.adjust(change);
      this.release(stream, 0, 0, 0, false, now); // enough of the new window, perhaps
    }
  }

  /** The PING that measures the path was answered. */
  measured(now: Instant): void {
    const bdp = this.bdp!;
    if (bdp.end(this.arrived, now)) this.streamTarget = Math.min(bdp.estimate, this.settings.maxWindowSize);
  }

  private announce(stream: WindowedStream, size: number, needed: number, isDue: boolean, now: Instant): void {
    const growth = this.growthOf(stream.receiveWindow, size, needed, now);
    if (!isDue && growth < size >> 1) return; // too little to be worth a frame before its time
    this.grown += growth;
    const increment = stream.receiveWindow.announce(growth);
    if (increment > 0) writeWindowUpdate(this.out, stream.id, increment);
  }

  /** What a window of `size` grows by, for what was read of it or is needed, as far as the bounds allow. */
  private growthOf(window: ReceiveWindow, size: number, needed: number, now: Instant): number {
    const { streamTarget, settings: { maxWindowSize, windowGrowthSize } } = this;
    const growth = Math.max(
      window.mayGrow ? window.growByReading(size, streamTarget, now) : 0,
      needed > 0 ? Math.min(needed, maxWindowSize - size) : 0,
    );
    if (size + growth >= streamTarget && streamTarget < maxWindowSize) this.probe(now);
    return Math.min(growth, (windowGrowthSize - this.grown) >> 1);
  }

  private probe(now: Instant): void {
    const bdp = this.bdp ??= new BdpEstimator(unmeasured(this.settings));
    if (!bdp.wantsProbe(this.arrived, now)) return;
    bdp.begin(now);
    this.arrived = 0;
    this.pings.send(PingPurpose.BDP);
  }
}

/** What the path is taken to hold before it was measured. */
function unmeasured({ initialWindowSize }: LocalSettings): number {
  return Math.max(initialWindowSize, UNMEASURED_WINDOW_BYTES);
}
