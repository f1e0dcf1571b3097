// The messages of a stream that has a grpc-encoding: inflated one by one, and no faster than they are taken.
//
// A few octets inflate to a thousand times as many, so a window of compressed messages may be gigabytes. They stay as they
// came while the application has enough that it has not taken: what is inflated of one stream is `AHEAD_BYTES` and one
// message at most, and that is within the limit of messages, which holds while it is inflated. What ends the stream in order
// (half-close, status) waits behind them, and the one request of a method that has one is inflated when it has ended. Streams without an encoding know nothing of all this.

import type { ApplicationCallback } from "../../pollers/contract/exec_ctx.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, Http2Error } from "../http2/error.ts";
import type { ReceivedMemory } from "../http2/received_memory.ts";
import type { ClientStreamSink, MessageSink, ServerStreamSink, StreamStatus } from "../transport.ts";
import type { MessageEncoding } from "./compression.ts";
import { NO_HEADERS } from "./headers.ts";
import { HeldMessages } from "./held_messages.ts";
import { type MessageError, type MessageLimits, tooLargeToReceive } from "./message_limits.ts";
import { MESSAGE_PREFIX_BYTES } from "./message_prefix.ts";
import { type MessageOwner, MessageReader } from "./message_reader.ts";
import { GrpcStatus, type StatusCode } from "./status_mapping.ts";

/** Inflated octets that are handed up before any of them is taken; the message that passes this is the last of them. */
const AHEAD_BYTES = 65_536;

/** What does not compress becomes larger: by 5 octets in 16 KiB and a header with the formats there are. */
const EXPANSION = 1 + 1 / 1_024;
const EXPANSION_BYTES = 64;

/** Reads messages of which some are compressed. */
export class InflatingReader extends MessageReader {
  constructor(
    private readonly inflation: Inflation<MessageSink>,
    memory: ReceivedMemory,
    maxBytes: number,
  ) {
    super(inflation, memory, maxBytes);
  }

  /** Whether the message that was handed up last is compressed. */
  get isCompressed(): boolean {
    return this.compressed === 1;
  }

  override taken(wireBytes: number): number {
    const released = super.taken(wireBytes);
    this.inflation.onTaken(wireBytes);
    return released;
  }

  /** A message cannot be handed up. */
  stop(code: StatusCode, message: string): void {
    this.fail(code, message);
  }

  protected override takesCompressed(): boolean {
    const { messageBytes, maxBytes } = this;
    if (messageBytes <= maxBytes * EXPANSION + EXPANSION_BYTES) return true;
    const { code, message } = tooLargeToReceive(messageBytes, maxBytes);
    return this.fail(code, message);
  }
}

