// Header sections (RFC 9113, sections 4.3, 6.2, 6.10 and 8.1): HEADERS and CONTINUATIONs to a list of fields, and back.

import { ByteSink } from "../hpack/byte_sink.ts";
import { DecodeFailure, Decoder, type DecoderMemory } from "../hpack/decoder.ts";
import { Encoder } from "../hpack/encoder.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { connectionError, ErrorCode, type Http2Error } from "./error.ts";
import { writeHeaderBlock } from "./frame_writer.ts";
import { Flag } from "./frames.ts";
import { HeaderBlock } from "./header_block.ts";
import {
  CONTINUATION_FACTOR,
  DATA_FRAME_BYTES,
  HEADER_BLOCK_FACTOR,
  INITIAL_HEADER_TABLE_BYTES,
  MAX_EXCESS_FIELDS,
  MIN_HEADER_BLOCK_BYTES,
  MIN_MAX_FRAME_BYTES,
} from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import type { LocalSettings, PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { END_HEADERS, END_STREAM, PADDED, PRIORITY } = Flag;
const FRAME_BYTES = DATA_FRAME_BYTES;
const Failure = DecodeFailure;
const writeBlock = writeHeaderBlock;

/** Where a header block is encoded before it is cut into frames: every connection's, for it is used at once. */
const encoded = new ByteSink();

/** A header section that has come. */
export interface ReceivedSection {
  /** The stream it came on. */
  streamId: number;
  /** It ends the stream. */
  endStream: boolean;
  /** Its fields, or why there are none: the list is too large, though the dynamic table is in step. */
  fields: HeaderList | DecodeFailure;
}

/** Every connection's, for it is read at once. */
const received: ReceivedSection = {
  streamId: 0,
  endStream: false,
  fields: new DecodeFailure("too-large", ""),
};

/** Both directions' header sections of one connection. */
export class HeaderSections {
  /** The stream whose block is incomplete, or 0: only its CONTINUATION may come next (section 6.10). */
  incompleteStreamId = 0;
  private readonly decoder: Decoder;
  private readonly encoder = new Encoder();
  private readonly blockLimit: number;
  /** What has come of the incomplete one. */
  private block: HeaderBlock | undefined = undefined;

  /** Sections are written to `out`, in frames that `peer` takes; `memory` is of values that come. */
  constructor(
    local: LocalSettings,
    private readonly peer: PeerSettings,
    private readonly out: OutputBuffer,
    memory: DecoderMemory | undefined,
  ) {
    const { headerTableSize, maxHeaderListSize } = local;
    // Until the peer has acknowledged a smaller table it may use the initial one (section 4.3.1).
    const maxTableSize = Math.max(headerTableSize, INITIAL_HEADER_TABLE_BYTES);
    const maxExcessFields = MAX_EXCESS_FIELDS;
    this.decoder = new Decoder({ maxTableSize, maxHeaderListSize, maxExcessFields, memory });
    this.blockLimit = Math.max(MIN_HEADER_BLOCK_BYTES, maxHeaderListSize * HEADER_BLOCK_FACTOR);
  }

  /** The section that came last, to be read before anything else comes on any connection. */
  get received(): ReceivedSection {
    return received;
  }

  /** HEADERS (section 6.2). The section is whole, and in `received`, unless {@linkcode incompleteStreamId} says else. */
  headers(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    if (flags & (PADDED | PRIORITY)) {
      const fieldBytes = (flags & PADDED ? 1 : 0) + (flags & PRIORITY ? 5 : 0);
      if (end - start < fieldBytes) {
        return connectionError(ErrorCode.FRAME_SIZE_ERROR, `HEADERS of ${end - start} bytes`);
      }
      if (flags & PADDED) end -= bytes[start]!;
      start += fieldBytes;
      if (start > end) {
        const reason = `HEADERS on stream ${streamId} is padded beyond its length`;
        return connectionError(ErrorCode.PROTOCOL_ERROR, reason);
      }
    }
    const endStream = (flags & END_STREAM) !== 0;
    if (flags & END_HEADERS) return this.decode(streamId, endStream, bytes, start, end);
    this.incompleteStreamId = streamId;
    this.block = new HeaderBlock(endStream, this.blockLimit);
    return this.block.add(bytes, start, end) ? undefined : this.tooLong(streamId);
  }

  /** CONTINUATION (section 6.10); as {@linkcode headers}. */
  continuation(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    const { block } = this;
    if (block === undefined) {
      return connectionError(ErrorCode.PROTOCOL_ERROR, `CONTINUATION on stream ${streamId} without HEADERS`);
    }
    if (block.fragments > CONTINUATION_FACTOR * this.blockLimit / MIN_MAX_FRAME_BYTES) {
      const reason = `header block of stream ${streamId} is in too many pieces`;
      return connectionError(ErrorCode.ENHANCE_YOUR_CALM, reason);
    }
    if (!block.add(bytes, start, end)) return this.tooLong(streamId);
    if ((flags & END_HEADERS) === 0) return undefined;
    this.incompleteStreamId = 0;
    this.block = undefined;
    return this.decode(streamId, block.endStream, block.bytes, 0, block.length);
  }

  /** Encodes and writes a section now: HPACK is stateful, so it is never encoded before its turn. */
  write(
    stream: Stream,
    headers: HeaderList,
    extra: HeaderList | undefined,
    endStream: boolean,
    more?: HeaderList,
  ): void {
    const maxFrameBytes = Math.min(this.peer.maxFrameSize, FRAME_BYTES);
    const known = extra === undefined && more === undefined ? this.encoder.recall(headers) : undefined;
    if (known !== undefined) writeBlock(this.out, stream.id, known, known.length, endStream, maxFrameBytes);
    else {
      encoded.length = 0;
      this.encoder.encode(headers, extra, encoded, more);
      writeBlock(this.out, stream.id, encoded.bytes, encoded.length, endStream, maxFrameBytes);
    }
    stream.headersSent = true;
  }

  /** The peer's SETTINGS came: its table bounds ours (section 4.3.1). */
  peerSettingsChanged(): void {
    const { encoder, peer } = this;
    encoder.setPeerMaxTableSize(peer.leastHeaderTableSize);
    encoder.setPeerMaxTableSize(peer.headerTableSize);
  }

  /** Our SETTINGS_HEADER_TABLE_SIZE was acknowledged. */
  settingsAcknowledged(headerTableSize: number): void {
    this.decoder.setMaxTableSize(headerTableSize);
  }

  /** A whole block. It is always decoded, for the sake of the dynamic table (section 4.3). */
  private decode(
    streamId: number,
    endStream: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Http2Error | undefined {
    const fields = this.decoder.decode(bytes, start, end);
    if (fields instanceof Failure && fields.kind !== "too-large") {
      const { COMPRESSION_ERROR, ENHANCE_YOUR_CALM } = ErrorCode;
      const code = fields.kind === "excessive" ? ENHANCE_YOUR_CALM : COMPRESSION_ERROR;
      return connectionError(code, fields.reason);
    }
    received.streamId = streamId;
    received.endStream = endStream;
    received.fields = fields;
    return undefined;
  }

  private tooLong(streamId: number): Http2Error {
    const reason = `header block of stream ${streamId} is above ${this.blockLimit} bytes`;
    return connectionError(ErrorCode.ENHANCE_YOUR_CALM, reason);
  }
}
