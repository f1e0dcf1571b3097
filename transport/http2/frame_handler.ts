// What each frame from the peer does to the connection (RFC 9113, section 6), one method a frame type.
//
// Each returns undefined, or an error that ends the stream or the connection; `fail` does that in one place.

import { DecodeFailure } from "../hpack/decoder.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { connectionError, ErrorCode, errorCodeName, Http2Error, streamError } from "./error.ts";
import type { FlowControl } from "./flow_control.ts";
import type { FrameVisitor } from "./frame_reader.ts";
import { writeSettingsAck } from "./frame_writer.ts";
import { Flag, FrameType, readUint31, readUint32 } from "./frames.ts";
import { HEADER_BLOCK_TIMEOUT_MS, SETTINGS_ACK_TIMEOUT_MS } from "./limits.ts";
import type { HeaderSections } from "./header_sections.ts";
import {
  contentLength,
  hasNoContent,
  malformedReason,
  type SectionKind,
  statusOf,
} from "./header_validation.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import { PingPurpose } from "./ping.ts";
import type { Requests } from "./requests.ts";
import { afterEvent, isRefusal, refusalError, type Stream, StreamEvent, StreamState } from "./stream.ts";
import type { Streams } from "./streams.ts";
import { Timer } from "./timers.ts";

// Local: see docs/STYLE.md, "Hot paths".
const {
  CONTINUATION,
  DATA,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} = FrameType;
const { RECEIVE_DATA, RECEIVE_END_STREAM, RECEIVE_HEADERS, RECEIVE_RST_STREAM, RECEIVE_WINDOW_UPDATE } =
  StreamEvent;
const { OPEN } = StreamState;
const Failure = DecodeFailure;
const nextState = afterEvent;
const isRefused = isRefusal;
const lengthOf = contentLength;
const malformation = malformedReason;
const statusText = statusOf;

/** The receiving half of a connection. */
export class FrameHandler implements FrameVisitor {
  /** The peer's SETTINGS came, which must be its first frame. */
  private settingsReceived = false;
  /** WINDOW_UPDATEs that came. */
  private windowUpdates = 0;
  /** The stream of the DATA frame that is being received; undefined when its content is thrown away. */
  private dataStream: Stream | undefined = undefined;
  private dataEndsStream = false;
  private readonly streams: Streams;
  private readonly flow: FlowControl;
  private readonly sections: HeaderSections;
  private readonly lifecycle: Lifecycle;

  /** `parts` are the connection's. `requests`: what header sections of a server's clients begin. */
  constructor(private readonly parts: Parts, private readonly requests?: Requests) {
    this.streams = parts.streams;
    this.flow = parts.flow;
    this.sections = parts.sections;
    this.lifecycle = parts.lifecycle;
  }

  /** The connection takes no more frames. */
  get closed(): boolean {
    return this.lifecycle.closed;
  }

  /** Ends the connection for a rule of framing that the peer broke. */
  abort(error: Http2Error): void {
    this.lifecycle.abort(error);
  }

  /** A DATA frame begins. */
  beginData(streamId: number, frameBytes: number, contentBytes: number, endStream: boolean): void {
    this.dataStream = undefined;
    const error = this.orderError(DATA, streamId) ??
      this.acceptData(streamId, frameBytes, contentBytes, endStream);
    if (error !== undefined) this.fail(error, streamId);
  }

  /** Hands a piece of the DATA frame to its stream. */
  data(bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const stream = this.dataStream;
    if (last) this.dataStream = undefined; // an idle connection holds nothing of its last call
    if (stream === undefined || stream.closed) return;
    const endStream = last && this.dataEndsStream;
    if (!stream.countContent(end - start, endStream)) return this.fail(lengthMismatch(), stream.id);
    if (start === end && !endStream) return;
    if (endStream) stream.state = nextState(stream.state, RECEIVE_END_STREAM);
    stream.sink.onData(stream, bytes, start, end, endStream);
    if (endStream) this.lifecycle.endReceived(stream);
  }

