// One HTTP/2 connection, client or server, without socket, clock or promise (RFC 9113).
//
// Bytes and the time come in (`receive`, `receiveEnd`, `handleTimeout`), commands come in (`open`, `sendData`,
// ...), and what happened goes to the sink. After any of these, output may be waiting: take it by `transmit`,
// and call `transmitted` once it is written; then ask `nextTimeout`. Frames from the peer are handled in
// `frame_handler.ts`, DATA that must wait is kept in `send_queue.ts`.
//
// The usual call never waits: headers, DATA that the windows allow, and trailers are encoded straight into the
// output, in the order of the calls. HPACK is stateful, so a header block is encoded when it is written, never
// before.

import type { Instant } from "../../pollers/contract/engine.ts";
import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { ByteSink } from "../hpack/byte_sink.ts";
import { Encoder } from "../hpack/encoder.ts";
import { HeaderList } from "../hpack/header_list.ts";
import { Abuse } from "./abuse.ts";
import { ErrorCode, Http2Error } from "./error.ts";
import { ReceiveWindows } from "./flow_control.ts";
import { CLIENT_PREFACE } from "./frames.ts";
import { writeData, writeHeaderBlock, writeRstStream, writeSettings } from "./frame_writer.ts";
import { FrameHandler } from "./frame_handler.ts";
import {
  DATA_FRAME_BYTES,
  INITIAL_WINDOW_BYTES,
  MAX_STREAM_ID,
  OUTPUT_HIGH_WATER_BYTES,
  SETTINGS_ACK_TIMEOUT_MS,
} from "./limits.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { PingPurpose, Pings } from "./ping.ts";
import { FrameReader } from "./frame_reader.ts";
import { SendQueue } from "./send_queue.ts";
import { type LocalSettings, localSettings, PeerSettings, settingsEntries } from "./settings.ts";
import { Shutdown } from "./shutdown.ts";
import type { ConnectionSink, StreamSink } from "./sink.ts";
import { Stream } from "./stream.ts";
import { Streams } from "./streams.ts";
import { Timer, Timers } from "./timers.ts";

/** What a connection is made with. */
export interface ConnectionOptions {
  /** Which side of the connection we are. */
  readonly role: "client" | "server";
  /** Differences from `DEFAULT_LOCAL_SETTINGS`; RangeError where one is outside the RFC's range. */
  readonly settings?: Partial<LocalSettings>;
  /**
   * Server: the response to a request whose header list is above our limit, for `reason`. Default: `:status` 431 alone
   * (RFC 6585, section 5).
   */
  readonly tooLarge?: (reason: string) => HeaderList;
}

const TOO_LARGE = HeaderList.of([[":status", "431"]]);

/** Where a header block is encoded before it is cut into frames: every connection's, for it is used at once. */
const block = new ByteSink();

/** One side of an HTTP/2 connection; see the head of this file for how to drive it. */
export class Connection {
  /** Which side we are. */
  readonly role: "client" | "server";
  /** What we told the peer. */
  readonly settings: LocalSettings;
  /** Answers a request whose header list is above our limit. */
  readonly tooLarge: (reason: string) => HeaderList;
  /** What the peer told us. */
  readonly peerSettings = new PeerSettings();
  /** The open streams. */
  readonly streams = new Streams();
  /** What the peer may cost us. */
  readonly abuse = new Abuse();
  /** What is waited for. */
  readonly timers = new Timers();
  /** Nothing is received or opened any more; close the byte stream once `wantsTransmit` is false. */
  closed = false;
  /** What the peer lets us send on the connection, in octets. */
  sendWindow = INITIAL_WINDOW_BYTES;
  /** The highest stream the peer opened. */
  lastPeerStreamId = 0;
  /** The number of the next stream we open. */
  nextStreamId = 1;
  /** What ended the connection; undefined while it runs, and where both sides were through with it. */
  error: Http2Error | undefined = undefined;
  /** Client: the header section of a response has come. */
  answered = false;
  /** The latest time that came in. */
  now: Instant = 0;

  /** Hears of the connection. */
  readonly sink: ConnectionSink;
  /** Our side of the peer's decoder. */
  readonly encoder = new Encoder();
  private readonly out = new OutputBuffer();
  private readonly queue = new SendQueue(this, this.out);
  /** What the peer may still send. */
  readonly receiveWindows: ReceiveWindows;
  /** PING, ours and the peer's. */
  readonly pings: Pings;
  /** GOAWAY, ours and the peer's. */
  readonly shutdown: Shutdown;

