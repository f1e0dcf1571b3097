// One call being served: the one implementation under all four kinds of handler.

import {
  callApplication,
  type ErrorPlace,
  formatAddress,
  messageOf,
  propertyOf,
  type SocketAddress,
  type TaskHandle,
  trace,
} from "../../pollers/mod.ts";
import {
  HeaderList,
  type Http2Error,
  type RequestHead,
  type ServerStream,
  type ServerStreamSink,
} from "../../transport/mod.ts";
import { CallAbort } from "../call/call_signal.ts";
import { isDeadlineExceeded } from "../call/deadline.ts";
import { Inbox, type InboxOwner } from "../call/inbox.ts";
import { Metadata, type MetadataInit } from "../call/metadata.ts";
import { isSource, Producer, type ProducerSink } from "../call/producer.ts";
import { isRpcError, RpcError } from "../call/rpc_error.ts";
import { Status, type StatusCode, statusName } from "../call/status.ts";
import { DecodeError, encodeFramed, reuseFramed } from "../proto/mod.ts";
import type { CallHost } from "./call_host.ts";
import type { WaitingCall } from "./handler_slots.ts";
import type { ServedConnection } from "./served_connection.ts";
import type { ServerCall } from "./server_call.ts";
import type { RegisteredMethod } from "./service.ts";
import { statusOfThrown } from "./thrown_status.ts";

