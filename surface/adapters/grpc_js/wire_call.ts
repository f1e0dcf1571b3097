// A client's call of octets, whose messages are asked for one by one: what grpc-js's calls are made of.

import { Buffer } from "../../../pollers/native/node_classes.ts";
import { type HeaderList, markUncompressed, type RequestTemplate } from "../../../transport/mod.ts";
import { type CallStatus, endedBy } from "../../call/call_status.ts";
import { MessageStore } from "../../call/message_store.ts";
import { Status } from "../../call/status.ts";
import { encodeFramed, reuseFramed } from "../../proto/mod.ts";
import { RAW_CODEC } from "../../proto/raw.ts";
import type { GivenOptions } from "../../client/call_options.ts";
import type { CallContext } from "../../client/call_context.ts";
import { ClientCall } from "../../client/client_call.ts";
import { type AuthContext, authContextOf } from "./auth_context.ts";
import type { InterceptingListener, MessageContext } from "./call_interface.ts";
import { later } from "./later.ts";
import { fromHeaders } from "./metadata.ts";
import { textOfError } from "./status.ts";

/** What decodes the response of a method that has one. */
export interface ResponseDecoder {
  /** Throws where it cannot. */
  responseDeserialize(octets: Buffer): unknown;
}

/** The bit of `MessageContext.flags` that keeps a message from being compressed. */
const NO_COMPRESS = 2;

/** One call. Its listener is called by `later`: metadata, messages as they are asked for, and the status. */
export class WireCall extends ClientCall {
  private reading = false;
  private stored: MessageStore | undefined = undefined;
  /** Is called when the next message may be sent. */
  private onWritten: MessageContext["callback"] = undefined;
  /** The status, while messages that came before are not read. */
  private lastStatus: CallStatus | undefined = undefined;

  /** Nothing happens before `start`. `single`: there is one response, which the listener gets decoded. */
  constructor(
    context: CallContext,
    template: RequestTemplate,
    options: GivenOptions,
    private readonly listener: InterceptingListener,
    private readonly single: ResponseDecoder | undefined,
  ) {
    super(context, template, true, options);
  }

  /** What TLS established of the connection that it is on, which need not be the channel's only one; null before it is on one. */
  get authContext(): AuthContext | null {
    return this.transport === undefined ? null : authContextOf(this.transport.security);
  }

  /** Where it does not know its method any number of messages may come. */
  override get singleMessage(): boolean {
    return this.single !== undefined;
  }

  /** The next message is wanted. */
  read(): void {
    const { stored } = this;
    if (stored === undefined || stored.size === 0) {
      this.reading = true;
      return;
    }
    const bytes = stored.shift();
    this.release(stored.takenBytes);
    this.deliver(bytes);
    if (stored.size > 0 || this.lastStatus === undefined) return;
    const status = this.lastStatus;
    this.lastStatus = undefined;
    this.stopWaiting();
    this.deliverStatus(status);
  }

  /** Sends `message`; `isLast`: and nothing more. */
  send(message: Uint8Array, { callback, flags = 0 }: MessageContext, isLast: boolean): void {
    const framed = encodeFramed(RAW_CODEC, message);
    if ((flags & NO_COMPRESS) !== 0) markUncompressed(framed);
    if (this.sendMessage(framed, isLast)) reuseFramed(framed);
    if (callback === undefined) return;
    if (this.isOver || !this.writeBlocked) later(callback);
    else this.onWritten = callback;
  }

  /** Nothing more will be sent. */
  endRequests(): void {
    this.halfClose();
  }

  // From the call.

  protected override onInitialMetadata(headers: HeaderList): void {
    later(() => this.listener.onReceiveMetadata(fromHeaders(headers)));
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    if (this.single !== undefined) return this.takeSingle(this.single, bytes, wireBytes);
    if (!this.reading) return (this.stored ??= new MessageStore()).push(bytes, wireBytes);
    this.reading = false;
    this.release(wireBytes);
    this.deliver(bytes);
  }

  protected override onReady(): void {
    const callback = this.onWritten;
    if (callback === undefined || this.writeBlocked) return;
    this.onWritten = undefined;
    later(callback);
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onEnd(status: CallStatus): void {
    const { stored, onWritten } = this;
    this.onWritten = undefined;
    if (onWritten !== undefined) later(onWritten);
    // Of an answer all messages can be read. What ended otherwise is over at once.
    if (endedBy(status) !== "remote") stored?.clear();
    if (stored === undefined || stored.size === 0) return this.deliverStatus(status);
    this.statusWaits = true;
    this.lastStatus = status;
  }

  protected override onGivenUp(status: CallStatus): void {
    if (this.lastStatus === undefined) return;
    this.lastStatus = undefined;
    this.stored?.clear();
    this.stopWaiting();
    this.deliverStatus(status);
  }

  /** Decoded as it comes, for its status may come with it: one that cannot be decoded ends the call, whatever the server says. */
  private takeSingle(single: ResponseDecoder, bytes: Uint8Array, wireBytes: number): void {
    let message: unknown;
    try {
      message = single.responseDeserialize(bufferOf(bytes));
    } catch (error) {
      const details = `Response message parsing error: ${textOfError(error)}`;
      return this.cancel(Status.INTERNAL, details, "library", error);
    }
    this.release(wireBytes);
    later(() => this.listener.onReceiveMessage(message));
  }

  private deliver(bytes: Uint8Array): void {
    const message = bufferOf(bytes);
    later(() => this.listener.onReceiveMessage(message));
  }

  private deliverStatus({ code, message, metadata }: CallStatus): void {
    later(() =>
      this.listener.onReceiveStatus({
        code: code as number,
        details: message,
        metadata: fromHeaders(metadata),
      })
    );
  }
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
