// Calls over a connection whose peer is the test: what a client's or a server's sink hears, one line an event.

import { Decoder } from "../../../transport/hpack/decoder.ts";
import type { HeaderList } from "../../../transport/hpack/header_list.ts";
import { type ClientStreamLimits, GrpcClientStream } from "../../../transport/grpc/client_stream.ts";
import { requestTemplate } from "../../../transport/grpc/headers.ts";
import type { MessageLimits } from "../../../transport/grpc/message_limits.ts";
import { GrpcServerStream } from "../../../transport/grpc/server_stream.ts";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import type {
  RequestHead,
  ServerStream,
  ServerStreamSink,
  StreamStatus,
} from "../../../transport/transport.ts";
import type { Http2Error } from "../../../transport/http2/error.ts";
import type { LocalSettings } from "../../../transport/http2/settings.ts";
import { concat } from "../../bytes.ts";
import { brief } from "../pair.ts";
import { Bench, uint32 } from "../http2/wire.ts";

/** The largest message these calls receive. */
const MAX_MESSAGE_BYTES = 100;

export const RESPONSE: ReadonlyArray<readonly [string, string]> = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
export const REQUEST: ReadonlyArray<readonly [string, string]> = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a.B/C"],
  [":authority", "test"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
];

/** A length-prefixed message with content of `length` octets. */
export function message(length: number, flag = 0): Uint8Array {
  return concat(Uint8Array.of(flag), uint32(length), new Uint8Array(length).fill(0x61));
}

/** The name of a status code. */
export function codeName(code: number): string {
  return Object.entries(GrpcStatus).find(([, value]) => value === code)?.[0] ?? `code ${code}`;
}

/** A client's call on stream 1; the test is the server. */
export class ClientCall {
  readonly bench: Bench;
  readonly events: string[] = [];
  readonly stream: GrpcClientStream;
  status: StreamStatus | undefined;
  singleMessage = false;

  /** `peer`: the server's SETTINGS; `limits`: the largest messages; `settings`: the client's own. */
  constructor(
    peer: Array<[id: number, value: number]> = [],
    limits: Partial<ClientStreamLimits> = {},
    settings: Partial<LocalSettings> = {},
  ) {
    this.bench = new Bench("client", settings, { peer });
    const { connection } = this.bench;
    this.stream = new GrpcClientStream(connection, this, {
      receiveBytes: MAX_MESSAGE_BYTES,
      sendBytes: Infinity,
      ...limits,
    });
    const { headers } = requestTemplate("/a.B/C", "test", "http", "test/1");
    this.stream.stream = connection.open(headers, undefined, false, this.stream);
    this.bench.sent();
  }

  onHeaders(metadata: HeaderList): void {
    this.events.push(["headers", ...[...metadata].map((field) => field.join("="))].join(" "));
  }
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.events.push(`message ${bytes.length}`);
    this.stream.release(wireBytes);
  }
  onWritable(): void {
    this.events.push("writable");
  }
  onSent(framed: Uint8Array): void {
    this.events.push(`sent ${framed.length}`);
  }
  onStatus(status: StreamStatus): void {
    this.status = status;
    this.events.push(codeName(status.code));
  }
}

/** A server's calls; the test is the client. */
export class ServerCalls implements ServerStreamSink {
  readonly bench: Bench;
  readonly events: string[] = [];
  stream: ServerStream | undefined;
  singleMessage = false;

  /** `peer`: the client's SETTINGS; `limits`: the largest messages; `settings`: the server's own. */
  constructor(
    peer: Array<[id: number, value: number]> = [],
    limits: Partial<MessageLimits> = {},
    settings: Partial<LocalSettings> = {},
  ) {
    const { connection, sink } = this.bench = new Bench("server", settings, { peer });
    sink.onStream = (stream) =>
      new GrpcServerStream(connection, stream, this, {
        receiveBytes: MAX_MESSAGE_BYTES,
        sendBytes: Infinity,
        ...limits,
      });
  }

  beginCall(call: ServerStream, head: RequestHead): this {
    this.stream = call;
    this.events.push(`begin ${head.path}`);
    this.onBegin(head);
    return this;
  }

  /** Called with the head of each call. */
  onBegin(_head: RequestHead): void {}

  onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.events.push(`message ${bytes.length}`);
    this.stream!.release(wireBytes);
  }
  onHalfClose(): void {
    this.events.push("half-close");
  }
  onWritable(): void {
    this.events.push("writable");
  }
  onSent(framed: Uint8Array): void {
    this.events.push(`sent ${framed.length}`);
  }
  onClosed(error: Http2Error | undefined): void {
    this.events.push(`closed ${brief(error)}`);
  }

  /** The header lists that went to the client since the last call. */
  answers(): Array<Array<[string, string]>> {
    return this.answeredLists().map((list) => [...list]);
  }

  /** The same as lists. */
  answeredLists(): HeaderList[] {
    const blocks: Uint8Array[] = [];
    for (const { type, payload } of this.bench.frames()) {
      if (type === "HEADERS") blocks.push(payload);
      else if (type === "CONTINUATION") blocks.push(concat(blocks.pop()!, payload));
    }
    return blocks.map((block) => this.decode(block));
  }

  /** A header block that went to the client; each has its turn, for HPACK has a state. */
  decode(block: Uint8Array): HeaderList {
    const list = this.decoder.decode(block, 0, block.length);
    if ("reason" in list) throw new Error(list.reason);
    return list;
  }

  private readonly decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 10_000_000 });
}
