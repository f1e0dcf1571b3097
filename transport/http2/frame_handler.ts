// What each frame from the peer does to the connection (RFC 9113, section 6), one method a frame type.

import { DecodeFailure, Decoder } from "../hpack/decoder.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import type { Abuse } from "./abuse.ts";
import type { Connection } from "./connection.ts";
import { ErrorCode, errorCodeName, Http2Error } from "./error.ts";
import { writeSettingsAck } from "./frame_writer.ts";
import { Flag, FrameType, readUint31, readUint32 } from "./frames.ts";
import { HeaderBlock } from "./header_block.ts";
import { malformedReason, type SectionKind } from "./header_validation.ts";
import {
  HEADER_BLOCK_FACTOR,
  INITIAL_HEADER_TABLE_BYTES,
  MAX_CONTINUATIONS,
  MAX_WINDOW_BYTES,
  MIN_HEADER_BLOCK_BYTES,
} from "./limits.ts";
import type { FrameVisitor } from "./frame_reader.ts";
import { Stream } from "./stream.ts";
import { Timer } from "./timers.ts";

/** The receiving half of a connection. */
export class FrameHandler implements FrameVisitor {
  private readonly decoder: Decoder;
  private readonly block: HeaderBlock;
  private readonly blockLimit: number;
  private continuations = 0;
  private settingsReceived = false;
  /** The latest run of identifiers that the client passed over: never used, so not closed but wrong. */
  private skippedFrom = 0;
  private skippedTo = 0;
  /** The stream of the DATA frame that is being received; undefined when its content is thrown away. */
  private dataStream: Stream | undefined = undefined;
  private dataEndsStream = false;

  /** `connection` holds all state that both halves share. */
  constructor(private readonly connection: Connection) {
    const { headerTableSize, maxHeaderListSize } = connection.settings;
    // Until the peer has acknowledged a smaller table it may use the initial one (section 4.3.1).
    const maxTableSize = Math.max(headerTableSize, INITIAL_HEADER_TABLE_BYTES);
    this.decoder = new Decoder({ maxTableSize, maxHeaderListSize });
    this.blockLimit = Math.max(MIN_HEADER_BLOCK_BYTES, maxHeaderListSize * HEADER_BLOCK_FACTOR);
    this.block = new HeaderBlock(this.blockLimit);
  }

  /** The connection takes no more frames. */
  get closed(): boolean {
    return this.connection.closed;
  }

  /** Ends the connection for a rule the peer broke. */
  abort(error: Http2Error): void {
    this.connection.abort(error);
  }

  /** Sections 5.2 and 6.1: accounts a DATA frame as a whole, its padding included, and finds its stream. */
  beginData(streamId: number, frameBytes: number, contentBytes: number, endStream: boolean): void {
    this.dataStream = undefined;
    if (!this.checkOrder(FrameType.DATA, streamId)) return;
    const connection = this.connection;
    if (streamId === 0) return this.protocolError("DATA on stream 0");
    if (!connection.receiveWindows.receive(frameBytes)) {
      return this.fail(
        ErrorCode.FLOW_CONTROL_ERROR,
        `DATA of ${frameBytes} bytes exceeds the connection's window`,
      );
    }
    const stream = connection.streams.get(streamId);
    if (stream === undefined) return this.dataOnClosed(streamId, frameBytes);
    const error = this.dataError(stream, frameBytes, contentBytes);
    if (error !== undefined) return this.streamError(stream, error[0], error[1]);
    this.dataStream = stream;
    this.dataEndsStream = endStream;
    if (frameBytes > contentBytes) connection.release(stream, frameBytes - contentBytes, 0);
    if (contentBytes === 0 && !endStream) this.check(this.abuse.emptyFrames.spend(connection.now));
  }

  /** Hands a piece of the DATA frame to its stream. */
  data(bytes: Uint8Array, end: boolean): void {
    const stream = this.dataStream;
    if (stream === undefined || stream.closed) return;
    const endStream = end && this.dataEndsStream;
    if (stream.contentLeft >= 0) {
      stream.contentLeft -= bytes.length;
      if (stream.contentLeft < 0 || (endStream && stream.contentLeft > 0)) {
        return this.streamError(
          stream,
          ErrorCode.PROTOCOL_ERROR,
          "content-length does not match the content",
        );
      }
    }
    if (bytes.length === 0 && !endStream) return;
    if (endStream) stream.remoteClosed = true;
    stream.sink.onData(stream, bytes, endStream);
    if (endStream) this.settle(stream);
  }

