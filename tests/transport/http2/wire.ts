// The other side of a connection under test, made of bytes: builds frames by hand and parses what was sent.

import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { Connection, type ConnectionOptions } from "../../../transport/http2/connection.ts";
import { errorCodeName } from "../../../transport/http2/error.ts";
import { newKeepalive } from "../../../transport/http2/keepalive.ts";
import type { ManagementOptions } from "../../../transport/http2/parts.ts";
import { concat } from "../../bytes.ts";
import { brief, drainOutput, Recorder, sideOf } from "../pair.ts";

export const TYPES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
] as const;
export type TypeName = typeof TYPES[number];

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 0x20;

export const REQUEST: ReadonlyArray<readonly [string, string]> = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a.B/C"],
  [":authority", "test"],
];
export const REQUEST_LIST: HeaderList = HeaderList.of(REQUEST);
export const RESPONSE_LIST: HeaderList = HeaderList.of([[":status", "200"]]);
export const TRAILERS_LIST: HeaderList = HeaderList.of([["grpc-status", "0"]]);

/** One parsed frame. */
export interface WireFrame {
  type: string;
  flags: number;
  id: number;
  payload: Uint8Array;
}

export function uint32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => new DataView(bytes.buffer).setUint32(i * 4, value));
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function frame(type: TypeName | number, flags: number, id: number, payload: Uint8Array): Uint8Array {
  const number = typeof type === "number" ? type : TYPES.indexOf(type);
  const { length } = payload;
  return concat(Uint8Array.of(length >> 16, length >> 8, length, number, flags), uint32(id), payload);
}

export function setting(...pairs: Array<[id: number, value: number]>): Uint8Array {
  const payload = pairs.map(([id, value]) => concat(Uint8Array.of(id >> 8, id), uint32(value)));
  return frame("SETTINGS", 0, 0, concat(...payload));
}

export const EMPTY: Uint8Array = new Uint8Array(0);
export const SETTINGS_ACK: Uint8Array = frame("SETTINGS", ACK, 0, EMPTY);
export const PREFACE: Uint8Array = ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function windowUpdate(id: number, increment: number): Uint8Array {
  return frame("WINDOW_UPDATE", 0, id, uint32(increment));
}

export function rst(id: number, code: number): Uint8Array {
  return frame("RST_STREAM", 0, id, uint32(code));
}

export function goAway(lastId: number, code: number, debug = ""): Uint8Array {
  return frame("GOAWAY", 0, 0, concat(uint32(lastId, code), ascii(debug)));
}

export function data(id: number, bytes: Uint8Array | number, flags = 0): Uint8Array {
  return frame("DATA", flags, id, typeof bytes === "number" ? new Uint8Array(bytes) : bytes);
}

export function parse(bytes: Uint8Array): WireFrame[] {
  const frames: WireFrame[] = [];
  let at = 0;
  if (String.fromCharCode(...bytes.subarray(0, 3)) === "PRI") at = PREFACE.length;
  while (at < bytes.length) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const length = view.getUint32(0) >>> 8;
    frames.push({
      type: TYPES[view.getUint8(3)] ?? `type ${view.getUint8(3)}`,
      flags: view.getUint8(4),
      id: view.getUint32(5),
      payload: bytes.subarray(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return frames;
}

/** `RST_STREAM 1 CANCEL`, `GOAWAY 0 PROTOCOL_ERROR`, `WINDOW_UPDATE 1 +5`, `DATA 1 12 end`, `HEADERS 1 end`. */
export function describe({ type, flags, id, payload }: WireFrame): string {
  const end = flags & END_STREAM ? " end" : "";
  const number = (at: number) => new DataView(payload.buffer, payload.byteOffset + at).getUint32(0);
  switch (type) {
    case "RST_STREAM":
      return `RST_STREAM ${id} ${errorCodeName(number(0))}`;
    case "GOAWAY":
      return `GOAWAY ${number(0)} ${errorCodeName(number(4))}`;
    case "WINDOW_UPDATE":
      return `WINDOW_UPDATE ${id} +${number(0)}`;
    case "DATA":
      return `DATA ${id} ${payload.length}${end}`;
    case "SETTINGS":
    case "PING":
      return `${type}${flags & ACK ? " ack" : ""}`;
    case "CONTINUATION":
      return `CONTINUATION ${id}`;
    default:
      return `${type} ${id}${end}`;
  }
}

/** A connection whose peer is the test. Its first exchange is over unless `handshake` is false. */
export class Bench {
  readonly sink = new Recorder();
  readonly connection: Connection;
  readonly encoder = new Encoder();
  now = 1_000;

  constructor(
    role: "client" | "server",
    settings: ConnectionOptions["settings"] = {},
    options: {
      handshake?: boolean;
      peer?: Array<[number, number]>;
      management?: ManagementOptions;
    } = {},
  ) {
    this.connection = new Connection(
      { ...sideOf(role), settings, management: { makeKeepalive: newKeepalive, ...options.management } },
      this.sink,
    );
    this.connection.start(this.now);
    if (options.handshake === false) return;
    if (role === "server") this.send(PREFACE);
    this.send(setting(...options.peer ?? []), SETTINGS_ACK);
    this.sent();
    this.sink.take();
  }

  /** Gives bytes to the connection in one read; what is due at once comes behind them, as it does with a driver. */
  send(...parts: Uint8Array[]): this {
    const { connection, now } = this;
    connection.receive(concat(...parts), now);
    if (connection.nextTimeout() === now) connection.handleTimeout(now);
    return this;
  }

  /** Lets `ms` pass; what is due meanwhile happens when it is due. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (let at = this.connection.nextTimeout(); at <= end; at = this.connection.nextTimeout()) {
      this.now = at;
      this.connection.handleTimeout(at);
    }
    this.now = end;
    return this;
  }

  /** A header block of `fields`. */
  block(fields: Iterable<readonly [string, string]>): Uint8Array {
    const out = new ByteSink();
    this.encoder.encode(HeaderList.of(fields), undefined, out);
    return out.bytes.slice(0, out.length);
  }

  /** HEADERS in one frame. */
  headers(id: number, fields: Iterable<readonly [string, string]> = REQUEST, endStream = false): Uint8Array {
    return frame("HEADERS", END_HEADERS | (endStream ? END_STREAM : 0), id, this.block(fields));
  }

  /** What the connection has sent since the last call, described. */
  sent(): string[] {
    return this.frames().map(describe);
  }

  /** What the connection has sent since the last call. */
  frames(): WireFrame[] {
    return parse(drainOutput(this.connection));
  }

  /** Opens a stream as a client. */
  open(endStream = false) {
    return this.connection.open(REQUEST_LIST, undefined, endStream, this.sink);
  }

  /** The connection's end, as `kind CODE initiator`, or "open". */
  get outcome(): string {
    return this.connection.closed ? brief(this.sink.error) : "open";
  }
}
