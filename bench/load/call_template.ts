// One unary call, encoded once: what differs from call to call is the stream's number alone.
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { Encoder } from "../../transport/hpack/encoder.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, writeFrameHeader } from "../../transport/http2/frames.ts";

/** Content of one DATA frame: what every peer accepts. */
const FRAME_BYTES = 16_384;

/** Frames of one call. */
export interface CallTemplate {
  /** The first call's HEADERS, which fill the peer's dynamic table. */
  readonly firstHeaders: Uint8Array;
  /** HEADERS of every later call: indexes only. */
  readonly headers: Uint8Array;
  /** The gRPC message, prefix included: what is sent, and what must come back. */
  readonly message: Uint8Array;
  /** Where `message` is cut into DATA frames: the end of each. */
  readonly frameEnds: readonly number[];
}

/** Calls of bench.Echo/Unary with a body of `bodyBytes`; the peer's dynamic table may hold `peerTableBytes`. */
export function callTemplate(port: number, bodyBytes: number, peerTableBytes: number): CallTemplate {
  const encoder = new Encoder();
  encoder.setPeerMaxTableSize(peerTableBytes);
  const list = HeaderList.of([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/bench.Echo/Unary"],
    [":authority", `127.0.0.1:${port}`],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ]);
  const message = grpcMessage(bodyBytes);
  const frameEnds: number[] = [];
  for (let at = 0; at < message.length; at += FRAME_BYTES) {
    frameEnds.push(Math.min(message.length, at + FRAME_BYTES));
  }
  return {
    firstHeaders: headersFrame(encoder, list),
    headers: headersFrame(encoder, list),
    message,
    frameEnds,
  };
}

function headersFrame(encoder: Encoder, list: HeaderList): Uint8Array {
  const block = new ByteSink();
  encoder.encode(list, undefined, block);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + block.length);
  writeFrameHeader(frame, 0, block.length, FrameType.HEADERS, Flag.END_HEADERS, 0);
  frame.set(block.bytes.subarray(0, block.length), FRAME_HEADER_BYTES);
  return frame;
}

/** Prefix, field 1 of wire type 2, length, body; an empty body is an empty message. */
function grpcMessage(bodyBytes: number): Uint8Array {
  const payload = [];
  if (bodyBytes > 0) {
    payload.push(0x0a);
    let rest = bodyBytes;
    for (; rest >= 0x80; rest >>>= 7) payload.push((rest & 0x7f) | 0x80);
    payload.push(rest);
  }
  const length = payload.length + bodyBytes;
  const message = new Uint8Array(5 + length).fill(120);
  message.set([0, length >>> 24, length >>> 16, length >>> 8, length, ...payload]);
  return message;
}
