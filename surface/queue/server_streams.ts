// Typed calls of a server over a completion queue, in C++'s names: an operation a method, each with its tag.

import { Metadata, type MetadataInit } from "../call/metadata.ts";
import { Status, type StatusCode, type StatusName } from "../call/status.ts";
import { describe } from "../options.ts";
import type { MethodKind } from "../proto/mod.ts";
import { CallRequest } from "./call_request.ts";
import { Op, OperationKind } from "./operation.ts";
import { OpFlags, sendInitialMetadata, sendMessage, sendStatusFromServer } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueServerCall } from "./server_call.ts";
import {
  bindContext,
  type DoneOperation,
  initialMetadataOf,
  markContext,
  ServerContext,
  trailingMetadataOf,
  whenDoneOf,
} from "./server_context.ts";

/** How a call ends: a code, its name, or an object such as an RpcError. */
export type ServerStatus = StatusCode | StatusName | {
  readonly code: StatusCode | StatusName;
  /** The status message. */
  readonly details?: string;
  /** Is sent beside the trailing metadata of the context. */
  readonly metadata?: Metadata | MetadataInit;
};

/** Has a responder get the call that is requested. Throws TypeError where that cannot be. */
export let requestFor: <Tag>(
  responder: ServerResponder<unknown, unknown, Tag>,
  path: string,
  kind: MethodKind,
  tag: Tag,
  notified: QueueCore<unknown>,
  bound: QueueCore<unknown>,
) => CallRequest;

/** The responder's call has come. */
let accept: <Tag>(responder: ServerResponder<unknown, unknown, Tag>, call: QueueServerCall) => void;

/** One request of a responder. */
class ResponderRequest<Tag> extends CallRequest {
  declare readonly tag: Tag;
  declare private readonly responder: ServerResponder<unknown, unknown, Tag>;
  declare private readonly done: DoneOperation<Tag> | undefined;

  constructor(
    responder: ServerResponder<unknown, unknown, Tag>,
    tag: Tag,
    notified: QueueCore<unknown>,
    bound: QueueCore<unknown>,
    done: DoneOperation<Tag> | undefined,
  ) {
    super(notified, bound, done);
    this.tag = tag;
    this.responder = responder;
    this.done = done;
  }

  /** A request that is refused leaves its responder for another one. */
  override begin(): void {
    super.begin();
    markContext(this.responder.context, this.done);
  }

  protected override onCall(call: QueueServerCall): void {
    accept(this.responder, call);
  }
}

/** What all four kinds have. */
export abstract class ServerResponder<Req, Res, Tag> {
  /** Of which kind of method. */
  protected abstract readonly kind: MethodKind;
  #call: QueueServerCall | undefined = undefined;
  #request: Req | undefined = undefined;
  #sentInitial = false;
  #lastSent = false;

  /**
   * `context`: of this call alone.
   *
   * @throws {TypeError} for what is no ServerContext
   */
  constructor(readonly context: ServerContext<Tag> = new ServerContext()) {
    if (context instanceof ServerContext) return;
    throw new TypeError(
      `Cannot make a responder with ${describe(context)}: give a ServerContext, or nothing`,
    );
  }

  static {
    accept = (responder, call) => {
      responder.#call = call;
      responder.#request = call.payload;
      call.payload = undefined;
      bindContext(responder.context, call, false);
    };
    requestFor = (responder, path, kind, tag, notified, bound) => {
      if (!(responder instanceof ServerResponder)) {
        throw new TypeError(`Cannot request a call of ${path} for ${describe(responder)}: give a responder`);
      }
      if (responder.kind !== kind) {
        throw new TypeError(
          `Cannot request a call of ${path}, which is ${kind}, for ${
            describe(responder)
          }: it is for ${responder.kind}`,
        );
      }
      const done = whenDoneOf(responder.context);
      return new ResponderRequest(responder, tag, notified, bound, done);
    };
  }