/** A call from its request header section to its status. What it does not need is never made. */
export class ServerCallImpl
  implements ServerStreamSink, ServerCall, InboxOwner<unknown>, ProducerSink<unknown>, WaitingCall {
  /** The one request, encoded, until the handler begins. */
  private request: Uint8Array | undefined = undefined;
  private inbox: Inbox<unknown> | undefined = undefined;
  private producer: Producer<unknown> | undefined = undefined;
  private abort: CallAbort | undefined = undefined;
  private receivedMetadata: Metadata | undefined = undefined;
  private sentTrailers: Metadata | undefined = undefined;
  private deadlineTask: TaskHandle | undefined = undefined;
  private readonly deadlineAt: number;
  /** The handler's turn has not come yet; or it runs, whatever has become of the stream. */
  private handlerState: "none" | "waits" | "runs" = "none";
  /** A status was sent, or the stream is closed. */
  private ended = false;
  /** Ended otherwise than by the handler. */
  private wasCancelled = false;

  /** Streaming requests begin their handler at the end of the turn, the others once their message is there. */
  constructor(
    private readonly host: CallHost,
    private readonly method: RegisteredMethod,
    private readonly stream: ServerStream,
    private readonly head: RequestHead,
    private readonly connection: ServedConnection,
    receivedAt: number,
  ) {
    // What few calls need stands in methods of its own: the compiler inlines a short constructor, which is worth 4%.
    host.callBegins();
    this.deadlineAt = head.timeoutMs === undefined ? Infinity : receivedAt + head.timeoutMs;
    if (this.deadlineAt !== Infinity) this.setDeadline();
    if (trace.call) this.traceBegin();
    const { kind } = method.descriptor;
    if (kind === "clientStreaming" || kind === "bidiStreaming") {
      this.inbox = new Inbox(this);
      host.engine.execCtx.defer(() => this.startHandler());
    }
  }

  /** The method's path. */
  get path(): string {
    return this.head.path;
  }

  /** The client's address. */
  get peer(): SocketAddress {
    return this.connection.peer;
  }

  /** The authority asked for. */
  get authority(): string {
    return this.head.authority;
  }

  /** Made when it is first asked for. */
  get metadata(): Metadata {
    return this.receivedMetadata ??= Metadata.fromHeaders(this.head.metadata);
  }

  /** Made when it is first asked for. */
  get trailers(): Metadata {
    return this.sentTrailers ??= new Metadata();
  }

  get timeRemainingMs(): number | undefined {
    return this.deadlineAt === Infinity ? undefined : Math.max(0, this.deadlineAt - this.host.engine.now());
  }

  /** Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.abort === undefined) {
      this.abort = new CallAbort((error) => this.report(error, "abort listener"));
      if (this.wasCancelled) this.abort.abort(new RpcError(Status.CANCELLED, "call is over"));
    }
    return this.abort.signal;
  }

  get cancelled(): boolean {
    return this.wasCancelled;
  }

  sendMetadata(metadata: Metadata | MetadataInit): void {
    if (this.ended) return;
    const excess = this.stream.sendHeaders(Metadata.from(metadata).toHeaders());
    if (excess !== undefined) this.cancelWith(Status.RESOURCE_EXHAUSTED, excess);
  }

  // From the transport.

  /** There is one request, unless they are streamed. */
  get singleMessage(): boolean {
    return this.inbox === undefined;
  }

  /** A request message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (this.ended) return this.stream.release(wireBytes);
    if (this.inbox !== undefined) return this.inbox.push(bytes, wireBytes);
    this.stream.release(wireBytes);
    if (this.request !== undefined) {
      return this.cancelWith(Status.UNIMPLEMENTED, "client sent more than one request message");
    }
    this.request = bytes;
  }

  /** The request is complete. */
  onHalfClose(): void {
    if (this.ended) return;
    if (this.inbox !== undefined) return this.inbox.end();
    if (this.request === undefined) {
      return this.cancelWith(Status.UNIMPLEMENTED, "client sent no request message");
    }
    this.startHandler();
  }

  /** A client that does not end its request may take as long as it likes. */
  onMoreToCome(): void {
    if (this.request !== undefined) this.request = ownBytes(this.request);
  }

  /** The peer took what was queued. */
  onWritable(): void {
    this.producer?.resume();
  }

  /** A message that had to wait is out: the next one is encoded in its place. */
  onSent(framed: Uint8Array): void {
    reuseFramed(framed);
  }

  /** The stream is over. */
  onClosed(error: Http2Error | undefined): void {
    if (this.ended) return this.clearDeadline();
    this.ended = true;
    if (trace.call) this.trace(`is taken away: ${error?.reason ?? "call is over"}`);
    if (this.handlerState === "waits") this.connection.handlers.withdraw(this);
    const overdue = isDeadlineExceeded(Status.CANCELLED, error, this.host.engine.now() - this.deadlineAt);
    const code = overdue ? Status.DEADLINE_EXCEEDED : Status.CANCELLED;
    this.abandon(new RpcError(code, error?.reason ?? "call is over"));
    this.host.callEnds();
  }

  // From the inbox.

  /** A request, which is decoded when it is taken. */
  decode(bytes: Uint8Array): unknown {
    return this.method.descriptor.requestCodec.decode(bytes, this.host.maxReceiveElements);
  }

  /** The call ends with the status that the handler gets too. */
  onUndecodable(error: unknown): RpcError {
    const failure = this.undecodable(error);
    this.cancelWith(failure.code, failure.details);
    return failure;
  }

  /** The handler consumed a request. */
  onTaken(wireBytes: number): void {
    this.stream.release(wireBytes);
  }

  /** The handler reads no further: later messages are received and dropped, since it may still answer. */
  onAbandoned(): void {}

  // From the producer.

  /** Whether responses must wait. */
  get writeBlocked(): boolean {
    return this.stream.writeBlocked;
  }

  /** One response of a stream. */
  send(message: unknown): void {
    if (this.ended) return;
    const framed = encodeFramed(this.method.descriptor.responseCodec, message);
    if (this.stream.sendMessage(framed)) reuseFramed(framed);
  }

  /** The handler's iterable is through. */
  onProduced(error?: unknown): void {
    if (error === undefined) this.finish(Status.OK, "");
    else this.fail(error, "responses");
  }

  /** The handler's iterable threw after its responses were no longer needed. */
  onLate(error: unknown): void {
    this.reportLate(error, "responses");
  }

  /** Nothing of the handler's iterable runs any more. */
  onOver(): void {
    this.handlerEnded();
  }

  /** The handler's turn is now, or comes when another one of the connection is through. */
  private startHandler(): void {
    if (this.ended) return;
    const { handlers } = this.connection;
    if (handlers.mayRun()) return this.runHandler();
    if (!handlers.wait(this)) return this.stream.refuse("too many calls wait for their handlers");
    this.handlerState = "waits";
    if (this.request !== undefined) this.request = ownBytes(this.request);
  }

  /** From the connection's slots: it is the handler's turn. */
  runHandler(): void {
    this.handlerState = "runs";
    let request: unknown = this.inbox;
    if (request === undefined) {
      try {
        request = this.decode(this.request!);
      } catch (error) {
        this.onUndecodable(error);
        return this.handlerEnded();
      }
      this.request = undefined;
    }
    try {
      const result = this.method.handler(request, this);
      if (isThenable(result)) {
        result.then((value) => this.returned(value), (error) => this.threw(error));
      } else this.returned(result);
    } catch (error) {
      this.threw(error);
    }
  }

  private threw(error: unknown): void {
    this.fail(error, "handler");
    this.handlerEnded();
  }

  private handlerEnded(): void {
    if (this.handlerState !== "runs") return;
    this.handlerState = "none";
    this.connection.handlers.release();
  }

  /** The handler is through, and gave a response, or what its responses come from. */
  private returned(result: unknown): void {
    const { kind } = this.method.descriptor;
    if (kind === "unary" || kind === "clientStreaming") {
      this.respond(result);
      return this.handlerEnded();
    }
    if (!isSource(result)) {
      const details = `handler of ${this.path} returned ${typeof result}, not an iterable of responses`;
      this.report(new TypeError(details), "handler");
      this.finish(Status.INTERNAL, details);
      return this.handlerEnded();
    }
    this.producer = new Producer(result, this);
    if (this.ended) this.producer.stop();
    else this.producer.start();
  }

  private respond(response: unknown): void {
    try {
      this.send(response);
    } catch (error) {
      return this.fail(error, "response");
    }
    this.finish(Status.OK, "");
  }

  /** What the application threw becomes a status, which its client gets as it is, or learns nothing of. */
  private fail(error: unknown, where: ErrorPlace): void {
    if (this.ended) return this.reportLate(error, where);
    const { code, details, fields, complaint, chosen } = statusOfThrown(error, this.host.exposeErrors);
    if (!chosen) this.report(error, where);
    if (complaint !== undefined) this.host.reporter.log("warn", `${complaint} (${this.path})`);
    this.finish(code, details, fields);
  }

  /** Never throws: whatever comes of the status, the call is over. */
  private finish(code: StatusCode, details: string, fields: readonly string[] = NO_FIELDS): void {
    if (this.ended) return;
    this.ended = true;
    if (this.handlerState === "waits") this.connection.handlers.withdraw(this);
    if (trace.call) this.trace(`ends with ${statusName(code)}${details === "" ? "" : `: ${details}`}`);
    try {
      this.host.callEnds();
      const trailers = this.sentTrailers?.toHeaders();
      const all = fields.length === 0 ? trailers : new HeaderList([...trailers?.fields ?? [], ...fields]);
      this.stream.sendStatus(code, details, all);
      if (this.stream.queuedBytes === 0) this.clearDeadline(); // else it holds for what waits for the client too
    } catch (error) {
      this.report(error, "connection");
      const cancel = (): void => this.stream.cancel("the status could not be sent");
      callApplication(cancel, (again) => this.report(again, "connection"));
    }
    this.inbox?.end();
  }

  private undecodable(error: unknown): RpcError {
    if (error instanceof DecodeError) {
      const details = `cannot decode request: ${error.message}`;
      if (!error.exhausted) return new RpcError(Status.INTERNAL, details);
      return new RpcError(Status.RESOURCE_EXHAUSTED, `${details} (maxReceiveElements)`);
    }
    this.report(error, "codec");
    const details = this.host.exposeErrors
      ? `cannot decode request: ${messageOf(error)}`
      : "cannot decode request";
    return new RpcError(Status.INTERNAL, details);
  }

  private traceBegin(): void {
    const { timeoutMs } = this.head;
    this.trace(`begins${timeoutMs === undefined ? "" : `, deadline ${timeoutMs} ms`}`);
  }

  private trace(line: string): void {
    this.host.reporter.trace("call", `server ${this.path} for ${formatAddress(this.peer)} ${line}`);
  }

  private report(error: unknown, where: ErrorPlace, level: "error" | "info" = "error"): void {
    const peer = formatAddress(this.peer);
    this.host.reporter.report(error, { where, level, method: this.path, peer });
  }

  /** Reports an error that came after the call had ended: usually the handler throws the reason it was cancelled for. */
  private reportLate(error: unknown, where: ErrorPlace): void {
    if (isRpcError(error) || propertyOf(error, "name") === "AbortError") return;
    this.report(error, where, "info");
  }

  /** The library ends the call: the client gets the status, and the handler is cancelled. */
  private cancelWith(code: StatusCode, details: string): void {
    if (this.ended) return;
    const error = new RpcError(code, details);
    this.inbox?.end(error); // before `finish` does: to the handler an end without an error is that of the requests
    this.finish(code, details);
    this.abandon(error);
  }

  private setDeadline(): void {
    this.deadlineTask = this.host.engine.runAt(this.deadlineAt, () => this.deadlineExceeded());
  }

  private deadlineExceeded(): void {
    this.deadlineTask = undefined;
    const details = `deadline of ${this.head.timeoutMs} ms exceeded on the server`;
    if (this.stream.queuedBytes === 0) return this.cancelWith(Status.DEADLINE_EXCEEDED, details);
    // A status would wait behind messages that the client does not take (PROTOCOL-HTTP2.md, "Client Cancellation").
    this.stream.cancel(details);
  }

  private abandon(error: RpcError): void {
    this.wasCancelled = true;
    this.clearDeadline();
    this.inbox?.end(error);
    this.producer?.stop();
    this.abort?.abort(error);
  }

  private clearDeadline(): void {
    if (this.deadlineTask !== undefined) this.host.engine.cancel(this.deadlineTask);
    this.deadlineTask = undefined;
  }
}

const NO_FIELDS: readonly string[] = [];

/** `bytes` in memory of their own: a view holds all of the read that it came with. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  // `slice` makes another view of what is a Buffer on Bun.
  return bytes.buffer.byteLength === bytes.length ? bytes : new Uint8Array(bytes);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
