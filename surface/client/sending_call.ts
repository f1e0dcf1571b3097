// The sending half of a client's call: what it sends before it has a stream, on the stream, and again on the next one.

import { formatAddress } from "../../pollers/mod.ts";
import type {
  ClientStream,
  ClientStreamSink,
  ClientTransport,
  HeaderList,
  RequestTemplate,
  StreamStatus,
} from "../../transport/mod.ts";
import { CallCore, CallEvent } from "../call/call_core.ts";
import type { CallRecord } from "../call/call_observer.ts";
import { formatDestination } from "../channel/destination.ts";
import type { MethodConfig } from "../channel/service_config/method_config.ts";
import type { GivenOptions } from "./call_options.ts";
import type { CallPermission } from "./call_permission.ts";
import type { CallContext } from "./call_context.ts";
import { Replay } from "./replay.ts";
import { type Sender, Unwritten } from "./unwritten.ts";

const { STREAM_OPENED } = CallEvent;

/** What kept one request each, and will again: they are held until the answer, which makes new ones dear to collect. */
const spares: Replay[] = [];
const SPARE_REPLAYS = 1_024;

/** See the head of this file, and `client_call.ts` for the rest of the call. */
export abstract class SendingCall extends CallCore implements ClientStreamSink, Sender {
  declare protected readonly context: CallContext;
  declare protected readonly options: GivenOptions;
  declare protected template: RequestTemplate;
  declare protected requestStream: boolean;
  declare protected transport: ClientTransport | undefined;
  declare protected stream: ClientStream | undefined;
  /** What was sent, while the call may be made again; undefined where `encodeRequest` does that. */
  declare protected replay: Replay | undefined;
  /** The one request, encoded, of a call that waits for its first stream. */
  declare private waitingRequest: Uint8Array | undefined;
  /** For observers; undefined where there are none. */
  declare protected record: CallRecord | undefined;
  /** Who waits for what was sent to be written; undefined where nobody ever did. */
  declare protected unwritten: Unwritten | undefined;
  /** No stream is asked for before there is something to send. */
  declare protected waitsForRequest: boolean;
  /** See {@linkcode PendingCall}. */
  declare config: MethodConfig | undefined;
  /** What it needs before it has a stream; undefined where that is nothing. */
  declare protected permission: CallPermission | undefined;

  /** `requestStream`: requests come by `sendMessage`, not `encodeRequest`. */
  constructor(
    context: CallContext,
    template: RequestTemplate,
    requestStream: boolean,
    options: GivenOptions,
  ) {
    super();
    this.context = context;
    this.options = options;
    const { compression } = options;
    this.template = compression === undefined ? template : context.template(template.path, compression);
    this.requestStream = requestStream;
    this.transport = undefined;
    this.stream = undefined;
    this.replay = requestStream ? new Replay() : undefined;
    this.waitingRequest = undefined;
    this.record = undefined;
    this.unwritten = undefined;
    this.waitsForRequest = options.corked && requestStream;
    this.config = undefined;
    this.permission = undefined;
  }

  /** "/package.Service/Method". */
  get path(): string {
    return this.template.path;
  }

  /** The server's address, or the channel's target where there is no connection. */
  get peer(): string {
    const { transport } = this;
    return transport === undefined ? formatDestination(this.context.target) : formatAddress(transport.peer);
  }

  /** Streams of a channel that closes end, on connections that others use as well. */
  get channel(): object {
    return this.context.route;
  }

  // What a style does with its call.

  /**
   * Sends one message: `framed` holds 5 free octets and then the message. True: its memory is the caller's again; false:
   * it is not, but for {@linkcode onSentBytes}. It may come before there is a stream. `last`: nothing follows.
   */
  protected sendMessage(framed: Uint8Array, last = false): boolean {
    if (this.record !== undefined && !this.isOver) this.record.messageSent(framed);
    const { stream, replay } = this;
    if (this.isOver) return true;
    if (replay === undefined) return stream!.sendMessage(framed, last);
    replay.add(framed, last);
    if (stream === undefined) {
      if (this.waitsForRequest) this.uncork();
      return false;
    }
    const copied = stream.sendMessage(framed, last);
    if (!replay.isFull) return false;
    this.dropReplay(); // it is too much to be sent again
    return copied;
  }

  /** Requests come by `sendMessage` after all; before `start`, of a call that was made for one request. */
  protected streamRequests(): void {
    if (this.requestStream) return;
    this.requestStream = true;
    this.replay = new Replay();
  }

  /** Nothing more will be sent. */
  protected halfClose(): void {
    if (this.isOver) return;
    this.replay?.halfClose();
    if (this.waitsForRequest) this.uncork();
    else this.stream?.halfClose();
  }

  /** There is something to send: initial metadata goes with it. Before `start` that is not held back. */
  private uncork(): void {
    this.waitsForRequest = false;
    if (this.isStarted) this.askForStream();
  }

  /** Whether what is sent now would have to wait; `onReady` comes when that is over. */
  get writeBlocked(): boolean {
    return this.stream === undefined ? !this.waitsForRequest : this.stream.writeBlocked;
  }

