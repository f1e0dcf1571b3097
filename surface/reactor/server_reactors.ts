// The reactors of servers (gRFC L67): a handler returns one for each call, and it is called back for what becomes of its
// operations.
//
// A reactor is made with the context of its call, may start operations in its constructor, and calls `finish` exactly once,
// also after `onCancel`. What is started before the handler returns is kept until then. Reactions of a call never overlap
// and are never called on the stack of what the application called; `onDone` is the last one, when the status is out, or
// the stream is gone, and every operation has had its reaction.

import type { Metadata, MetadataInit } from "../call/metadata.ts";
import type { RpcError } from "../call/rpc_error.ts";
import { Status, type StatusCode, statusCode, type StatusName } from "../call/status.ts";
import {
  operationsOf,
  type ReactorContext,
  ReactorContextHandle,
  type ServerOperations,
} from "./reactor_context.ts";
import type { WriteOptions } from "./write_options.ts";

/** The call of a reactor. */
let callOf: (reactor: ServerReactor) => ServerOperations;

/** What the reactors of all kinds of method have in common. */
export abstract class ServerReactor {
  /** The call. */
  readonly context: ReactorContext;
  readonly #call: ServerOperations;

  /**
   * The reactor of the call of `context`, which a handler got. A class without a constructor passes on what it is made with.
   *
   * @throws {TypeError} where the call has a reactor already
   */
  constructor(context: ReactorContext) {
    this.#call = operationsOf(context);
    this.context = context;
    this.#call.bind(this, this instanceof DefaultReactor);
  }

  /**
   * Sends initial metadata now, with `metadata` added to that of the context; `onSendInitialMetadataDone` follows. Without
   * it, initial metadata is sent with the first message, or with the status.
   *
   * @throws {TypeError} the second time, after the first write and after `finish`
   */
  startSendInitialMetadata(metadata?: Metadata | MetadataInit): void {
    this.#call.sendMetadata(metadata, true);
  }

  /**
   * Ends the call: with a code or its name, or with that of an RpcError and its metadata. Exactly once, also where the call was cancelled.
   * Reads that are outstanding have their reaction, with false. `context.trailers` are sent with it.
   *
   * @throws {TypeError} the second time, and for what is no status
   */
  finish(status: StatusCode | StatusName | RpcError = Status.OK, details: string = ""): void {
    this.#call.finishWith(withCode(status), details);
  }

  /** Initial metadata is on its way; false: the call is dead. */
  onSendInitialMetadataDone(_ok: boolean): void {}

  /** The call has ended without the reactor's status: client, connection, deadline or a limit ended it. At most once. */
  onCancel(): void {}

  /** The call is over: the last reaction, once. */
  onDone(): void {}

  static {
    callOf = (reactor) => reactor.#call;
  }
}

/** The reactor of a unary method. */
export class ServerUnaryReactor<Res> extends ServerReactor {
  /** What `finish` with OK sends. */
  response: Res | undefined = undefined;

  /**
   * Ends the call with OK and `response`.
   *
   * @throws {EncodeError} where it does not fit its type; the call has not ended
   * @throws {TypeError} where the call was finished before
   */
  respond(response: Res): this {
    this.response = response;
    this.finish();
    return this;
  }
}

/** The reactor of a unary method that needs no reactions: `respond` or `finish` is all that it does. */
export class DefaultReactor<Res> extends ServerUnaryReactor<Res> {}

/** The call of a unary method that a reactor serves. */
export interface UnaryReactorContext<Res> extends ReactorContext {
  /**
   * A reactor without reactions, for handlers that respond now or later: `return context.defaultReactor().respond(response)`.
   * Once, before the handler returns.
   *
   * @throws {TypeError} where the call has a reactor already
   */
  defaultReactor(): DefaultReactor<Res>;
}

/** The object that handlers of unary methods get. */
export class UnaryContextHandle<Res> extends ReactorContextHandle implements UnaryReactorContext<Res> {
  defaultReactor(): DefaultReactor<Res> {
    return new DefaultReactor<Res>(this);
  }
}