  /** Any frame but DATA. */
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    const error = this.orderError(type, streamId) ?? this.accept(type, flags, streamId, bytes, start, end);
    if (error !== undefined) this.fail(error, streamId);
  }

  private accept(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    switch (type) {
      case HEADERS:
        return this.headers(flags, streamId, bytes, start, end);
      case WINDOW_UPDATE:
        return this.windowUpdate(streamId, bytes, start, end);
      case CONTINUATION:
        return this.continuation(flags, streamId, bytes, start, end);
      case RST_STREAM:
        return this.rstStream(streamId, bytes, start, end);
      case SETTINGS:
        return this.settings(flags, streamId, bytes, start, end);
      case PING:
        return this.ping(flags, streamId, bytes, start, end);
      case GOAWAY:
        return this.goAway(streamId, bytes, start, end);
      case PRIORITY:
        return this.priority(streamId, end - start);
      case PUSH_PROMISE:
        return protocolError("PUSH_PROMISE, which no peer may send us");
      default:
        return this.extension();
    }
  }

  /** Section 3.4: SETTINGS come first. Section 6.10: nothing comes between the parts of a header block. */
  private orderError(type: number, streamId: number): Http2Error | undefined {
    if (!this.settingsReceived && type !== SETTINGS) {
      return protocolError(`the peer's first frame is of type ${type}, not SETTINGS`);
    }
    const { incompleteStreamId } = this.sections;
    if (incompleteStreamId === 0 || (type === CONTINUATION && streamId === incompleteStreamId)) {
      return undefined;
    }
    return protocolError(
      `frame of type ${type} on stream ${streamId} inside the header block of stream ${incompleteStreamId}`,
    );
  }

  /** Section 5.1: the error of a frame that the stream's state refuses. */
  private stateError(
    stream: Stream | undefined,
    streamId: number,
    event: number,
    frame: string,
  ): Http2Error | undefined {
    const state = stream === undefined ? this.streams.stateOf(streamId) : stream.state;
    const next = nextState(state, event);
    return isRefused(next) ? refusalError(next, state, frame, streamId) : undefined;
  }

  /** Sections 5.2 and 6.1: accounts a DATA frame as a whole, its padding included, and finds its stream. */
  private acceptData(
    streamId: number,
    frameBytes: number,
    contentBytes: number,
    endStream: boolean,
  ): Http2Error | undefined {
    const { flow, parts: { abuse, timers } } = this;
    const windowError = flow.receive(frameBytes);
    if (windowError !== undefined) return windowError;
    const stream = this.streams.get(streamId);
    const error = this.stateError(stream, streamId, RECEIVE_DATA, "DATA");
    if (error !== undefined) return error;
    if (stream === undefined) return abuse.late.data(streamId, frameBytes, this.streams.opened, timers.now);
    if (!stream.headersReceived) {
      return streamError(ErrorCode.PROTOCOL_ERROR, "DATA before the header section");
    }
    const streamWindowError = flow.receiveOn(stream, frameBytes);
    if (streamWindowError !== undefined) return streamWindowError;
    this.dataStream = stream;
    this.dataEndsStream = endStream;
    if (frameBytes > contentBytes) flow.release(stream, frameBytes - contentBytes, 0, 0, false, timers.now);
    return contentBytes === 0 && !endStream ? abuse.emptyFrames.spend(timers.now) : undefined;
  }

  /** Section 6.2. */
  private headers(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    if (streamId === 0) return protocolError("HEADERS on stream 0");
    const error = this.sections.headers(flags, streamId, bytes, start, end);
    if (error !== undefined) return error;
    if (this.sections.incompleteStreamId === 0) return this.section();
    const { timers } = this.parts;
    timers.set(Timer.HEADER_BLOCK, timers.now + HEADER_BLOCK_TIMEOUT_MS);
    return undefined;
  }

  /** Section 6.10. */
  private continuation(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    const error = this.sections.continuation(flags, streamId, bytes, start, end);
    if (error !== undefined || this.sections.incompleteStreamId !== 0) return error;
    this.parts.timers.stop(Timer.HEADER_BLOCK);
    return this.section();
  }

  /** A whole header section came. */
  private section(): Http2Error | undefined {
    const { sections: { received: { streamId, fields, endStream } }, parts } = this;
    const stream = this.streams.get(streamId);
    const state = stream === undefined ? this.streams.stateOf(streamId) : stream.state;
    const next = nextState(state, RECEIVE_HEADERS);
    if (isRefused(next)) return refusalError(next, state, "HEADERS", streamId);
    if (stream !== undefined) return this.sectionOnOpen(stream, fields, endStream);
    if (next === OPEN) return this.requests!.begin(streamId, fields, endStream, this);
    return parts.abuse.late.section(streamId, this.streams.opened, parts.timers.now);
  }

  /** A header section on a stream that is open: a response's, or trailers. */
  private sectionOnOpen(
    stream: Stream,
    fields: HeaderList | DecodeFailure,
    endStream: boolean,
  ): Http2Error | undefined {
    if (fields instanceof Failure) return streamError(ErrorCode.ENHANCE_YOUR_CALM, fields.reason);
    const kind: SectionKind = stream.headersReceived ? "trailers" : "response";
    const malformed = malformation(fields, kind);
    if (malformed !== undefined) {
      return streamError(ErrorCode.PROTOCOL_ERROR, `malformed ${kind}: ${malformed}`);
    }
    if (kind === "response") return this.response(stream, fields, endStream);
    if (!endStream) return streamError(ErrorCode.PROTOCOL_ERROR, "trailers without END_STREAM");
    if (!stream.countContent(0, true)) return lengthMismatch();
    stream.state = nextState(stream.state, RECEIVE_END_STREAM);
    stream.sink.onTrailers(stream, fields);
    this.lifecycle.endReceived(stream);
    return undefined;
  }

  private response(stream: Stream, headers: HeaderList, endStream: boolean): Http2Error | undefined {
    const status = statusText(headers);
    if (status.startsWith("1")) { // interim responses (section 8.1); 101 has no meaning here (section 8.6)
      if (endStream || status === "101") {
        const reason = `malformed response: ${status}${endStream ? " with END_STREAM" : ""}`;
        return streamError(ErrorCode.PROTOCOL_ERROR, reason);
      }
      return this.parts.abuse.emptyFrames.spend(this.parts.timers.now);
    }
    return this.begin(stream, headers, endStream);
  }

  /** Hands a request's or response's header section up. */
  begin(stream: Stream, headers: HeaderList, endStream: boolean): Http2Error | undefined {
    stream.headersReceived = true;
    if (endStream) stream.state = nextState(stream.state, RECEIVE_END_STREAM);
    const length = lengthOf(headers);
    if (length > 0 && endStream && !hasNoContent(headers)) return lengthMismatch();
    if (length >= 0 && !endStream) stream.expectContent(length);
    stream.sink.onHeaders(stream, headers, endStream);
    if (endStream) this.lifecycle.endReceived(stream);
    return undefined;
  }

  /** Section 6.4. */
  private rstStream(streamId: number, bytes: Uint8Array, start: number, end: number): Http2Error | undefined {
    if (end - start !== 4) return sizeError("RST_STREAM", end - start);
    const stream = this.streams.get(streamId);
    const error = this.stateError(stream, streamId, RECEIVE_RST_STREAM, "RST_STREAM");
    if (error !== undefined) {
      return this.requests === undefined ? error : this.requests.idleReset(streamId, error);
    }
    const { abuse, timers } = this.parts;
    if (stream === undefined) return abuse.late.reset(streamId, this.streams.opened, timers.now);
    const code = readUint32(bytes, start);
    // A server that has answered in full may ask the client to stop sending (section 8.1).
    if (code === ErrorCode.NO_ERROR && stream.remoteClosed && this.requests === undefined) {
      this.lifecycle.close(stream, undefined);
      return undefined;
    }
    const answered = stream.headersSent;
    const reason = `peer sent RST_STREAM ${errorCodeName(code)}`;
    const unprocessed = code === ErrorCode.REFUSED_STREAM;
    this.lifecycle.close(stream, new Http2Error("stream", code, "remote", reason, unprocessed));
    const { unanswered } = this.parts;
    if (unanswered === undefined || answered) return undefined;
    return unanswered.reset(streamId, this.streams.finished, timers.now);
  }

  /** Section 6.5. */
  private settings(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    if (streamId !== 0) return protocolError(`SETTINGS on stream ${streamId}`);
    const { parts, lifecycle } = this;
    if (flags & Flag.ACK) return this.settingsAcknowledged(end - start);
    if ((end - start) % 6 !== 0) return sizeError("SETTINGS", end - start);
    const flood = this.settingsReceived ? parts.abuse.settings.spend(parts.timers.now) : undefined;
    if (flood !== undefined) return flood;
    if (!this.settingsReceived) this.handshakeDone();
    const { peerSettings, streams } = parts;
    const couldOpen = lifecycle.canOpen;
    const windowBefore = peerSettings.initialWindowSize;
    const error = peerSettings.apply(bytes, start, end, this.requests === undefined) ??
      this.initialWindowChanged(peerSettings.initialWindowSize - windowBefore);
    if (error !== undefined) return error;
    streams.peerLimit = peerSettings.maxConcurrentStreams;
    parts.sections.peerSettingsChanged();
    writeSettingsAck(parts.out);
    parts.sink.onSettings(peerSettings);
    lifecycle.openings(couldOpen);
    return undefined;
  }

  /** The peer's first frame came, and its acknowledgement may: until now a handshake has a deadline of its own. */
  private handshakeDone(): void {
    const { keepalive, lifetime, timers } = this.parts;
    this.settingsReceived = true;
    timers.set(Timer.SETTINGS_ACK, timers.now + SETTINGS_ACK_TIMEOUT_MS);
    keepalive?.start(timers.now);
    lifetime?.start(timers.now);
  }

  /** Section 6.5.3: from here on the peer keeps to what we announced. */
  private settingsAcknowledged(length: number): Http2Error | undefined {
    const { timers, settings, sections } = this.parts;
    if (length !== 0) return sizeError("SETTINGS acknowledgement", length);
    if (!this.settingsReceived) return protocolError("the peer's first frame acknowledges SETTINGS");
    if (!timers.isSet(Timer.SETTINGS_ACK)) { // an ACK that is not awaited is no error
      return this.parts.abuse.emptyFrames.spend(timers.now);
    }
    timers.stop(Timer.SETTINGS_ACK);
    sections.settingsAcknowledged(settings.headerTableSize);
    this.flow.settingsAcknowledged(this.streams.all(), timers.now);
    return undefined;
  }

  /** Section 6.9.2: the peer's initial window changes the windows of open streams. */
  private initialWindowChanged(change: number): Http2Error | undefined {
    if (change === 0) return undefined;
    const streams = this.streams.all();
    const error = this.flow.initialSendWindowChanged(streams, change);
    if (error === undefined && change > 0) {
      for (const stream of streams) this.parts.queue.windowGrew(stream);
    }
    return error;
  }

  /** Section 6.7. */
  private ping(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    if (streamId !== 0) return protocolError(`PING on stream ${streamId}`);
    if (end - start !== 8) return sizeError("PING", end - start);
    const { pings, timers, sink } = this.parts;
    const high = readUint32(bytes, start);
    const low = readUint32(bytes, start + 4);
    if ((flags & Flag.ACK) === 0) return pings.answer(high, low, timers.now, this.streams.size > 0);
    const purpose = pings.acknowledged(low);
    if (purpose === PingPurpose.DRAIN) timers.set(Timer.DRAIN_PING, timers.now); // see shutdown.ts
    else if (purpose === PingPurpose.BDP) this.flow.measured(timers.now);
    else if (purpose === undefined) {
      sink.onPong(low);
      return pings.opaqueAcknowledged(timers.now);
    }
    return undefined;
  }

  /** Section 6.8. */
  private goAway(streamId: number, bytes: Uint8Array, start: number, end: number): Http2Error | undefined {
    if (streamId !== 0) return protocolError(`GOAWAY on stream ${streamId}`);
    if (end - start < 8) return sizeError("GOAWAY", end - start);
    const { lifecycle, parts: { shutdown, sink, abuse, timers } } = this;
    const flood = abuse.goAways.spend(timers.now);
    if (flood !== undefined) return flood;
    const error = shutdown.receive(bytes, start, end);
    sink.onGoAway(shutdown.peerLastStreamId, error);
    if (this.requests === undefined) {
      for (const stream of this.streams.all()) {
        if (stream.id > shutdown.peerLastStreamId) lifecycle.abandon(stream, shutdown.unprocessed());
      }
    }
    if (error.code !== ErrorCode.NO_ERROR) lifecycle.end(error);
    else lifecycle.endIfDrained();
    return undefined;
  }

  /** Section 6.9. */
  private windowUpdate(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    if (end - start !== 4) return sizeError("WINDOW_UPDATE", end - start);
    const { parts: { abuse, timers }, flow: { framesSent }, streams: { opened } } = this;
    if (++this.windowUpdates > 2 * (framesSent + opened)) {
      const flood = abuse.windowUpdates.spend(timers.now);
      if (flood !== undefined) return flood;
    }
    let stream: Stream | undefined = undefined;
    if (streamId !== 0) {
      stream = this.streams.get(streamId);
      const error = this.stateError(stream, streamId, RECEIVE_WINDOW_UPDATE, "WINDOW_UPDATE");
      if (error !== undefined || stream === undefined) return error;
    }
    const error = this.flow.windowUpdate(stream, readUint31(bytes, start));
    if (error === undefined) this.parts.queue.windowGrew(stream);
    return error;
  }

  /** Section 6.3: deprecated, on streams of all states; only its form is checked. */
  private priority(streamId: number, length: number): Http2Error | undefined {
    if (streamId === 0) return protocolError("PRIORITY on stream 0");
    if (length === 5) return this.parts.abuse.emptyFrames.spend(this.parts.timers.now);
    const { reason } = sizeError("PRIORITY", length);
    const isOpen = this.streams.get(streamId) !== undefined;
    return isOpen ? streamError(ErrorCode.FRAME_SIZE_ERROR, reason) : sizeError("PRIORITY", length);
  }

  /** Section 5.5: frames of unknown types are ignored, but not for nothing. */
  private extension(): Http2Error | undefined {
    return this.parts.abuse.emptyFrames.spend(this.parts.timers.now);
  }

  /** Ends what `error` ends: its stream, which costs a budget, or the connection. */
  private fail(error: Http2Error, streamId: number): void {
    if (error.kind !== "stream") return this.lifecycle.abort(error);
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.lifecycle.reset(stream, error);
    const cost = this.parts.abuse.streamError(this.parts.timers.now);
    if (cost !== undefined) this.lifecycle.abort(cost);
  }
}

function protocolError(reason: string): Http2Error {
  return connectionError(ErrorCode.PROTOCOL_ERROR, reason);
}

function sizeError(frame: string, bytes: number): Http2Error {
  return connectionError(ErrorCode.FRAME_SIZE_ERROR, `${frame} of ${bytes} bytes`);
}

function lengthMismatch(): Http2Error {
  return streamError(ErrorCode.PROTOCOL_ERROR, "content-length does not match the content");
}
