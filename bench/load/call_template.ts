// Unary calls, encoded once: what differs from call to call is the stream's number, and which of the header blocks.
import { Buffer } from "node:buffer";
import { Flag, FRAME_HEADER_BYTES, FrameType, writeFrameHeader } from "../../transport/http2/frames.ts";
import { callHeaders, HEADERS } from "../headers.mjs";
import { type WireText, wireText } from "./response_reader.ts";
import { type CallFields, type Field, headerScript, type Indexing } from "./header_script.ts";

/** Content of one DATA frame: what every peer accepts. */
const FRAME_BYTES = 16_384;

/** Messages from here on are not copied. */
const LARGE_BYTES = 2 ** 20;

/** What is called, and with which headers. */
export interface CallPlan {
  readonly port: number;
  readonly bodyBytes: number;
  /** What is called in place of the method that `headers` are for, "" for that one. */
  readonly method: string;
  readonly headers: keyof typeof HEADERS;
  readonly indexing: Indexing;
}

/** Frames of one call. */
export interface CallTemplate {
  /** HEADERS frames of the calls in their order; the first ones fill the peer's dynamic table. */
  readonly headers: readonly Uint8Array[];
  /** The one after the last. */
  readonly loopsAt: number;
  /** The response header that the server must have read, if any, and its value for each of `headers`. */
  readonly echoed: WireText | undefined;
  readonly expected: readonly WireText[];
  /** The gRPC message, prefix included: what is sent, and what must come back. */
  readonly message: Uint8Array;
  /** Where `message` is cut into DATA frames: the end of each. */
  readonly frameEnds: readonly number[];
  /**
   * All DATA frames of a large message, which are written as they are once they have the stream's number: copying them
   * would cost more than they do. Calls share it, so one is made at a time.
   */
  readonly framed: Uint8Array | undefined;
}

/** The template for a peer whose dynamic table may hold so many octets. */
export type Templates = (peerTableBytes: number) => CallTemplate;

/** Templates of `plan`, the usual one made at once and each one once. */
export function templatesOf(plan: CallPlan): Templates {
  const made = new Map([[4_096, callTemplate(plan, 4_096)]]);
  return (bytes) => {
    const template = made.get(bytes) ?? callTemplate(plan, bytes);
    made.set(bytes, template);
    return template;
  };
}

/** Calls by `plan`; the peer's dynamic table may hold `peerTableBytes`. */
function callTemplate(plan: CallPlan, peerTableBytes: number): CallTemplate {
  const { method: usual, echoed } = HEADERS[plan.headers];
  const method = plan.method === "" ? usual : plan.method;
  const calls: readonly Call[] = plan.headers === "none" ? [{ metadata: {} }] : callHeaders(plan.headers);
  const fields = calls.map((call) => fieldsOf(plan.port, method, call));
  const { blocks, loopsAt } = headerScript(fields, plan.indexing, peerTableBytes);
  const message = grpcMessage(plan.bodyBytes);
  const frameEnds: number[] = [];
  for (let at = 0; at < message.length; at += FRAME_BYTES) {
    frameEnds.push(Math.min(message.length, at + FRAME_BYTES));
  }
  return {
    headers: blocks.map(headersFrame),
    loopsAt,
    echoed: echoed === undefined ? undefined : wireText(echoed),
    expected: echoed === undefined
      ? []
      : blocks.map((_, i) => wireText(String(calls[i % calls.length]!.metadata[echoed]))),
    message,
    frameEnds,
    framed: message.length < LARGE_BYTES ? undefined : framedMessage(message, frameEnds),
  };
}

interface Call {
  readonly timeoutMs?: number | undefined;
  readonly metadata: Readonly<Record<string, string | Uint8Array>>;
}

function fieldsOf(port: number, method: string, { timeoutMs, metadata }: Call): CallFields {
  const common: Field[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", `/bench.Echo/${method[0]!.toUpperCase()}${method.slice(1)}`],
    [":authority", `127.0.0.1:${port}`],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ];
  const own = Object.entries(metadata).map(([name, value]): Field => [name, wireValue(value)]);
  if (timeoutMs !== undefined) own.unshift(["grpc-timeout", `${timeoutMs}m`]);
  return { common, own };
}

function wireValue(value: string | Uint8Array): string {
  return typeof value === "string" ? value : Buffer.from(value).toString("base64").replace(/=+$/, "");
}

function framedMessage(message: Uint8Array, frameEnds: readonly number[]): Uint8Array {
  const framed = new Uint8Array(message.length + frameEnds.length * FRAME_HEADER_BYTES);
  let [from, at] = [0, 0];
  for (const end of frameEnds) {
    writeFrameHeader(framed, at, end - from, FrameType.DATA, end === message.length ? Flag.END_STREAM : 0, 0);
    framed.set(message.subarray(from, end), at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + end - from;
    from = end;
  }
  return framed;
}

function headersFrame(block: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + block.length);
  writeFrameHeader(frame, 0, block.length, FrameType.HEADERS, Flag.END_HEADERS, 0);
  frame.set(block, FRAME_HEADER_BYTES);
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
