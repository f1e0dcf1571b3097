// The reactors of clients (gRFC L67): an application extends one, and is called back for what becomes of its operations.
//
// An operation is started and has exactly one reaction: `startRead` has `onReadDone`, `startWrite` has `onWriteDone`.
// Nothing happens before `startCall`, which is called once; what was started before it is kept until then. Reactions of a
// call never overlap and are never called on the stack of what the application called; `onDone` is the last one, when the
// status is there, every operation has had its reaction, and no hold is left.

import type { Metadata } from "../call/metadata.ts";
import type { DoneStatus } from "./done_status.ts";
import type { WriteOptions } from "./write_options.ts";

/** What a reactor asks of its call. */
export interface ClientOperations {
  /** `onDone` was called. */
  readonly isDone: boolean;
  /** See {@linkcode ClientReactor.initialMetadata}. */
  readonly initialMetadata: Metadata;
  /** The message that was read last, or the one response. */
  takeMessage(): unknown;
  /** See {@linkcode ClientReactor.startCall}. */
  startCall(): void;
  /** See {@linkcode ClientReactor.tryCancel}. */
  tryCancel(details: string): void;
  /** See {@linkcode ClientReadReactor.startRead}. */
  startRead(): void;
  /** See {@linkcode ClientWriteReactor.startWrite}. */
  startWrite(message: unknown, options: WriteOptions | undefined): void;
  /** See {@linkcode ClientWriteReactor.startWriteLast}. */
  startWriteLast(message: unknown): void;
  /** See {@linkcode ClientWriteReactor.startWritesDone}. */
  startWritesDone(): void;
  /** See {@linkcode ClientStreamReactor.addMultipleHolds}. */
  addHolds(count: number): void;
  /** See {@linkcode ClientStreamReactor.removeHold}. */
  removeHold(): void;
}

/** The call of `reactor`. Throws TypeError where it has none yet; `operation` says what was tried. */
let callOf: (reactor: ClientReactor, operation: string) => ClientOperations;

/** Gives `reactor` its call, at `path`. Throws TypeError where it has one that is not done. */
export let bindClientReactor: (reactor: ClientReactor, call: ClientOperations, path: string) => void;

/** What the reactors of all kinds of method have in common. */
export abstract class ClientReactor {
  #call: ClientOperations | undefined = undefined;

  /**
   * Makes the call. Once, even where the call was cancelled before, or `onDone` never comes.
   *
   * @throws {TypeError} the second time
   */
  startCall(): void {
    callOf(this, "start the call").startCall();
  }

  /** Cancels the call, at any time and any number of times: operations still have their reactions, with false. */
  tryCancel(details: string = "cancelled by its reactor"): void {
    callOf(this, "cancel the call").tryCancel(details);
  }

  /** What the server sent before its messages: there from the first of `onReadDone` and `onDone`; empty where it is none. */
  get initialMetadata(): Metadata {
    return callOf(this, "read initial metadata").initialMetadata;
  }

  /** Initial metadata is there; false: the response had none, or there was no response. Once for every call. */
  onReadInitialMetadataDone(_ok: boolean): void {}

  /** The call is over: the last reaction, once. The reactor may then be given to another call. */
  onDone(_status: DoneStatus): void {}

  static {
    callOf = (reactor, operation) => {
      const call = reactor.#call;
      if (call !== undefined) return call;
      throw new TypeError(
        `Cannot ${operation} of ${reactor.constructor.name}: it has no call; give it to a method of a client that createReactorClient made`,
      );
    };
    bindClientReactor = (reactor, call, path) => {
      if (reactor.#call?.isDone === false) {
        throw new TypeError(
          `Cannot call ${path}: its reactor, a ${reactor.constructor.name}, has another call, which is not done`,
        );
      }
      reactor.#call = call;
    };
  }
}

/** The reactor of a unary method. */
export abstract class ClientUnaryReactor<Res> extends ClientReactor {
  /**
   * The response, in `onDone` with OK.
   *
   * @throws {TypeError} where there is none
   */
  get response(): Res {
    return callOf(this, "take the response").takeMessage() as Res;
  }
}

/** What the reactors of streams have in common: holds. */
export abstract class ClientStreamReactor extends ClientReactor {
  /**
   * Keeps `onDone` away until {@linkcode removeHold}, so that operations can be started from outside of reactions. Before
   * `startCall`, or within a reaction.
   *
   * @throws {TypeError} after `onDone`
   */
  addHold(): void {
    callOf(this, "add a hold to the call").addHolds(1);
  }

