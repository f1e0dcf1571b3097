// Cuts the received bytes into frames, wherever reads split them, and hands each to the connection.
//
// Whole frames are handled in place. DATA is handed on as it arrives, without waiting for the frame's end. Other
// frames that a read has split are put together in one buffer, which the maximum frame size bounds.

import { ErrorCode, Http2Error } from "./error.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, isTlsRecord, readUint31 } from "./frames.ts";
import type { Preface } from "./preface.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { END_STREAM, PADDED } = Flag;
const { DATA } = FrameType;
const HEADER_BYTES = FRAME_HEADER_BYTES;
const uint31 = readUint31;

/** Is called for each frame. */
export interface FrameVisitor {
  /** Nothing more is wanted: the connection was aborted. */
  readonly closed: boolean;
  /** A DATA frame begins; `frameBytes` count against flow control, `contentBytes` are the content's. */
  beginData(streamId: number, frameBytes: number, contentBytes: number, endStream: boolean): void;
  /**
   * A piece of the DATA frame that began last, `bytes[start, end)`; `last`: its last piece, which may be empty. One may come
   * though {@linkcode closed} is true.
   */
  data(bytes: Uint8Array, start: number, end: number, last: boolean): void;
  /** Any other frame; its payload is `bytes[start, end)`, valid during the call only. */
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void;
  /** The peer broke a rule of framing. */
  abort(error: Http2Error): void;
}

/** The frame reader of one connection. */
export class FrameReader {
  /** The frame, or frame header, that the last read left incomplete. */
  private partial: Uint8Array = EMPTY;
  private partialLength = 0;
  /** Of the DATA frame that is being received: whether its Pad Length octet is still to come. */
  private padLengthDue = false;
  private dataStreamId = 0;
  private dataFlags = 0;
  private dataFrameBytes = 0;
  private dataLeft = 0;
  private padLeft = 0;
  /** A DATA frame has begun and has not ended. */
  private inData = false;

  /** `maxFrameSize`: what we announced (section 4.2). `preface`: what a server awaits first. */
  constructor(
    private readonly handler: FrameVisitor,
    private readonly maxFrameSize: number,
    private preface?: Preface,
  ) {}

  /**
   * Takes what was read, from `from` to the end of the first frame that reaches `until`; returns where that is. Nothing of
   * `bytes` is kept here.
   */
  receive(bytes: Uint8Array, from = 0, until: number = bytes.length): number {
    let at = this.preface === undefined ? from : this.takePreface(this.preface, bytes);
    const end = bytes.length;
    while (at < end && at < until && !this.handler.closed) {
      if (this.inData) at = this.continueData(bytes, at, end);
      else if (this.partialLength > 0) at = this.fillPartial(bytes, at, end);
      else at = this.wholeFrame(bytes, at, end);
    }
    return at;
  }

  private takePreface(preface: Preface, bytes: Uint8Array): number {
    const taken = preface.take(bytes, this.handler);
    if (preface.left === 0) this.preface = undefined;
    return taken;
  }