  private readonly reader: FrameReader;

  /** Nothing happens before {@linkcode start}. */
  constructor(options: ConnectionOptions, sink: ConnectionSink) {
    this.role = options.role;
    this.settings = localSettings(options.settings);
    this.tooLarge = options.tooLarge ?? (() => TOO_LARGE);
    this.sink = sink;
    this.pings = new Pings(this.out, this.abuse);
    this.shutdown = new Shutdown(this.role, this.out, this.pings, this.timers);
    this.receiveWindows = new ReceiveWindows(this.settings, sink, this.out, this.pings);
    this.reader = new FrameReader(new FrameHandler(this), this.settings.maxFrameSize, this.role === "server");
  }

  /** Queues what must come first: the preface, SETTINGS, and the connection's larger window (section 3.4). */
  start(now: Instant): void {
    this.now = now;
    if (this.role === "client") {
      const at = this.out.reserve(CLIENT_PREFACE.length);
      new TextEncoder().encodeInto(CLIENT_PREFACE, this.out.chunk.subarray(at));
      this.out.length += CLIENT_PREFACE.length;
    }
    writeSettings(this.out, settingsEntries(this.settings, this.role));
    this.receiveWindows.start();
    this.timers.set(Timer.SETTINGS_ACK, now + SETTINGS_ACK_TIMEOUT_MS);
    this.sink.onOutput();
  }

  /** Takes bytes as they were read. They must never be overwritten: views of them are handed up. */
  receive(bytes: Uint8Array, now: Instant): void {
    this.now = now;
    if (!this.closed) this.reader.receive(bytes);
  }

  /** The byte stream ended or failed: every stream fails with `error`, then the connection. */
  receiveEnd(error: Http2Error): void {
    this.terminate(this.shutdown.explain(error));
  }

  /** Tells that `nextTimeout` has come. */
  handleTimeout(now: Instant): void {
    this.now = now;
    let timer = this.timers.expire(now);
    while (timer !== undefined && !this.closed) {
      if (timer === Timer.SETTINGS_ACK) this.settingsUnacknowledged();
      else this.finishDrain();
      timer = this.timers.expire(now);
    }
  }

  /** When `handleTimeout` wants to be called; Infinity when nothing is waited for. */
  nextTimeout(): Instant {
    return this.closed ? Infinity : this.timers.earliest;
  }

  /** Whether `transmit` would give something. */
  get wantsTransmit(): boolean {
    return this.out.byteLength > 0 || this.queue.canSend || (this.receiveWindows.isDue && !this.closed);
  }

  /** Encoded output that waits, in octets, queued DATA not counted. */
  get outputBytes(): number {
    return this.out.byteLength;
  }

  /** Appends what is ready, a write's worth, to `out`; its bytes are in use until {@linkcode transmitted}. */
  transmit(out: SliceBuffer): void {
    this.abuse.repliesTransmitted();
    if (this.receiveWindows.isDue && !this.closed) this.receiveWindows.announceConnection();
    if (!this.queue.isEmpty) this.queue.fill();
    this.out.moveTo(out);
  }

  /** What `transmit` gave was written. */
  transmitted(): void {
    this.out.recycle();
  }

  /** Streams that are open now. */
  get activeStreams(): number {
    return this.streams.size;
  }

  /** Client: whether `open` may be called. */
  get canOpen(): boolean {
    return !this.closed && !this.shutdown.draining &&
      this.streams.size < this.peerSettings.maxConcurrentStreams &&
      this.nextStreamId <= MAX_STREAM_ID;
  }

  /** Client: opens a stream with a request's header section, `headers` and `extra` in one block. */
  open(headers: HeaderList, extra: HeaderList | undefined, endStream: boolean, sink: StreamSink): Stream {
    if (!this.canOpen) throw new TypeError("Cannot open a stream: canOpen is false");
    const stream = new Stream(
      this.nextStreamId,
      this.peerSettings.initialWindowSize,
      this.receiveWindows.initialStreamWindow,
    );
    stream.sink = sink;
    this.writeHeaders(stream, headers, extra, endStream); // which throws for fields that are no octets
    this.nextStreamId += 2;
    this.streams.add(stream);
    if (endStream) this.localEnd(stream);
    return stream;
  }

