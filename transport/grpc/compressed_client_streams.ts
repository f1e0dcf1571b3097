// A client's streams that send or receive compressed messages: apart from others, for a client that compresses nothing.

import type { ReceivedMemory } from "../http2/received_memory.ts";
import type { Connection } from "../http2/connection.ts";
import type { ClientStreamSink } from "../transport.ts";
import { type ClientStreamLimits, GrpcClientStream, type StreamCompression } from "./client_stream.ts";
import { type CompressedStreams, encodedMessage, type MessageEncoding } from "./compression.ts";
import { ClientInflation } from "./inflation.ts";
import { type MessageLimits, tooLargeToSend } from "./message_limits.ts";
import { MESSAGE_PREFIX_BYTES } from "./message_prefix.ts";
import type { MessageOwner } from "./message_reader.ts";

/** One whose requests are compressed. */
class CompressingClientStream extends GrpcClientStream {
  /** `encoding`: what they are compressed by. */
  constructor(
    connection: Connection,
    sink: ClientStreamSink,
    limits: ClientStreamLimits,
    private readonly encoding: MessageEncoding,
  ) {
    super(connection, sink, limits);
  }

  /** The limit is of what the application sends. What is sent is ours, so the application has its memory back at once. */
  override sendMessage(framed: Uint8Array, last = false): boolean {
    const bytes = framed.length - MESSAGE_PREFIX_BYTES;
    const { sendBytes } = this.limits;
    if (bytes > sendBytes) this.onMessageError(tooLargeToSend(bytes, sendBytes));
    else {
      if (!this.stream.closed) this.connection.messagesSent++;
      this.connection.sendData(this.stream, encodedMessage(this.encoding, framed), last);
    }
    return true;
  }

  /** It was never the application's. */
  override onSent(): void {}
}

const COMPRESSION: StreamCompression = {
  purpose: "compressed streams",
  compressing: (connection, sink, limits, encoding) =>
    new CompressingClientStream(connection, sink, limits, encoding),
  inflating(
    owner: MessageOwner,
    sink: ClientStreamSink,
    encoding: MessageEncoding,
    memory: ReceivedMemory,
    limits: MessageLimits,
  ) {
    const inflation = new ClientInflation(owner, encoding, memory, limits);
    inflation.sink = sink;
    return inflation;
  },
};

/** Compresses and inflates what streams say is compressed. */
export const compressedStreams: CompressedStreams = COMPRESSION;