/** Between a stream's reader and its sink; subclasses are the sinks of both sides. */
export abstract class Inflation<S extends MessageSink>
  implements MessageOwner, MessageSink, ApplicationCallback {
  /** Gets what comes of the stream; set before anything comes. */
  sink!: S;
  /** Owned by the turn. */
  callbackScheduled = false;
  /** What reads the stream. */
  readonly reader: InflatingReader;
  private readonly held = new HeldMessages();
  /** Octets of the wire that were handed up and not taken, and what they inflated to. */
  private untakenBytes = 0;
  private aheadBytes = 0;
  /** Nothing is handed up any more. */
  private over = false;

  /** `encoding`: the stream's; `owner`: the stream, which learns what is wrong with its messages. */
  constructor(
    protected readonly owner: MessageOwner,
    private readonly encoding: MessageEncoding,
    memory: ReceivedMemory,
    private readonly limits: MessageLimits,
  ) {
    this.reader = new InflatingReader(this, memory, limits.receiveBytes);
  }

  // From the reader.

  onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.over) return;
    const { isCompressed } = this.reader;
    const { held } = this;
    if (held.size === 0 && this.mayHandUp && !this.awaitsEnd) {
      return this.handUp(bytes, isCompressed, wireBytes);
    }
    held.push(bytes, isCompressed);
    if (held.size > 1 && this.awaitsEnd) this.runCallback(); // one too many, which the call is to learn
  }

  onConsumed(bytes: number, left: number): void {
    this.owner.onConsumed(bytes, left);
  }

  onMessageError(error: MessageError): void {
    this.drop();
    this.broken(error);
  }

  /** The application took messages: what waits behind them has its turn, but not on this stack. */
  onTaken(wireBytes: number): void {
    this.untakenBytes -= wireBytes;
    if (this.untakenBytes > 0) return;
    this.aheadBytes = 0;
    if (this.held.size > 0) this.limits.encodings!.execCtx.schedule(this);
  }

  /** From the turn. */
  runCallback(): void {
    const { held } = this;
    while (held.size > 0 && this.mayHandUp) {
      const bytes = held.shift();
      this.handUp(held.compressed ? bytes : new Uint8Array(bytes), held.compressed, wireBytesOf(bytes));
    }
    if (held.size === 0 && !this.over) this.caughtUp();
  }

  // From the stream.

  get singleMessage(): boolean {
    return this.sink.singleMessage ?? false;
  }

  onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.sink.onMessage(bytes, wireBytes);
  }

  onWritable(): void {
    this.sink.onWritable();
  }

  onSent(framed: Uint8Array): void {
    this.sink.onSent(framed);
  }

  // For subclasses.

  /** Whether what comes now has to wait behind messages. */
  protected get isBehind(): boolean {
    return this.held.size > 0;
  }

  /** Whether a message is of no use before the end. */
  protected get awaitsEnd(): boolean {
    return false;
  }

  /** Everything that waited was handed up. */
  protected abstract caughtUp(): void;

  /** No message can be handed up any more. */
  protected abstract broken(error: MessageError): void;

  /** Messages that wait will never be handed up. */
  protected drop(): void {
    this.over = true;
    this.held.clear();
  }

  /** A call with one message of the peer's does not take it before its end. */
  private get mayHandUp(): boolean {
    return this.aheadBytes < AHEAD_BYTES || this.singleMessage;
  }

  private handUp(bytes: Uint8Array, isCompressed: boolean, wireBytes: number): void {
    if (this.over) return;
    const message = isCompressed ? this.inflate(bytes) : bytes;
    if (message === undefined) return;
    this.untakenBytes += wireBytes;
    this.aheadBytes += message.length;
    this.sink.onMessage(message, wireBytes);
  }

  private inflate(bytes: Uint8Array): Uint8Array | undefined {
    const { encoding, limits: { receiveBytes } } = this;
    const inflated = encoding.inflate(bytes, receiveBytes);
    if (inflated instanceof Uint8Array) return inflated;
    const { tooLarge, reason } = inflated;
    const how = `inflated from ${encoding.name}`;
    if (tooLarge) {
      const message =
        `received message, ${how}, is above the limit of ${receiveBytes} bytes (maxReceiveMessageBytes)`;
      this.reader.stop(GrpcStatus.RESOURCE_EXHAUSTED, message);
    } else this.reader.stop(GrpcStatus.INTERNAL, `received message cannot be ${how}: ${reason}`);
    return undefined;
  }
}

/** Of a client's stream: the status waits behind messages. */
export class ClientInflation extends Inflation<ClientStreamSink> implements ClientStreamSink {
  private status: StreamStatus | undefined = undefined;

  get channel(): object | undefined {
    return this.sink.channel;
  }

  get holdsStatus(): boolean {
    return this.status !== undefined;
  }

  onHeaders(metadata: HeaderList): void {
    this.sink.onHeaders(metadata);
  }

  /** The server's own status waits; any other ends the call. */
  onStatus(status: StreamStatus): void {
    if (this.isBehind && status.cause === undefined) {
      this.status = status;
      return;
    }
    this.drop();
    this.status = undefined;
    this.sink.onStatus(status);
  }

  protected override caughtUp(): void {
    if (this.status !== undefined) this.onStatus(this.status);
  }

  protected override broken(error: MessageError): void {
    if (this.status === undefined) return this.owner.onMessageError(error);
    const { code, message } = error; // the stream is over already
    const cause = new Http2Error("stream", ErrorCode.CANCEL, "library", message);
    this.onStatus({ code, message, metadata: NO_HEADERS, cause, unprocessed: false });
  }
}

/** Of a server's stream: the end of the request waits behind messages. */
export class ServerInflation extends Inflation<ServerStreamSink> implements ServerStreamSink {
  private halfClosed = false;

  onHalfClose(): void {
    if (!this.isBehind) return this.sink.onHalfClose();
    this.halfClosed = true;
    if (this.singleMessage) this.runCallback();
  }

  /** A client that does not end its one request may take as long as it likes: that stays as small as it came meanwhile. */
  protected override get awaitsEnd(): boolean {
    return this.singleMessage && !this.halfClosed;
  }

  onMoreToCome(): void {
    this.sink.onMoreToCome?.();
  }

  onClosed(error: Http2Error | undefined, status?: StatusCode): void {
    this.drop();
    this.sink.onClosed(error, status);
  }

  protected override caughtUp(): void {
    if (!this.halfClosed) return;
    this.halfClosed = false;
    this.sink.onHalfClose();
  }

  protected override broken(error: MessageError): void {
    this.owner.onMessageError(error);
  }
}

function wireBytesOf(bytes: Uint8Array): number {
  return MESSAGE_PREFIX_BYTES + bytes.length;
}
