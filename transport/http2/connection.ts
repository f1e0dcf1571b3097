// One HTTP/2 connection, client or server, without socket, clock or promise (RFC 9113).
//
// Bytes and the time come in (`receive`, `receiveEnd`, `handleTimeout`), commands come in (`open`, `sendData`,
// ...), and what happened goes to the sink. After any of these, output may be waiting: take it by `transmit`,
// and call `transmitted` once it is written; then ask `nextTimeout`. What each frame from the peer does is in
// `frame_handler.ts`, and `parts.ts` lists what a connection is made of.
//
// The usual call never waits: headers, DATA that the windows allow, and trailers are encoded straight into the
// output, in the order of the calls. HPACK is stateful, so a header block is encoded when it is written, never
// before.

import type { Instant } from "../../pollers/contract/engine.ts";
import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { connectionError, ErrorCode, type Http2Error } from "./error.ts";
import type { FlowControl } from "./flow_control.ts";
import { FrameHandler } from "./frame_handler.ts";
import { FrameReader } from "./frame_reader.ts";
import { writeData, writePreface, writeSettings } from "./frame_writer.ts";
import type { Keepalive } from "./keepalive.ts";
import type { Lifecycle } from "./lifecycle.ts";
import {
  DATA_FRAME_BYTES,
  HEADER_BLOCK_TIMEOUT_MS,
  MAX_STREAM_ID,
  OUTPUT_HIGH_WATER_BYTES,
  SETTINGS_ACK_TIMEOUT_MS,
} from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { type ManagementOptions, Parts } from "./parts.ts";
import type { Producers } from "./producers.ts";
import { ReceivedMemory } from "./received_memory.ts";
import type { Requests, ServerAnswers } from "./requests.ts";
import type { SendQueue } from "./send_queue.ts";
import type { ServerHalf } from "./server_half.ts";
import { type LocalSettings, localSettings, type PeerSettings, settingsEntries } from "./settings.ts";
import type { ConnectionSink } from "./sink.ts";
import { afterEvent, Refusal, Stream, StreamEvent, type StreamSink } from "./stream.ts";
import type { Streams } from "./streams.ts";
import { Timer, type Timers } from "./timers.ts";
import { type OnWritten, WriteNotices } from "./write_notices.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { SEND_DATA, SEND_HEADERS } = StreamEvent;
const { MISUSE } = Refusal;
const FRAME_BYTES = DATA_FRAME_BYTES;
const HIGH_WATER_BYTES = OUTPUT_HIGH_WATER_BYTES;
const writeDataFrame = writeData;
const nextState = afterEvent;
const OpenStream = Stream;

/** What a connection is made with. */
export interface ConnectionOptions {
  /** `serverHalf`, where we are the server. */
  readonly server?: ServerHalf;
  /** How it is kept, and for how long. */
  readonly management?: ManagementOptions;
  /** Differences from `DEFAULT_LOCAL_SETTINGS`; RangeError where one is outside the RFC's range. */
  readonly settings?: Partial<LocalSettings>;
  /** Server: what it answers that its application does not. */
  readonly answers?: ServerAnswers;
}

/** What a connection has done until now. */
export interface ConnectionCounters {
  /** Streams that were opened in all. */
  readonly streamsStarted: number;
  /** Streams that both sides ended in order. */
  readonly streamsSucceeded: number;
  /** Streams that were reset, or open when the connection ended. */
  readonly streamsFailed: number;
  /** Client: calls that ended with OK. */
  readonly callsSucceeded: number;
  /** Client: calls that ended with another status. */
  readonly callsFailed: number;
  /** Messages that were sent. */
  readonly messagesSent: number;
  /** Messages that came whole. */
  readonly messagesReceived: number;
  /** PINGs of keepalive. */
  readonly keepalivesSent: number;
  /** Octets that may be sent and received on the connection now; undefined where the connection has no windows. */
  readonly sendWindow: number | undefined;
  /** See `sendWindow`. */
  readonly receiveWindow: number | undefined;
}

const SETTINGS_UNACKNOWLEDGED = `no SETTINGS acknowledgement within ${SETTINGS_ACK_TIMEOUT_MS} ms`;