  /** What was sent until now is in the socket: `onWritten`, once, unless the call ends before. */
  protected whenWritten(onWritten: () => void): void {
    (this.unwritten ??= new Unwritten(this)).add(onWritten, [this.stream]);
  }

  sendsOn(stream: ClientStream): boolean {
    return this.stream === stream && !this.isOver;
  }

  /** A message was taken: `wireBytes` as they came with it. */
  protected release(wireBytes: number): void {
    this.stream?.release(wireBytes);
  }

  // What a style is told.

  /** The one request, encoded, as `sendMessage` takes it: asked for with each attempt. Undefined: the call is over. */
  protected encodeRequest(): Uint8Array | undefined {
    throw new TypeError(`Cannot encode the request of ${this.path}: its requests are a stream`);
  }

  /** Requests can be sent: the stream is there, or what was queued has drained. */
  protected onReady(): void {}

  /** A corked call has begun: it asks for a stream with its first request. */
  protected onCorked(): void {}

  /** Memory that `sendMessage` kept is the caller's again. */
  protected onSentBytes(_framed: Uint8Array): void {}

  // For the rest of the call.

  /** Opens a stream of `transport`, and sends what there is. */
  protected open(transport: ClientTransport, timeoutMs: number | undefined): void {
    const framed = this.requestStream || this.replay !== undefined ? undefined : this.encodedRequest();
    if (framed === undefined && this.replay === undefined) return;
    if (!this.advance(STREAM_OPENED)) return;
    const stream = this.stream = transport.open(this.template, timeoutMs, this.sentMetadata, this);
    const goesOn = this.record === undefined || this.counts(this.record, framed);
    if (framed !== undefined) this.sendOnly(framed, goesOn ? stream : undefined);
    else if (goesOn && stream !== undefined) this.sendReplay(stream);
    if (this.unwritten !== undefined && stream !== undefined) this.unwritten.ask(stream);
    if (this.requestStream && !this.isOver && !stream!.writeBlocked) this.onReady();
  }

  /** The call has to wait for a stream: its request is that of now, whatever the application does with the message. */
  protected encodeWaiting(): void {
    if (this.requestStream || this.replay !== undefined) return;
    this.waitingRequest = this.encodeRequest();
  }

  /** The one request, as {@linkcode encodeRequest}. */
  protected encodedRequest(): Uint8Array | undefined {
    const { waitingRequest } = this;
    if (waitingRequest === undefined) return this.encodeRequest();
    this.waitingRequest = undefined;
    return waitingRequest;
  }

  /** Sends the one request on `stream`, where there is one; one that its policy may have sent again is kept. */
  private sendOnly(framed: Uint8Array, stream: ClientStream | undefined): void {
    let isFree = true;
    if (this.config !== undefined && this.config.retry !== undefined && stream !== undefined) {
      isFree = this.keepRequest(framed);
    }
    if (stream !== undefined && !stream.sendMessage(framed, true)) return;
    if (isFree) this.onSentBytes(framed);
    else if (this.replay !== undefined) this.replay.isFirstSent = true;
  }

  /** False: what is kept is in the memory of `framed`. */
  protected keepRequest(framed: Uint8Array): boolean {
    const replay = this.replay = spares.pop() ?? new Replay();
    const isFree = replay.addOnly(framed, this.context.keptRequests!);
    if (!replay.isFull) return isFree;
    this.dropReplay();
    return true;
  }

  private sendReplay(stream: ClientStream): void {
    const replay = this.replay!;
    replay.sendOn(stream);
    if (replay.isFull) this.dropReplay();
  }

  /** Nothing is sent again. What was sent just now may have ended the call, which had dropped it then. */
  protected dropReplay(): void {
    const { replay } = this;
    if (replay === undefined) return;
    const free = replay.drop();
    this.replay = undefined;
    if (!this.requestStream && spares.length < SPARE_REPLAYS) spares.push(replay);
    if (free !== undefined) this.onSentBytes(free);
  }

  /** Initial metadata: the call's own, and what its credentials added. */
  private get sentMetadata(): HeaderList | undefined {
    return this.permission === undefined ? this.options.headers : this.permission.headers;
  }

  /** Counts an attempt, and the one request with the first of them; false where the call is over. */
  private counts(record: CallRecord, framed: Uint8Array | undefined): boolean {
    if (this.isOver) return false;
    record.attempt(this.peer);
    if (framed !== undefined && record.attempts === 1) record.messageSent(framed);
    return !this.isOver;
  }

  /** There is something to send now. */
  protected abstract askForStream(): void;

  // From the stream.

  abstract onHeaders(metadata: HeaderList): void;
  abstract onMessage(bytes: Uint8Array, wireBytes: number): void;
  abstract onStatus(status: StreamStatus): void;

  /** The peer took what was queued. */
  onWritable(): void {
    if (this.requestStream && !this.isOver) this.onReady();
  }

  /** A message that had to wait is out. */
  onSent(framed: Uint8Array): void {
    if (this.replay === undefined) this.onSentBytes(framed);
    else this.replay.isFirstSent = true;
  }
}
