// A server's call of octets, whose messages are asked for one by one: what calls of grpc-js's servers are made of.

import { formatAddress } from "../../../pollers/mod.ts";
import type { HeaderList, RequestHead, ServerStream, StatusCode } from "../../../transport/mod.ts";
import { MessageStore } from "../../call/message_store.ts";
import { encodeFramed, reuseFramed } from "../../proto/mod.ts";
import { RAW_CODEC } from "../../proto/raw.ts";
import type { CallHost } from "../../server/call_host.ts";
import type { RegisteredMethod } from "../../server/method_style.ts";
import type { ServedConnection } from "../../server/served_connection.ts";
import { ServerCallCore } from "../../server/server_call_core.ts";
import { later } from "./later.ts";

/** What comes of a call, each by `later`. */
export interface OctetsListener {
  /** It is the handler's turn. */
  onBegin(call: ServedOctets): void;
  /** A message that was asked for. */
  onOctets(octets: Uint8Array): void;
  /** The end of messages, which was asked for. */
  onHalfClose(): void;
  /** The call is over, whatever ended it. */
  onOver(): void;
}

/** One call. */
export class ServedOctets extends ServerCallCore {
  private reading = false;
  private stored: MessageStore | undefined = undefined;
  /** The client sends no more, and who reads has not come to that. */
  private halfClosed = false;
  private headersSent = false;
  /** Is called when the next message may be sent. */
  private onWritten: (() => void) | undefined = undefined;
  private hasBegun = false;

  /** Made when its stream is there. */
  constructor(
    host: CallHost,
    method: RegisteredMethod,
    stream: ServerStream,
    head: RequestHead,
    connection: ServedConnection,
    receivedAt: number,
    private readonly listener: OctetsListener,
  ) {
    super(host, method, stream, head, connection, receivedAt);
  }

  /** The client's address. */
  get peerName(): string {
    return formatAddress(this.peer);
  }

  /** The next message, or the end of them, is wanted. */
  read(): void {
    const { stored } = this;
    if (stored !== undefined && stored.size > 0) {
      const octets = stored.shift();
      this.release(stored.takenBytes);
      later(() => this.listener.onOctets(octets));
    } else if (this.halfClosed) {
      this.halfClosed = false;
      later(() => this.listener.onHalfClose());
    } else this.reading = true;
  }

  /** Sends initial metadata, unless it was sent. */
  sendHeaders(headers: HeaderList | undefined): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.sendInitialMetadata(headers);
  }

  /** Sends a message; `onWritten`: the next one may be sent. */
  send(octets: Uint8Array, onWritten: () => void): void {
    this.headersSent = true;
    const framed = encodeFramed(RAW_CODEC, octets);
    if (this.sendMessage(framed)) reuseFramed(framed);
    if (this.isOver) return;
    if (this.writeBlocked) this.onWritten = onWritten;
    else onWritten();
  }

  /** Gives what a handler threw to whom the server reports to. */
  reportThrown(error: unknown): void {
    this.report(error, "handler");
  }

  /** Ends the call. */
  finishWith(code: StatusCode, details: string, fields: readonly string[]): void {
    if (this.isOver) return;
    this.sendStatus(code, details, fields);
    this.over();
  }

  // From the call.

  protected override onTurn(): void {
    this.hasBegun = true;
    if (!this.method.requestStream) {
      (this.stored = new MessageStore()).push(this.takeRequest(), 0);
      this.halfClosed = true;
    }
    later(() => this.listener.onBegin(this));
  }

  protected override onRequestBytes(bytes: Uint8Array, wireBytes: number): void {
    if (!this.reading) return (this.stored ??= new MessageStore()).push(bytes, wireBytes);
    this.reading = false;
    this.release(wireBytes);
    later(() => this.listener.onOctets(bytes));
  }

  protected override onRequestsEnd(): void {
    this.halfClosed = true;
    if (this.reading) {
      this.reading = false;
      this.read();
    }
  }

  protected override onReady(): void {
    const { onWritten } = this;
    if (onWritten === undefined || this.writeBlocked) return;
    this.onWritten = undefined;
    later(onWritten);
  }

  protected override onSentBytes(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  protected override onCancelled(): void {
    this.over();
  }

  /** Handlers are functions with callbacks: nobody knows how long one goes on after its call. */
  private over(): void {
    this.stored?.clear();
    this.onWritten = undefined;
    if (this.hasBegun) later(() => this.listener.onOver());
    this.handlerEnded();
  }
}