  /**
   * Sends a header section: the response's, or with `endStream` trailers, which follow the DATA that is queued.
   * Does nothing on a stream that is closed, for its end may have crossed the call.
   */
  sendHeaders(stream: Stream, headers: HeaderList, extra: HeaderList | undefined, endStream: boolean): void {
    if (stream.closed) return;
    this.checkWritable(stream);
    if (stream.headersSent && !endStream) {
      throw new TypeError(`Cannot send headers on stream ${stream.id} twice: trailers end the stream`);
    }
    if (stream.hasQueued) {
      stream.queuedTrailers = headers;
      stream.queuedTrailersExtra = extra;
      stream.endQueued = true;
      return;
    }
    this.writeHeaders(stream, headers, extra, endStream);
    if (endStream) this.localEnd(stream);
  }

  /**
   * Sends content. True: `bytes` were copied and are the caller's again. False: they are queued and the
   * connection's until `onSent`, which comes for large pieces only. Does nothing, and says true, on a stream that is closed.
   */
  sendData(stream: Stream, bytes: Uint8Array, endStream: boolean): boolean {
    if (stream.closed) return true;
    this.checkWritable(stream);
    if (!stream.headersSent) {
      throw new TypeError(`Cannot send data on stream ${stream.id} before its headers`);
    }
    const length = bytes.length;
    if (
      stream.hasQueued || (length > 0 && !this.mayPass(stream, length)) ||
      this.out.byteLength + length > OUTPUT_HIGH_WATER_BYTES
    ) {
      if (endStream) stream.endQueued = true;
      this.queue.enqueue(stream, bytes);
      this.sink.onOutput();
      return false;
    }
    stream.sendWindow -= length;
    this.sendWindow -= length;
    let start = 0;
    for (; length - start > DATA_FRAME_BYTES; start += DATA_FRAME_BYTES) {
      writeData(this.out, stream.id, bytes, start, start + DATA_FRAME_BYTES, false);
    }
    if (length > 0 || endStream) writeData(this.out, stream.id, bytes, start, length, endStream);
    this.sink.onOutput();
    if (endStream) this.localEnd(stream);
    return true;
  }

  /**
   * Whether `length` bytes may go out now: both windows allow it, and no stream waits whose turn it would take.
   */
  private mayPass(stream: Stream, length: number): boolean {
    return length <= stream.sendWindow && length <= this.sendWindow && this.queue.isEmpty;
  }

  /**
   * The application has consumed `bytes` of what `onData` gave: they go back to the stream's window. What it has
   * `read`, and `expected` and `last`, say what the window should be; see {@linkcode ReceiveWindows.release}.
   */
  release(stream: Stream, bytes: number, read: number = bytes, expected = 0, last = false): void {
    if (stream.closed) return;
    if (bytes < 0 || bytes > stream.unreleased) {
      const held = stream.unreleased;
      throw new RangeError(`Cannot release ${bytes} bytes of stream ${stream.id}: ${held} are unreleased`);
    }
    this.receiveWindows.release(stream, bytes, read, expected, last, this.now);
  }

  /**
   * Ends a stream at once with RST_STREAM; the sink hears of it before this returns. NO_ERROR on a server whose
   * answer is complete, though still queued, changes nothing: it follows the answer by itself (section 8.1).
   */
  reset(stream: Stream, error: Http2Error): void {
    if (stream.closed) return;
    if (error.code === ErrorCode.NO_ERROR && stream.endQueued && this.role === "server") return;
    if (!stream.localClosed || !stream.remoteClosed) {
      this.writeReset(stream.id, error.code, stream.remoteClosed ? 0 : stream.receiveWindow);
    }
    this.closeStream(stream, error);
  }

  /**
   * Sends a PING; `onPong` hears of its answer. `opaque`: any unsigned 32-bit number but those of our own. Does
   * nothing on a connection that is closed, for its end may have crossed the call.
   */
  ping(opaque: number, now: Instant): void {
    this.now = now;
    if (this.closed) return;
    this.pings.sendOpaque(opaque);
    this.sink.onOutput();
  }

  /**
   * Graceful end: no new streams, `closed` once the last one has ended. A server says so twice, as section 6.8
   * has it, so that requests on their way are still served.
   */
  drain(reason: string, now: Instant): void {
    this.now = now;
    if (this.closed || this.shutdown.draining) return;
    this.shutdown.begin(reason, now);
    this.sink.onOutput();
    if (this.role === "client") this.finishDrain();
  }

  /** Ends the connection at once: GOAWAY with the error's code, and every stream fails with `error`. */
  abort(error: Http2Error): void {
    if (this.closed) return;
    this.shutdown.send(error.code, error.reason, this.lastPeerStreamId);
    this.sink.onOutput();
    this.terminate(error);
  }