  /**
   * Sends initial metadata now, at most once; otherwise it goes with the first message or the status.
   *
   * @throws {CallError} where it was sent
   * @throws {TypeError} before there is a call
   */
  sendInitialMetadata(tag: Tag): void {
    this.#there("sendInitialMetadata").startBatch([this.#initial()], tag);
    this.#sentInitial = true;
  }

  /** The request of a method that has one. */
  protected requestOf(): Req {
    this.#there("request");
    return this.#request as Req;
  }

  /** Starts `operations`, with the initial metadata where it was not sent. */
  protected start(what: string, operations: readonly unknown[], tag: Tag): void {
    const call = this.#there(what);
    call.startBatch(this.#sentInitial ? operations : [this.#initial(), ...operations], tag);
    this.#sentInitial = true;
  }

  /** Starts an operation that sends nothing. */
  protected receive(operation: unknown, tag: Tag): void {
    this.#there("read").startBatch([operation], tag);
  }

  /** A message of a stream; nothing may follow the last one. */
  protected sendOne(what: string, operations: readonly unknown[], tag: Tag, last: boolean): void {
    if (this.#lastSent) {
      throw new TypeError(
        `Cannot ${what} on ${this.context.path}: writeLast was called, and no message follows it`,
      );
    }
    this.start(what, operations, tag);
    if (last) this.#lastSent = true;
  }

  /** The operation that ends the call. */
  protected status(status: ServerStatus): unknown {
    const { code, details, metadata } = readStatus(status);
    const trailing = trailingMetadataOf(this.context);
    if (metadata === undefined) return sendStatusFromServer(code, details, trailing);
    const all = new Metadata(trailing);
    all.appendAll(metadata); // of an RpcError, which another server may have sent
    return sendStatusFromServer(code, details, all);
  }

  #initial(): unknown {
    return sendInitialMetadata(initialMetadataOf(this.context));
  }

  #there(what: string): QueueServerCall {
    if (this.#call !== undefined) return this.#call;
    throw new TypeError(`Cannot ${what}: the event of the request has not come with success`);
  }
}

/** One response: what unary and client streaming methods end with. */
export abstract class SingleResponder<Req, Res, Tag> extends ServerResponder<Req, Res, Tag> {
  /**
   * Ends the call with `message` and `status`; where that is not OK, the message is not sent.
   *
   * @throws {CallError} for a message that cannot be encoded, and where the call was finished
   */
  finish(message: Res, status: ServerStatus, tag: Tag): void {
    const isOk = isOkStatus(readStatus(status).code);
    const last = this.status(status);
    this.start("finish", isOk ? [sendMessage(message), last] : [last], tag);
  }

  /**
   * Ends the call with `status`, which is not OK.
   *
   * @throws {CallError} where the call was finished
   * @throws {TypeError} for OK
   */
  finishWithError(status: ServerStatus, tag: Tag): void {
    if (isOkStatus(readStatus(status).code)) {
      throw new TypeError("Cannot finishWithError with OK: finish(message, status, tag) does that");
    }
    this.start("finishWithError", [this.status(status)], tag);
  }
}

/** A unary call. */
export class ServerAsyncResponseWriter<Req, Res, Tag = unknown> extends SingleResponder<Req, Res, Tag> {
  /** Of which kind of method. */
  protected override readonly kind = "unary";

  /**
   * The request.
   *
   * @throws {TypeError} before the event of the request
   */
  get request(): Req {
    return this.requestOf();
  }
}

/** A call whose requests are a stream. */
export class ServerAsyncReader<Req, Res, Tag = unknown> extends SingleResponder<Req, Res, Tag> {
  /** Of which kind of method. */
  protected override readonly kind = "clientStreaming";
  readonly #reads: Reads<Req> = new Reads();

  /** What was read last. */
  get message(): Req | undefined {
    return this.#reads.message;
  }

  /**
   * Reads one request, one at a time: with success it is in `message`, else there are no more.
   *
   * @throws {CallError} while one is read
   */
  read(tag: Tag): void {
    this.#reads.next((operation) => this.receive(operation, tag));
  }
}