/** One side of an HTTP/2 connection; see the head of this file for how to drive it. */
export class Connection {
  /** The open streams. */
  readonly streams: Streams;
  /** The windows. */
  readonly flow: FlowControl;
  /** The deadlines, and the latest time that came in. */
  readonly timers: Timers;
  /** Server: which producers of its streams wait. */
  readonly producers: Producers | undefined;
  /** Server: what its clients ask. */
  readonly requests: Requests | undefined;
  /** Whose memory `receive` is given; who keeps views of content gets them from here. */
  readonly received = new ReceivedMemory();
  /** Messages that streams sent; who sends them counts. */
  messagesSent = 0;
  /** Client: calls that ended with another status than OK; who reads the status counts. */
  callsFailed = 0;
  /** Client: a call was answered; who reads the response says so. */
  answered = false;
  /** Client: of streams from this identifier on nothing was taken to be written. */
  private unsentFrom = 1;
  /** Undefined until somebody asks. */
  private writeNotices: WriteNotices | undefined = undefined;
  private readonly parts: Parts;
  private readonly out: OutputBuffer;
  private readonly queue: SendQueue;
  private readonly lifecycle: Lifecycle;
  private readonly keepalive: Keepalive | undefined;
  private readonly handler: FrameHandler;
  private readonly reader: FrameReader;

  /** Nothing happens before {@linkcode start}. */
  constructor(options: ConnectionOptions, sink: ConnectionSink) {
    const { server } = options;
    const parts = new Parts(server, localSettings(options.settings), sink, options.management);
    this.parts = parts;
    this.streams = parts.streams;
    this.flow = parts.flow;
    this.timers = parts.timers;
    this.out = parts.out;
    this.queue = parts.queue;
    this.producers = server?.producers(parts);
    this.lifecycle = parts.lifecycle;
    this.keepalive = parts.keepalive;
    this.requests = server?.requests(parts, options.answers);
    this.handler = new FrameHandler(parts, this.requests);
    this.reader = new FrameReader(this.handler, parts.settings.maxFrameSize, server?.preface());
  }

  /** Queues what must come first: the preface, SETTINGS, and the connection's larger window (section 3.4). */
  start(now: Instant): void {
    this.timers.now = now;
    if (this.role === "client") writePreface(this.out);
    writeSettings(this.out, settingsEntries(this.settings, this.role));
    this.flow.start();
  }

  // What the wire and the clock did.

  /**
   * Takes bytes as they were read, from `from` to the end of the first frame that reaches `until`; returns where that is. A
   * connection that is closed takes none.
   * They must never be overwritten, or `received` says that they are lent.
   */
  receive(bytes: Uint8Array, now: Instant, from = 0, until: number = bytes.length): number {
    this.timers.now = now;
    if (this.keepalive !== undefined) this.keepalive.readAt = now;
    return this.reader.receive(bytes, from, until);
  }

  /** The byte stream ended or failed: every stream fails with `error`, then the connection. */
  receiveEnd(error: Http2Error): void {
    this.lifecycle.end(this.parts.shutdown.explain(error), this.unsentFrom);
  }

  /** `nextTimeout` has come. */
  handleTimeout(now: Instant): void {
    this.timers.now = now;
    let timer = this.timers.expire(now);
    while (timer !== undefined && !this.lifecycle.closed) {
      this.timeIsUp(timer, now);
      timer = this.timers.expire(now);
    }
  }

  /** What it has done until now. */
  counters(): ConnectionCounters {
    const { flow: { sendWindow, connectionWindow }, streams: { opened, finished, failed } } = this;
    return {
      streamsStarted: opened,
      streamsSucceeded: finished - failed,
      streamsFailed: failed,
      callsSucceeded: finished - this.callsFailed,
      callsFailed: this.callsFailed,
      messagesSent: this.messagesSent,
      messagesReceived: this.received.messages,
      keepalivesSent: this.keepalive?.sent ?? 0,
      sendWindow: sendWindow.available,
      receiveWindow: connectionWindow,
    };
  }

  /** Client: {@linkcode wake} is to be called before a stream is opened. */
  get dormant(): boolean {
    return this.keepalive !== undefined && this.keepalive.dormant;
  }

  /** Client: a stream is about to be opened on a connection that may have been silent for long (gRFC A8). */
  wake(now: Instant): void {
    this.timers.now = now;
    this.keepalive?.wake(now);
  }

  // What is to be done next.

  /** When `handleTimeout` wants to be called, while the connection is not closed; Infinity when nothing is waited for. */
  nextTimeout(): Instant {
    return this.timers.earliest;
  }

  /** Whether `transmit` would give something. */
  get wantsTransmit(): boolean {
    return this.out.byteLength > 0 || this.queue.canSend || (this.flow.isDue && !this.lifecycle.closed);
  }

  /** Encoded output that waits, in octets, queued DATA not counted. */
  get outputBytes(): number {
    return this.out.byteLength;
  }