  /** One frame at `at`, or what there is of it; gives where it ends. */
  private wholeFrame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return this.keepHeader(bytes, at, end);
    const length = frameLength(bytes, at);
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const streamId = uint31(bytes, at + 5);
    if (length > this.maxFrameSize) {
      this.tooLong(length, bytes, at);
      return end;
    }
    const payload = at + HEADER_BYTES;
    if (type === DATA) {
      if (flags & PADDED || end - payload < length) {
        this.startData(flags, streamId, length);
        return payload;
      }
      this.handler.beginData(streamId, length, length, (flags & END_STREAM) !== 0);
      this.handler.data(bytes, payload, payload + length, true);
      return payload + length;
    }
    if (end - payload < length) return this.keep(bytes, at, end, HEADER_BYTES + length);
    this.handler.frame(type, flags, streamId, bytes, payload, payload + length);
    return payload + length;
  }

  /** What there is of a header. A peer of another protocol may send less than a header, and wait or close. */
  private keepHeader(bytes: Uint8Array, at: number, end: number): number {
    if (isTlsRecord(bytes, at) && frameLength(bytes, at) > this.maxFrameSize) {
      this.tooLong(0, bytes, at);
      return end;
    }
    return this.keep(bytes, at, end, HEADER_BYTES);
  }

  private tooLong(length: number, bytes: Uint8Array, at: number): void {
    // Text read as a frame's header has a length of millions, and a type that no frame has: "HTTP", "SSH-", "220 ".
    const text = String.fromCharCode(...bytes.subarray(at, at + 24));
    let reason: string;
    if (/^[ -~]{4}/.test(text)) {
      reason = `peer does not speak HTTP/2: expected a frame, found ${JSON.stringify(text)}`;
    } else if (isTlsRecord(bytes, at)) {
      reason = "peer speaks TLS, and this connection is plaintext: give credentials for TLS";
    } else {
      reason =
        `frame of type ${bytes[at + 3]} on stream ${uint31(bytes, at + 5)} is ${length} bytes, above the ` +
        `maximum of ${this.maxFrameSize}`;
    }
    this.handler.abort(new Http2Error("connection", ErrorCode.FRAME_SIZE_ERROR, "library", reason));
  }

  /** Keeps the rest of a read as the beginning of `total` bytes. */
  private keep(bytes: Uint8Array, at: number, end: number, total: number): number {
    this.partial = new Uint8Array(total);
    this.partial.set(bytes.subarray(at, end));
    this.partialLength = end - at;
    return end;
  }

  /** Adds to the incomplete frame, and handles it once it is whole; gives how far `bytes` was used. */
  private fillPartial(bytes: Uint8Array, at: number, end: number): number {
    const taken = Math.min(end - at, this.partial.length - this.partialLength);
    this.partial.set(bytes.subarray(at, at + taken), this.partialLength);
    this.partialLength += taken;
    if (this.partialLength === this.partial.length) {
      const whole = this.partial;
      this.partial = EMPTY;
      this.partialLength = 0;
      // A header that has just become whole comes back here with its frame's length, unless the frame is DATA.
      this.wholeFrame(whole, 0, whole.length);
    }
    return at + taken;
  }

  private startData(flags: number, streamId: number, length: number): void {
    this.inData = true;
    this.dataStreamId = streamId;
    this.dataFlags = flags;
    this.dataFrameBytes = length;
    this.padLengthDue = (flags & PADDED) !== 0;
    this.dataLeft = length;
    if (this.padLengthDue && length === 0) {
      const reason = `DATA on stream ${streamId} is padded and has no Pad Length`;
      this.handler.abort(new Http2Error("connection", ErrorCode.FRAME_SIZE_ERROR, "library", reason));
      return;
    }
    if (!this.padLengthDue) this.beginData();
  }

  private beginData(): void {
    const endStream = (this.dataFlags & END_STREAM) !== 0;
    this.handler.beginData(this.dataStreamId, this.dataFrameBytes, this.dataLeft, endStream);
  }

  private continueData(bytes: Uint8Array, at: number, end: number): number {
    if (this.padLengthDue) {
      this.padLengthDue = false;
      this.padLeft = bytes[at++]!;
      this.dataLeft -= 1 + this.padLeft;
      if (this.dataLeft < 0) {
        this.badPadding();
        return end;
      }
      this.beginData();
      if (this.dataLeft === 0) this.handler.data(EMPTY, 0, 0, true);
    } else if (this.dataLeft > 0) {
      const taken = Math.min(end - at, this.dataLeft);
      this.dataLeft -= taken;
      this.handler.data(bytes, at, at + taken, this.dataLeft === 0);
      at += taken;
    }
    if (this.dataLeft === 0) {
      const skipped = Math.min(end - at, this.padLeft);
      this.padLeft -= skipped;
      at += skipped;
      this.inData = this.padLeft > 0;
    }
    return at;
  }

  private badPadding(): void {
    const reason = `DATA on stream ${this.dataStreamId} is padded beyond its ${this.dataFrameBytes} bytes`;
    this.handler.abort(new Http2Error("connection", ErrorCode.PROTOCOL_ERROR, "library", reason));
  }
}

function frameLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

const EMPTY = new Uint8Array(0);