/** Many responses. */
export abstract class StreamResponder<Req, Res, Tag> extends ServerResponder<Req, Res, Tag> {
  /**
   * Sends one response, one at a time. `flags`: of `OpFlags`. Success: flow control accepted it.
   *
   * @throws {CallError} while one is sent, and for a message that cannot be encoded
   */
  write(message: Res, tag: Tag, flags: number = 0): void {
    this.sendOne("write", [sendMessage(message, flags)], tag, false);
  }

  /**
   * The same, of the last response, which may be kept until `finish`.
   *
   * @throws {CallError} as `write` does
   * @throws {TypeError} where it was called
   */
  writeLast(message: Res, tag: Tag, flags: number = 0): void {
    this.sendOne("writeLast", [sendMessage(message, flags | OpFlags.BUFFER_HINT)], tag, true);
  }

  /**
   * Sends the last response and ends the call with `status`, together.
   *
   * @throws {CallError} while a response is sent, for one that cannot be encoded, and where the call was finished
   */
  writeAndFinish(message: Res, status: ServerStatus, tag: Tag, flags: number = 0): void {
    const operations = [sendMessage(message, flags | OpFlags.BUFFER_HINT), this.status(status)];
    this.sendOne("writeAndFinish", operations, tag, false);
  }

  /**
   * Ends the call with `status`.
   *
   * @throws {CallError} where the call was finished
   */
  finish(status: ServerStatus, tag: Tag): void {
    this.start("finish", [this.status(status)], tag);
  }
}

/** A call whose responses are a stream. */
export class ServerAsyncWriter<Req, Res, Tag = unknown> extends StreamResponder<Req, Res, Tag> {
  /** Of which kind of method. */
  protected override readonly kind = "serverStreaming";

  /**
   * The request.
   *
   * @throws {TypeError} before the event of the request
   */
  get request(): Req {
    return this.requestOf();
  }
}

/** A call that is a stream both ways. */
export class ServerAsyncReaderWriter<Req, Res, Tag = unknown> extends StreamResponder<Req, Res, Tag> {
  /** Of which kind of method. */
  protected override readonly kind = "bidiStreaming";
  readonly #reads: Reads<Req> = new Reads();

  /** What was read last. */
  get message(): Req | undefined {
    return this.#reads.message;
  }

  /**
   * Reads one request, one at a time: with success it is in `message`, else there are no more.
   *
   * @throws {CallError} while one is read
   */
  read(tag: Tag): void {
    this.#reads.next((operation) => this.receive(operation, tag));
  }
}

/** The responder of a method, by its kind. */
export type ServerResponderOf<Req, Res, Kind extends MethodKind, Tag> = Kind extends "unary"
  ? ServerAsyncResponseWriter<Req, Res, Tag>
  : Kind extends "serverStreaming" ? ServerAsyncWriter<Req, Res, Tag>
  : Kind extends "clientStreaming" ? ServerAsyncReader<Req, Res, Tag>
  : ServerAsyncReaderWriter<Req, Res, Tag>;

/** The reads of one call. */
class Reads<T> {
  private operation: Op | undefined = undefined;

  get message(): T | undefined {
    return this.operation?.message as T | undefined;
  }

  /** What `start` throws leaves the read before as it is. */
  next(start: (operation: Op) => void): void {
    const operation = new Op(OperationKind.RECV_MESSAGE, 0, undefined, true);
    start(operation);
    this.operation = operation;
  }
}

function isOkStatus(code: StatusCode | StatusName): boolean {
  return code === Status.OK || code === "OK";
}

/** Throws TypeError where there is no code, which would be OK to an operation, and for details that are no text. */
function readStatus(status: ServerStatus): {
  readonly code: StatusCode | StatusName;
  readonly details?: string;
  readonly metadata?: Metadata | MetadataInit;
} {
  const read = typeof status === "object" && status !== null ? status : { code: status };
  if (read.code === undefined) {
    throw new TypeError(
      `Cannot end a call with ${describe(status)}: give a code of 0 to 16, a name, or { code }`,
    );
  }
  if (typeof (read.details ?? "") === "string") return read;
  throw new TypeError(`Cannot end a call: its details are ${describe(read.details)}; give a string`);
}