  /** Any frame but DATA. */
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.checkOrder(type, streamId)) return;
    switch (type) {
      case FrameType.HEADERS:
        return this.headers(flags, streamId, bytes, start, end);
      case FrameType.WINDOW_UPDATE:
        return this.windowUpdate(streamId, bytes, start, end);
      case FrameType.CONTINUATION:
        return this.continuation(flags, streamId, bytes, start, end);
      case FrameType.RST_STREAM:
        return this.rstStream(streamId, bytes, start, end);
      case FrameType.SETTINGS:
        return this.settings(flags, streamId, bytes, start, end);
      case FrameType.PING:
        return this.ping(flags, streamId, bytes, start, end);
      case FrameType.GOAWAY:
        return this.goAway(streamId, bytes, start, end);
      case FrameType.PRIORITY:
        return this.priority(streamId, end - start);
      case FrameType.PUSH_PROMISE:
        return this.protocolError("PUSH_PROMISE, which no peer may send us");
    }
    // Unknown types are ignored (section 5.5), but not for nothing.
    this.check(this.abuse.emptyFrames.spend(this.connection.now));
  }

  /** Section 3.4: SETTINGS come first. Section 6.10: nothing comes between the parts of a header block. */
  private checkOrder(type: number, streamId: number): boolean {
    if (!this.settingsReceived && type !== FrameType.SETTINGS) {
      this.protocolError(`the peer's first frame is of type ${type}, not SETTINGS`);
      return false;
    }
    if (this.block.streamId === 0 || (type === FrameType.CONTINUATION && streamId === this.block.streamId)) {
      return true;
    }
    this.protocolError(
      `frame of type ${type} on stream ${streamId} inside the header block of stream ${this.block.streamId}`,
    );
    return false;
  }

  private dataOnClosed(streamId: number, frameBytes: number): void {
    if (this.isIdle(streamId)) return this.protocolError(`DATA on idle stream ${streamId}`);
    if (!this.connection.ignoresLate(streamId)) {
      return this.fail(ErrorCode.STREAM_CLOSED, `DATA on closed stream ${streamId}`);
    }
    this.check(this.abuse.late.data(streamId, frameBytes, this.connection.now));
  }

  private dataError(
    stream: Stream,
    frameBytes: number,
    contentBytes: number,
  ): [code: number, reason: string] | undefined {
    if (stream.remoteClosed) return [ErrorCode.STREAM_CLOSED, "DATA after END_STREAM"];
    if (!stream.headersReceived) return [ErrorCode.PROTOCOL_ERROR, "DATA before the header section"];
    if (!this.connection.receiveWindows.receiveOn(stream, frameBytes)) {
      return [ErrorCode.FLOW_CONTROL_ERROR, `DATA of ${contentBytes} bytes exceeds the stream's window`];
    }
    return undefined;
  }

  /** Section 6.2. */
  private headers(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId === 0) return this.protocolError("HEADERS on stream 0");
    if (flags & (Flag.PADDED | Flag.PRIORITY)) {
      if (flags & Flag.PADDED) end -= bytes[start++] ?? 0;
      if (flags & Flag.PRIORITY) start += 5;
      if (start > end) return this.protocolError(`HEADERS on stream ${streamId} is padded beyond its length`);
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if (flags & Flag.END_HEADERS) return this.headerSection(streamId, bytes, start, end, endStream);
    this.continuations = 0;
    if (!this.block.begin(streamId, endStream, bytes, start, end)) this.blockTooLong(streamId);
  }

  /** Section 6.10. */
  private continuation(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    const block = this.block;
    if (block.streamId === 0) return this.protocolError(`CONTINUATION on stream ${streamId} without HEADERS`);
    if (++this.continuations > MAX_CONTINUATIONS) {
      return this.fail(
        ErrorCode.ENHANCE_YOUR_CALM,
        `header block of stream ${streamId} is in too many pieces`,
      );
    }
    if (!block.add(bytes, start, end)) return this.blockTooLong(streamId);
    if ((flags & Flag.END_HEADERS) === 0) return;
    const { bytes: whole, length, endStream } = block;
    block.end();
    this.headerSection(streamId, whole, 0, length, endStream);
  }

  private blockTooLong(streamId: number): void {
    this.fail(
      ErrorCode.ENHANCE_YOUR_CALM,
      `header block of stream ${streamId} is above ${this.blockLimit} bytes`,
    );
  }

  /** A whole header block. It is always decoded, for the sake of the dynamic table (section 4.3). */
  private headerSection(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const decoded = this.decoder.decode(bytes, start, end);
    if (decoded instanceof DecodeFailure && decoded.kind === "compression") {
      return this.fail(ErrorCode.COMPRESSION_ERROR, decoded.reason);
    }
    const stream = this.connection.streams.get(streamId);
    if (stream !== undefined) this.sectionOnOpen(stream, decoded, endStream);
    else if (!this.isIdle(streamId)) this.sectionOnClosed(streamId);
    else if (this.connection.role === "server" && (streamId & 1) === 1) {
      this.request(streamId, decoded, endStream);
    } else this.protocolError(`HEADERS on idle stream ${streamId}`);
  }

  private sectionOnClosed(streamId: number): void {
    const { connection } = this;
    if (connection.shutdown.drained || connection.ignoresLate(streamId)) {
      return void this.check(this.abuse.late.section(streamId, connection.now));
    }
    if (streamId >= this.skippedFrom && streamId <= this.skippedTo) {
      return this.protocolError(
        `HEADERS on stream ${streamId}, which a later stream has already passed over`,
      );
    }
    this.fail(ErrorCode.STREAM_CLOSED, `HEADERS on closed stream ${streamId}`);
  }

  /** A request's header section opens a stream (sections 5.1.1, 5.1.2 and 8.1). */
  private request(streamId: number, headers: HeaderList | DecodeFailure, endStream: boolean): void {
    const connection = this.connection;
    const passedOver = connection.lastPeerStreamId === 0 ? 1 : connection.lastPeerStreamId + 2;
    if (passedOver < streamId) {
      this.skippedFrom = passedOver;
      this.skippedTo = streamId - 2;
    }
    connection.lastPeerStreamId = streamId;
    const window = endStream ? 0 : connection.receiveWindows.initialStreamWindow;
    if (connection.shutdown.drained) {
      connection.ignoreLate(streamId, window);
      return void this.check(this.abuse.late.section(streamId, connection.now));
    }
    if (connection.streams.size >= connection.settings.maxConcurrentStreams) {
      return this.refuse(streamId, ErrorCode.REFUSED_STREAM, window);
    }
    const tooLarge = headers instanceof DecodeFailure;
    if (!tooLarge && malformedReason(headers, "request") !== undefined) {
      return this.refuse(streamId, ErrorCode.PROTOCOL_ERROR, window);
    }
    const stream = new Stream(
      streamId,
      connection.peerSettings.initialWindowSize,
      connection.receiveWindows.initialStreamWindow,
    );
    if (tooLarge) return this.refuseTooLarge(stream, headers.reason, endStream);
    stream.headersReceived = true;
    stream.remoteClosed = endStream;
    connection.streams.add(stream);
    stream.sink = connection.sink.onStream(stream);
    this.begin(stream, headers, endStream);
  }

  private refuse(streamId: number, code: number, window: number): void {
    this.connection.writeReset(streamId, code, window);
    this.check(this.abuse.streamErrors.spend(this.connection.now) ?? this.abuse.countReply());
  }

  /** A complete response, then RST_STREAM(NO_ERROR) so that the client stops sending (section 8.1). */
  private refuseTooLarge(stream: Stream, reason: string, endStream: boolean): void {
    this.connection.writeHeaders(stream, this.connection.tooLarge(reason), undefined, true);
    if (endStream) this.connection.ignoreLate(stream.id, 0);
    else this.refuse(stream.id, ErrorCode.NO_ERROR, stream.receiveWindow);
  }

  /** A header section on a stream that is open: a response's, or trailers. */
  private sectionOnOpen(stream: Stream, headers: HeaderList | DecodeFailure, endStream: boolean): void {
    if (stream.remoteClosed) {
      return this.streamError(stream, ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM");
    }
    if (headers instanceof DecodeFailure) {
      return this.streamError(stream, ErrorCode.ENHANCE_YOUR_CALM, headers.reason);
    }
    const kind: SectionKind = stream.headersReceived ? "trailers" : "response";
    const reason = malformedReason(headers, kind);
    if (reason !== undefined) {
      return this.streamError(stream, ErrorCode.PROTOCOL_ERROR, `malformed ${kind}: ${reason}`);
    }
    if (kind === "response") return this.response(stream, headers, endStream);
    if (!endStream) return this.streamError(stream, ErrorCode.PROTOCOL_ERROR, "trailers without END_STREAM");
    if (stream.contentLeft > 0) {
      return this.streamError(stream, ErrorCode.PROTOCOL_ERROR, "content-length does not match the content");
    }
    stream.remoteClosed = true;
    stream.sink.onTrailers(stream, headers);
    this.settle(stream);
  }

  private response(stream: Stream, headers: HeaderList, endStream: boolean): void {
    const status = headers.get(":status")!;
    if (status.startsWith("1")) { // interim responses (section 8.1); 101 has no meaning here (section 8.6)
      if (endStream || status === "101") {
        const reason = `malformed response: ${status}${endStream ? " with END_STREAM" : ""}`;
        return this.streamError(stream, ErrorCode.PROTOCOL_ERROR, reason);
      }
      return void this.check(this.abuse.emptyFrames.spend(this.connection.now));
    }
    stream.headersReceived = true;
    stream.remoteClosed = endStream;
    this.connection.answered = true;
    this.begin(stream, headers, endStream);
  }

  /** Hands a request's or response's header section up. */
  private begin(stream: Stream, headers: HeaderList, endStream: boolean): void {
    const contentLength = headers.get("content-length");
    if (contentLength !== undefined) {
      if (!/^[0-9]{1,15}$/.test(contentLength) || (endStream && Number(contentLength) > 0 && this.isServer)) {
        return this.streamError(
          stream,
          ErrorCode.PROTOCOL_ERROR,
          `content-length is ${JSON.stringify(contentLength)}`,
        );
      }
      if (!endStream) stream.contentLeft = Number(contentLength);
    }
    stream.sink.onHeaders(stream, headers, endStream);
    if (endStream) this.settle(stream);
  }

  /** Section 6.4. */
  private rstStream(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) return this.fail(ErrorCode.FRAME_SIZE_ERROR, `RST_STREAM of ${end - start} bytes`);
    if (this.isIdle(streamId)) return this.protocolError(`RST_STREAM on idle stream ${streamId}`);
    const stream = this.connection.streams.get(streamId);
    if (stream === undefined) return;
    const code = readUint32(bytes, start);
    // A server that has answered in full may ask the client to stop sending (section 8.1).
    if (code === ErrorCode.NO_ERROR && stream.remoteClosed && !this.isServer) {
      return this.connection.closeStream(stream, undefined);
    }
    const answered = stream.headersSent;
    const reason = `peer sent RST_STREAM ${errorCodeName(code)}`;
    const unprocessed = code === ErrorCode.REFUSED_STREAM;
    this.connection.closeStream(stream, new Http2Error("stream", code, "remote", reason, unprocessed));
    if (this.isServer && !answered) this.check(this.abuse.resets.spend(this.connection.now));
  }

  /** Section 6.5. */
  private settings(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    const connection = this.connection;
    if (streamId !== 0) return this.protocolError(`SETTINGS on stream ${streamId}`);
    if (flags & Flag.ACK) {
      if (start !== end) {
        return this.fail(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS acknowledgement with a payload");
      }
      if (!this.settingsReceived) return this.protocolError("the peer's first frame acknowledges SETTINGS");
      return this.settingsAcknowledged();
    }
    if ((end - start) % 6 !== 0) {
      return this.fail(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${end - start} bytes`);
    }
    if (this.settingsReceived && !this.check(this.abuse.settings.spend(connection.now))) return;
    this.settingsReceived = true;
    const { peerSettings } = connection;
    const couldOpen = connection.canOpen;
    const windowBefore = peerSettings.initialWindowSize;
    const error = peerSettings.apply(bytes, start, end, !this.isServer);
    if (error !== undefined) return this.abort(error);
    if (!this.adjustSendWindows(peerSettings.initialWindowSize - windowBefore)) return;
    connection.encoder.setPeerMaxTableSize(peerSettings.headerTableSize);
    writeSettingsAck(connection.output);
    connection.sink.onSettings(peerSettings);
    if (!this.isServer && !couldOpen && connection.canOpen) connection.sink.onCanOpen();
  }

  /** Section 6.5.3: from here on the peer keeps to what we announced. */
  private settingsAcknowledged(): void {
    const connection = this.connection;
    if (!connection.timers.isSet(Timer.SETTINGS_ACK)) return; // an ACK nobody waits for is no error
    connection.timers.stop(Timer.SETTINGS_ACK);
    this.decoder.setMaxTableSize(connection.settings.headerTableSize);
    connection.receiveWindows.settingsAcknowledged(connection.streams, connection.now);
  }

  /** Section 6.9.2: a new initial window changes the windows of open streams, below zero if need be. */
  private adjustSendWindows(change: number): boolean {
    if (change === 0) return true;
    for (const stream of this.connection.streams.all()) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        this.fail(ErrorCode.FLOW_CONTROL_ERROR, `SETTINGS made the window of stream ${stream.id} overflow`);
        return false;
      }
      if (change > 0) this.connection.windowGrew(stream);
    }
    return true;
  }

  /** Section 6.7. */
  private ping(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) return this.protocolError(`PING on stream ${streamId}`);
    if (end - start !== 8) return this.fail(ErrorCode.FRAME_SIZE_ERROR, `PING of ${end - start} bytes`);
    if (flags & Flag.ACK) return this.connection.pong(readUint32(bytes, start + 4));
    const { pings, now, sink } = this.connection;
    if (!this.check(pings.answer(readUint32(bytes, start), readUint32(bytes, start + 4), now))) return;
    sink.onOutput();
  }

  /** Section 6.8. */
  private goAway(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) return this.protocolError(`GOAWAY on stream ${streamId}`);
    if (end - start < 8) return this.fail(ErrorCode.FRAME_SIZE_ERROR, `GOAWAY of ${end - start} bytes`);
    const connection = this.connection;
    const { shutdown } = connection;
    const error = shutdown.receive(bytes, start, end);
    const { code, reason } = error;
    connection.sink.onGoAway(shutdown.peerLastStreamId, error);
    if (this.isServer) return code === ErrorCode.NO_ERROR ? undefined : connection.receiveEnd(error);
    for (const stream of connection.streams.all()) {
      if (stream.id <= shutdown.peerLastStreamId) continue;
      connection.ignoreLate(stream.id, stream.remoteClosed ? 0 : stream.receiveWindow);
      connection.closeStream(
        stream,
        new Http2Error("stream", ErrorCode.REFUSED_STREAM, "remote", reason, true),
      );
    }
    if (code !== ErrorCode.NO_ERROR) connection.receiveEnd(error);
    else connection.closeIfDrained();
  }

  /** Section 6.9. */
  private windowUpdate(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) {
      return this.fail(ErrorCode.FRAME_SIZE_ERROR, `WINDOW_UPDATE of ${end - start} bytes`);
    }
    const connection = this.connection;
    const increment = readUint31(bytes, start);
    if (streamId === 0) {
      if (increment === 0) return this.protocolError("WINDOW_UPDATE of 0 on the connection");
      connection.sendWindow += increment;
      if (connection.sendWindow > MAX_WINDOW_BYTES) {
        return this.fail(ErrorCode.FLOW_CONTROL_ERROR, "WINDOW_UPDATE made the connection's window overflow");
      }
      return connection.windowGrew(undefined);
    }
    const stream = connection.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) return this.protocolError(`WINDOW_UPDATE on idle stream ${streamId}`);
      return;
    }
    if (increment === 0) return this.streamError(stream, ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_BYTES) {
      return this.streamError(
        stream,
        ErrorCode.FLOW_CONTROL_ERROR,
        "WINDOW_UPDATE made the stream's window overflow",
      );
    }
    connection.windowGrew(stream);
  }

  /** Section 6.3: deprecated; only its form is checked. */
  private priority(streamId: number, length: number): void {
    if (streamId === 0) return this.protocolError("PRIORITY on stream 0");
    if (length === 5) return void this.check(this.abuse.emptyFrames.spend(this.connection.now));
    const stream = this.connection.streams.get(streamId);
    if (stream === undefined) return this.fail(ErrorCode.FRAME_SIZE_ERROR, `PRIORITY of ${length} bytes`);
    this.streamError(stream, ErrorCode.FRAME_SIZE_ERROR, `PRIORITY of ${length} bytes`);
  }

  private get isServer(): boolean {
    return this.connection.role === "server";
  }

  /** A number that no stream has had yet (section 5.1.1). Stream 0 counts as idle. */
  private isIdle(streamId: number): boolean {
    if (streamId === 0) return true;
    const ours = (streamId & 1) === (this.isServer ? 0 : 1);
    if (ours) return this.isServer || streamId >= this.connection.nextStreamId;
    return !this.isServer || streamId > this.connection.lastPeerStreamId;
  }

  /** Both directions ended: the stream is over, unless a callback has ended it already. */
  private settle(stream: Stream): void {
    if (stream.localClosed && !stream.closed) this.connection.closeStream(stream, undefined);
  }

  private streamError(stream: Stream, code: number, reason: string): void {
    this.connection.reset(stream, new Http2Error("stream", code, "library", reason));
    this.check(this.abuse.streamErrors.spend(this.connection.now) ?? this.abuse.countReply());
  }

  private protocolError(reason: string): void {
    this.fail(ErrorCode.PROTOCOL_ERROR, reason);
  }

  private fail(code: number, reason: string): void {
    this.connection.abort(new Http2Error("connection", code, "library", reason));
  }

  /** Ends the connection for `error`; true where there is none. */
  private check(error: Http2Error | undefined): boolean {
    if (error !== undefined) this.connection.abort(error);
    return error === undefined;
  }

  private get abuse(): Abuse {
    return this.connection.abuse;
  }
}
