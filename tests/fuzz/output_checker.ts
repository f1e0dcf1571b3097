// Reads what a connection sends as a strict peer would: every frame must be one that RFC 9113 lets it send.
import { DecodeFailure, Decoder } from "../../transport/hpack/decoder.ts";
import { Flag, FrameType, readUint32 } from "../../transport/http2/frames.ts";
import { MAX_WINDOW_BYTES } from "../../transport/http2/limits.ts";
import { FrameReader, type FrameVisitor } from "../../transport/http2/frame_reader.ts";
import { Preface } from "../../transport/http2/preface.ts";
import { invariant } from "./target.ts";
import { reached } from "./trace.ts";

/** In the order of their numbers. */
const TYPE_NAMES = Object.keys(FrameType);

/** What was sent on one stream. */
interface Sent {
  headers: boolean;
  ended: boolean;
  reset: boolean;
}

/** The peer of one connection under test. Any rule that is broken throws. */
export class OutputChecker implements FrameVisitor {
  readonly closed = false;
  /** Octets that came in all. */
  bytes = 0;
  /** Octets of DATA. */
  dataBytes = 0;
  private readonly reader: FrameReader;
  private readonly decoder = new Decoder({ maxTableSize: 0xffff_ffff, maxHeaderListSize: 1e9 });
  private readonly streams = new Map<number, Sent>();
  private block: number[] = [];
  private blockStream = 0;
  private blockEnds = false;
  private frames = 0;
  private lastStreamId = Infinity;
  private failed = false;

  constructor(private readonly role: "client" | "server") {
    this.reader = new FrameReader(this, 16_384, role === "client" ? new Preface() : undefined);
  }

  /** Takes what was transmitted. */
  receive(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.reader.receive(bytes);
  }

  beginData(id: number, frameBytes: number, _contentBytes: number, endStream: boolean): void {
    this.ordered(FrameType.DATA, id);
    const stream = this.live(id, "DATA");
    invariant(stream.headers, `DATA on stream ${id} was sent before its headers`);
    this.dataBytes += frameBytes;
    stream.ended = endStream;
  }

  data(): void {}

  frame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    this.ordered(type, id);
    switch (type) {
      case FrameType.HEADERS:
        invariant((flags & (Flag.PADDED | Flag.PRIORITY)) === 0, "HEADERS with parts that we never send");
        this.headers(id, flags);
        return this.fragment(flags, bytes, start, end);
      case FrameType.CONTINUATION:
        invariant(this.blockStream === id, `CONTINUATION of stream ${id} was sent without HEADERS`);
        return this.fragment(flags, bytes, start, end);
      case FrameType.RST_STREAM: {
        const stream = this.stream(id);
        invariant(id > 0 && !stream.reset, `RST_STREAM of stream ${id} was sent twice`);
        stream.reset = true;
        return;
      }
      case FrameType.WINDOW_UPDATE: {
        const increment = readUint32(bytes, start);
        invariant(increment > 0 && increment <= MAX_WINDOW_BYTES, `WINDOW_UPDATE of ${increment} was sent`);
        if (id !== 0) {
          invariant(!this.stream(id).reset, `WINDOW_UPDATE of stream ${id} follows its RST_STREAM`);
        }
        return;
      }
      case FrameType.GOAWAY:
        return this.goAway(readUint32(bytes, start), readUint32(bytes, start + 4));
      default:
        invariant(type === FrameType.SETTINGS || type === FrameType.PING, `frame of type ${type} was sent`);
        invariant(id === 0, `frame of type ${type} was sent on stream ${id}`);
    }
  }

  abort(error: { readonly reason: string }): void {
    invariant(false, `the framing of what was sent is broken: ${error.reason}`);
  }

  private ordered(type: number, id: number): void {
    reached(TYPE_NAMES[type] ?? "unknown");
    invariant(this.frames++ > 0 || type === FrameType.SETTINGS, "the first frame was no SETTINGS");
    invariant(!this.failed, `a frame of type ${type} was sent after the GOAWAY of an error`);
    const inside = this.blockStream !== 0;
    invariant(
      !inside || (type === FrameType.CONTINUATION && id === this.blockStream),
      `a frame of type ${type} was sent inside a header block`,
    );
  }

  private headers(id: number, flags: number): void {
    invariant((id & 1) === 1, `HEADERS were sent on stream ${id}`);
    const stream = this.live(id, "HEADERS");
    if (this.role === "client" && !stream.headers) {
      invariant(Math.max(...this.streams.keys()) === id, `stream ${id} was opened after a later one`);
    }
    stream.headers = true;
    this.blockStream = id;
    this.blockEnds = (flags & Flag.END_STREAM) !== 0;
    this.block = [];
  }

  private fragment(flags: number, bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.block.push(bytes[i]!);
    if ((flags & Flag.END_HEADERS) === 0) return;
    const list = this.decoder.decode(Uint8Array.from(this.block), 0, this.block.length);
    if (list instanceof DecodeFailure) {
      invariant(false, `a header block that was sent is broken: ${list.reason}`);
    }
    this.stream(this.blockStream).ended = this.blockEnds;
    this.blockStream = 0;
  }

  /** Section 6.8: the number never grows, for the client may have tried elsewhere what is above it. */
  private goAway(lastStreamId: number, code: number): void {
    invariant(
      lastStreamId <= this.lastStreamId,
      `GOAWAY takes up to stream ${lastStreamId}, an earlier one up to ${this.lastStreamId}`,
    );
    this.lastStreamId = lastStreamId;
    this.failed = code !== 0;
  }

  private live(id: number, what: string): Sent {
    const stream = this.stream(id);
    invariant(!stream.ended && !stream.reset, `${what} on stream ${id} was sent after its end`);
    return stream;
  }

  private stream(id: number): Sent {
    let stream = this.streams.get(id);
    if (stream === undefined) this.streams.set(id, stream = { headers: false, ended: false, reset: false });
    return stream;
  }
}