  /**
   * The same as `addHold`, `count` times.
   *
   * @throws {TypeError} after `onDone`, and where `count` is not 1 or more
   */
  addMultipleHolds(count: number): void {
    callOf(this, "add holds to the call").addHolds(count);
  }

  /**
   * Takes back one hold.
   *
   * @throws {TypeError} where there is none
   */
  removeHold(): void {
    callOf(this, "remove a hold").removeHold();
  }
}

/** The reactor of a method with a stream of responses. */
export abstract class ClientReadReactor<Res> extends ClientStreamReactor {
  /**
   * The response that was read, in `onReadDone(true)` and until the next one.
   *
   * @throws {TypeError} where there is none
   */
  get message(): Res {
    return callOf(this, "take a message").takeMessage() as Res;
  }

  /**
   * Reads one response; `onReadDone` follows.
   *
   * @throws {TypeError} while another read is outstanding, and after `onDone`
   */
  startRead(): void {
    callOf(this, "start a read").startRead();
  }

  /** `message` is the next response; false: there is none any more, because the call ended well or not. */
  onReadDone(_ok: boolean): void {}
}

/** The reactor of a method with a stream of requests. */
export abstract class ClientWriteReactor<Req, Res> extends ClientStreamReactor {
  /**
   * The response, in `onDone` with OK.
   *
   * @throws {TypeError} where there is none
   */
  get response(): Res {
    return callOf(this, "take the response").takeMessage() as Res;
  }

  /**
   * Writes one request; `onWriteDone` follows.
   *
   * @throws {EncodeError} where the message does not fit its type; nothing was started
   * @throws {TypeError} while another write is outstanding, after the last one, and after `onDone`
   */
  startWrite(message: Req, options?: WriteOptions): void {
    callOf(this, "start a write").startWrite(message, options);
  }

  /**
   * Writes the last request, and ends the requests; `onWriteDone` follows, and no `onWritesDoneDone`.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` does
   */
  startWriteLast(message: Req): void {
    callOf(this, "start a write").startWriteLast(message);
  }

  /**
   * Ends the requests; `onWritesDoneDone` follows.
   *
   * @throws {TypeError} where they have ended, and after `onDone`
   */
  startWritesDone(): void {
    callOf(this, "end the requests").startWritesDone();
  }

  /** The request is on its way, and the next one may follow; false: the call is dead. */
  onWriteDone(_ok: boolean): void {}

  /** The server will learn that the requests have ended; false: the call is dead. */
  onWritesDoneDone(_ok: boolean): void {}
}

/** The reactor of a method with a stream both ways. */
export abstract class ClientBidiReactor<Req, Res> extends ClientStreamReactor {
  /**
   * The response that was read, in `onReadDone(true)` and until the next one.
   *
   * @throws {TypeError} where there is none
   */
  get message(): Res {
    return callOf(this, "take a message").takeMessage() as Res;
  }

  /**
   * Reads one response; `onReadDone` follows. Independent of writes.
   *
   * @throws {TypeError} while another read is outstanding, and after `onDone`
   */
  startRead(): void {
    callOf(this, "start a read").startRead();
  }

  /**
   * Writes one request; `onWriteDone` follows. Independent of reads.
   *
   * @throws {EncodeError} where the message does not fit its type; nothing was started
   * @throws {TypeError} while another write is outstanding, after the last one, and after `onDone`
   */
  startWrite(message: Req, options?: WriteOptions): void {
    callOf(this, "start a write").startWrite(message, options);
  }

  /**
   * Writes the last request, and ends the requests; `onWriteDone` follows, and no `onWritesDoneDone`.
   *
   * @throws {EncodeError} as `startWrite` does
   * @throws {TypeError} as `startWrite` does
   */
  startWriteLast(message: Req): void {
    callOf(this, "start a write").startWriteLast(message);
  }

  /**
   * Ends the requests; `onWritesDoneDone` follows.
   *
   * @throws {TypeError} where they have ended, and after `onDone`
   */
  startWritesDone(): void {
    callOf(this, "end the requests").startWritesDone();
  }

  /** `message` is the next response; false: there is none any more, because the call ended well or not. */
  onReadDone(_ok: boolean): void {}

  /** The request is on its way, and the next one may follow; false: the call is dead. */
  onWriteDone(_ok: boolean): void {}

  /** The server will learn that the requests have ended; false: the call is dead. */
  onWritesDoneDone(_ok: boolean): void {}
}