  /** Appends what is ready, a write's worth, to `out`; its bytes are in use until {@linkcode transmitted}. */
  transmit(out: SliceBuffer): void {
    this.parts.abuse.repliesTransmitted();
    if (this.flow.isDue && !this.lifecycle.closed) this.flow.announceConnection();
    if (this.queue.canSend) this.queue.fill();
    this.out.moveTo(out);
    this.unsentFrom = this.streams.nextId;
    if (this.writeNotices !== undefined) this.writeNotices.outputTaken();
    if (this.producers !== undefined) this.producers.transmitted();
  }

  /** What `transmit` gave was written. */
  transmitted(): void {
    this.out.recycle();
    if (this.writeNotices !== undefined) this.writeNotices.outputWritten();
  }

  /** What `transmit` gave was not written, or not all of it, and nothing will be any more. */
  transmitFailed(): void {
    if (this.writeNotices !== undefined) this.writeNotices.outputLost();
  }

  /** Has `onWritten` called once, when what `stream` has sent until now is written; with false where it never will be. */
  whenWritten(stream: Stream, onWritten: OnWritten): void {
    const { out } = this;
    if (out.byteLength > 0 || stream.queuedBytes > 0) {
      (this.writeNotices ??= new WriteNotices()).add(stream, onWritten);
    } else if (out.isInFlight) (this.writeNotices ??= new WriteNotices()).addToTaken(onWritten);
    else onWritten(true);
  }

  // What may be asked.

  /** Nothing is received or opened any more; close the byte stream once `wantsTransmit` is false. */
  get closed(): boolean {
    return this.lifecycle.closed;
  }

  /** What ended the connection; undefined while it runs, and where both sides were through with it. */
  get error(): Http2Error | undefined {
    return this.lifecycle.error;
  }

  /** The latest time that came in. */
  get now(): Instant {
    return this.timers.now;
  }

  /** Which side we are. */
  get role(): "client" | "server" {
    return this.parts.role;
  }

  /** What we told the peer. */
  get settings(): LocalSettings {
    return this.parts.settings;
  }

  /** What the peer told us. */
  get peerSettings(): PeerSettings {
    return this.parts.peerSettings;
  }

  /** Receives the events of the connection. */
  get sink(): ConnectionSink {
    return this.parts.sink;
  }

  /** Streams that are open now. */
  get activeStreams(): number {
    return this.streams.size;
  }

  /** Client: whether `open` may be called. */
  get canOpen(): boolean {
    return this.lifecycle.canOpen;
  }

  /** Client: every identifier was used, and only another connection can open a stream (section 5.1.1). */
  get identifiersUsedUp(): boolean {
    return this.streams.nextId > MAX_STREAM_ID;
  }

  // Commands.

  /** Client: opens a stream with a request's header section, `headers`, `extra` and `more` in one block. */
  open(
    headers: HeaderList,
    extra: HeaderList | undefined,
    endStream: boolean,
    sink: StreamSink,
    more?: HeaderList,
  ): Stream {
    if (!this.canOpen) throw new TypeError("Cannot open a stream: canOpen is false");
    const { streams, peerSettings, flow } = this;
    const stream = new OpenStream(streams.nextId, peerSettings.initialWindowSize, flow.initialStreamWindow);
    stream.sink = sink;
    this.parts.sections.write(stream, headers, extra, endStream, more); // which throws for fields that are no octets
    streams.nextId += 2;
    streams.add(stream);
    if (endStream) this.lifecycle.endSent(stream);
    return stream;
  }

  /**
   * Sends a header section: the response's, or with `endStream` trailers, which follow the DATA that is queued.
   * Does nothing on a stream that is closed, for its end may have crossed the call.
   */
  sendHeaders(stream: Stream, headers: HeaderList, extra: HeaderList | undefined, endStream: boolean): void {
    if (stream.closed) return;
    checkSendable(stream, SEND_HEADERS);
    if (stream.headersSent && !endStream) {
      throw new TypeError(`Cannot send headers on stream ${stream.id} twice: trailers end the stream`);
    }
    const { queue } = stream;
    if (queue !== undefined && !queue.isEmpty) {
      queue.trailers = headers;
      queue.trailersExtra = extra;
      queue.endStream = true;
      return;
    }
    this.parts.sections.write(stream, headers, extra, endStream);
    if (endStream) this.lifecycle.endSent(stream);
  }