  /** For `frame_handler.ts`: a PING of ours came back. */
  pong(opaque: number): void {
    const purpose = this.pings.acknowledged(opaque);
    if (purpose === PingPurpose.DRAIN) this.finishDrain();
    else if (purpose === PingPurpose.BDP) this.receiveWindows.measured(this.now);
    else this.sink.onPong(opaque);
  }

  /** For `frame_handler.ts`: a window grew, so DATA that waited may go. */
  windowGrew(stream: Stream | undefined): void {
    if (stream !== undefined) this.queue.admit(stream);
    if (!this.queue.isEmpty) this.sink.onOutput();
  }

  /** For `frame_handler.ts`: where answers to frames go. */
  get output(): OutputBuffer {
    this.sink.onOutput();
    return this.out;
  }

  /** For `send_queue.ts`: encodes and writes a header section now. */
  writeHeaders(stream: Stream, headers: HeaderList, extra: HeaderList | undefined, endStream: boolean): void {
    block.length = 0;
    this.encoder.encode(headers, extra, block);
    const maxFrameBytes = Math.min(this.peerSettings.maxFrameSize, DATA_FRAME_BYTES);
    writeHeaderBlock(this.out, stream.id, block.bytes, block.length, endStream, maxFrameBytes);
    stream.headersSent = true;
    this.sink.onOutput();
  }

  /**
   * For `send_queue.ts`: END_STREAM was written. A server whose response is complete asks the client to stop
   * sending the rest of its request (section 8.1).
   */
  localEnd(stream: Stream): void {
    stream.localClosed = true;
    if (stream.remoteClosed) return this.closeStream(stream, undefined);
    if (this.role === "client") return;
    this.writeReset(stream.id, ErrorCode.NO_ERROR, stream.receiveWindow);
    this.closeStream(stream, undefined);
  }

  /** For `frame_handler.ts`: RST_STREAM, on a stream on which the peer may still send `window` octets. */
  writeReset(streamId: number, code: number, window: number): void {
    writeRstStream(this.out, streamId, code);
    this.ignoreLate(streamId, window);
    this.sink.onOutput();
  }

  /** For `frame_handler.ts`: what the peer sends on the stream from here on is ignored; its window has `window` octets left. */
  ignoreLate(streamId: number, window: number): void {
    if (this.role === "server") this.streams.rememberReset(streamId);
    this.abuse.late.expect(window, this.receiveWindows.connectionWindow);
  }

  /** For `frame_handler.ts`: whether HEADERS and DATA on the closed stream are ignored; see `late_frames.ts`. */
  ignoresLate(streamId: number): boolean {
    return this.role === "client" || this.streams.mayHaveBeenReset(streamId);
  }

  /** For `frame_handler.ts`: the stream is over; its sink gets its last call. */
  closeStream(stream: Stream, error: Http2Error | undefined): void {
    if (stream.closed) return;
    const wasFull = this.streams.size >= this.peerSettings.maxConcurrentStreams;
    stream.closed = true;
    this.streams.remove(stream);
    this.queue.drop(stream);
    this.receiveWindows.close(stream);
    stream.sink.onClosed(stream, error);
    if (wasFull && this.role === "client" && this.canOpen) this.sink.onCanOpen();
    this.closeIfDrained();
  }

  /** For `frame_handler.ts`: a connection that takes no more streams ends with its last one. */
  closeIfDrained(): void {
    if (this.shutdown.takesNoStreams && this.streams.size === 0) this.terminate(this.shutdown.peerError);
  }

  private finishDrain(): void {
    this.shutdown.finish(this.lastPeerStreamId);
    this.sink.onOutput();
    this.closeIfDrained();
  }

  private settingsUnacknowledged(): void {
    const reason = `no SETTINGS acknowledgement within ${SETTINGS_ACK_TIMEOUT_MS} ms`;
    this.abort(new Http2Error("connection", ErrorCode.SETTINGS_TIMEOUT, "library", reason));
  }

  private terminate(error: Http2Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    const thrown: unknown[] = [];
    for (const stream of this.streams.all()) {
      try {
        this.closeStream(stream, error);
      } catch (bug) { // the others must have their end
        thrown.push(bug);
      }
    }
    this.sink.onClosed(error);
    if (thrown.length > 0) throw thrown.length === 1 ? thrown[0] : new AggregateError(thrown);
  }

  private checkWritable(stream: Stream): void {
    if (stream.localClosed || stream.endQueued) {
      throw new TypeError(`Cannot send on stream ${stream.id}: END_STREAM was already sent`);
    }
  }
}