/** The reactor of a method with a stream of requests. */
export class ServerReadReactor<Req, Res> extends ServerReactor {
  /** What `finish` with OK sends. */
  response: Res | undefined = undefined;

  /**
   * The request that was read, in `onReadDone(true)` and until the next one.
   *
   * @throws {TypeError} where there is none
   */
  get message(): Req {
    return callOf(this).takeMessage() as Req;
  }

  /**
   * Reads one request; `onReadDone` follows.
   *
   * @throws {TypeError} while another read is outstanding, and after `finish`
   */
  startRead(): void {
    callOf(this).startRead();
  }

  /**
   * Ends the call with OK and `response`.
   *
   * @throws {EncodeError} where it does not fit its type; the call has not ended
   * @throws {TypeError} where the call was finished before
   */
  respond(response: Res): this {
    this.response = response;
    this.finish();
    return this;
  }

  /** `message` is the next request; false: there is none any more, since they ended, or the call did (`isCancelled`). */
  onReadDone(_ok: boolean): void {}
}

/** The reactor of a method with a stream of responses. */
export class ServerWriteReactor<Res> extends ServerReactor {
  /**
   * Writes one response; `onWriteDone` follows.
   *
   * @throws {EncodeError} where the message does not fit its type; nothing was started
   * @throws {TypeError} while another write is outstanding, after the last one, and after `finish`
   */
  startWrite(message: Res, options?: WriteOptions): void {
    callOf(this).startWrite(message, options);
  }

  /**
   * Writes the last response before `finish`; `onWriteDone` follows.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` does
   */
  startWriteLast(message: Res): void {
    callOf(this).startWriteLast(message);
  }

  /**
   * Writes the last response and ends the call, as `finish` does; no `onWriteDone` follows.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` and `finish` do
   */
  startWriteAndFinish(
    message: Res,
    status: StatusCode | StatusName | RpcError = Status.OK,
    details: string = "",
  ): void {
    callOf(this).startWriteAndFinish(message, withCode(status), details);
  }

  /** The response is on its way, and the next one may follow; false: the call is dead. */
  onWriteDone(_ok: boolean): void {}
}

/** The reactor of a method with a stream both ways. */
export class ServerBidiReactor<Req, Res> extends ServerReactor {
  /**
   * The request that was read, in `onReadDone(true)` and until the next one.
   *
   * @throws {TypeError} where there is none
   */
  get message(): Req {
    return callOf(this).takeMessage() as Req;
  }

  /**
   * Reads one request; `onReadDone` follows. Independent of writes.
   *
   * @throws {TypeError} while another read is outstanding, and after `finish`
   */
  startRead(): void {
    callOf(this).startRead();
  }

  /**
   * Writes one response; `onWriteDone` follows. Independent of reads.
   *
   * @throws {EncodeError} where the message does not fit its type; nothing was started
   * @throws {TypeError} while another write is outstanding, after the last one, and after `finish`
   */
  startWrite(message: Res, options?: WriteOptions): void {
    callOf(this).startWrite(message, options);
  }

  /**
   * Writes the last response before `finish`; `onWriteDone` follows.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` does
   */
  startWriteLast(message: Res): void {
    callOf(this).startWriteLast(message);
  }

  /**
   * Writes the last response and ends the call, as `finish` does; no `onWriteDone` follows.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` and `finish` do
   */
  startWriteAndFinish(
    message: Res,
    status: StatusCode | StatusName | RpcError = Status.OK,
    details: string = "",
  ): void {
    callOf(this).startWriteAndFinish(message, withCode(status), details);
  }

  /** `message` is the next request; false: there is none any more, since they ended, or the call did (`isCancelled`). */
  onReadDone(_ok: boolean): void {}

  /** The response is on its way, and the next one may follow; false: the call is dead. */
  onWriteDone(_ok: boolean): void {}
}

/** A name as its code; what is neither is left to be refused. */
function withCode(status: StatusCode | StatusName | RpcError): StatusCode | RpcError {
  return typeof status === "string" ? statusCode(status) ?? (status as never) : status;
}