  /**
   * Sends content. True: `bytes` were copied and are the caller's again. False: they are queued and the
   * connection's until `onSent`, which comes for large pieces only. Does nothing, and says true, on a stream that is closed.
   */
  sendData(stream: Stream, bytes: Uint8Array, endStream: boolean): boolean {
    if (stream.closed) return true;
    checkSendable(stream, SEND_DATA);
    if (!stream.headersSent) {
      throw new TypeError(`Cannot send data on stream ${stream.id} before its headers`);
    }
    const { length } = bytes;
    if (!this.mayPass(stream, length)) {
      this.queue.enqueue(stream, bytes, endStream);
      return false;
    }
    this.flow.send(stream, length);
    let start = 0;
    for (; length - start > FRAME_BYTES; start += FRAME_BYTES) {
      writeDataFrame(this.out, stream.id, bytes, start, start + FRAME_BYTES, false);
    }
    if (length > 0 || endStream) writeDataFrame(this.out, stream.id, bytes, start, length, endStream);
    if (endStream) this.lifecycle.endSent(stream);
    return true;
  }

  /**
   * The application has consumed `bytes` of what `onData` gave: they go back to the stream's window. What it has
   * `read`, and `expected` and `last`, say what the window should be; see {@linkcode FlowControl.release}.
   */
  release(stream: Stream, bytes: number, read: number = bytes, expected = 0, last = false): void {
    if (stream.closed) return;
    const { unreleased } = stream.receiveWindow;
    if (bytes < 0 || bytes > unreleased) {
      throw new RangeError(
        `Cannot release ${bytes} bytes of stream ${stream.id}: ${unreleased} are unreleased`,
      );
    }
    this.flow.release(stream, bytes, read, expected, last, this.timers.now);
  }

  /**
   * Ends a stream at once with RST_STREAM; its sink gets `onClosed` before this returns. NO_ERROR on a server whose
   * answer is complete, though still queued, changes nothing: it follows the answer by itself (section 8.1).
   */
  reset(stream: Stream, error: Http2Error): void {
    if (error.code === ErrorCode.NO_ERROR && stream.endQueued && this.role === "server") return;
    this.lifecycle.reset(stream, error);
  }

  /**
   * Sends a PING, whose answer comes as `onPong`. `opaque`: any unsigned 32-bit number but those of our own. Does
   * nothing on a connection that is closed, for its end may have crossed the call.
   */
  ping(opaque: number, now: Instant): void {
    this.timers.now = now;
    if (!this.lifecycle.closed) this.parts.pings.sendOpaque(opaque);
  }

  /**
   * Graceful end: no new streams, `closed` once the last one has ended. A server sends GOAWAY twice, as section 6.8
   * has it, so that requests on their way are still served.
   */
  drain(reason: string, now: Instant): void {
    this.timers.now = now;
    const { lifecycle, parts: { shutdown } } = this;
    if (lifecycle.closed || shutdown.draining) return;
    shutdown.begin(reason, now);
    if (this.role === "client") lifecycle.finishDrain();
  }

  /**
   * Ends the connection at once: GOAWAY with the error's code, and every stream fails with `error`. With NO_ERROR a server
   * answers what is open.
   */
  abort(error: Http2Error): void {
    this.lifecycle.abort(error);
  }

  /** Whether DATA of `length` goes out at once: windows and output allow it, and no stream waits for its turn. */
  private mayPass(stream: Stream, length: number): boolean {
    if (stream.hasQueued || this.out.byteLength + length > HIGH_WATER_BYTES) return false;
    return length === 0 || (this.queue.isEmpty && length <= this.flow.sendable(stream));
  }

  private headerBlockUnfinished(): void {
    const { incompleteStreamId } = this.parts.sections;
    const reason =
      `header block of stream ${incompleteStreamId} not complete within ${HEADER_BLOCK_TIMEOUT_MS} ms`;
    this.abort(connectionError(ErrorCode.ENHANCE_YOUR_CALM, reason));
  }

  private timeIsUp(timer: Timer, now: Instant): void {
    const { lifecycle, keepalive, parts: { lifetime, streams } } = this;
    const hasStreams = streams.size > 0;
    switch (timer) {
      case Timer.SETTINGS_ACK:
        return this.abort(connectionError(ErrorCode.SETTINGS_TIMEOUT, SETTINGS_UNACKNOWLEDGED));
      case Timer.DRAIN_PING:
        return lifecycle.finishDrain();
      case Timer.HEADER_BLOCK:
        return this.headerBlockUnfinished();
      case Timer.KEEPALIVE:
        if (keepalive?.timeIsUp(now, hasStreams)) this.abort(keepalive.error);
        return;
      default: {
        const end = lifetime!.timeIsUp(timer, now, hasStreams);
        if (typeof end === "string") this.drain(end, now);
        else if (end !== undefined) this.abort(end);
      }
    }
  }
}

function checkSendable(stream: Stream, event: number): void {
  if (nextState(stream.state, event) === MISUSE || stream.endQueued) {
    throw new TypeError(`Cannot send on stream ${stream.id}: END_STREAM was already sent`);
  }
}
