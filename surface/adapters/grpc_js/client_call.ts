// A client's calls as applications hold them: emitters and streams of Node.

import {
  type Buffer,
  Duplex,
  EventEmitter,
  Readable,
  Writable,
} from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import type { InterceptingCallInterface, MessageContext } from "./call_interface.ts";
import { status as Status } from "./constants.ts";
import type { ObjectReadable, ObjectWritable } from "./server_call.ts";

/** What all of them have. */
export type SurfaceCall = {
  /** The call below. */
  call?: InterceptingCallInterface;
  /** Cancels it. */
  cancel(): void;
  /** The server's address, or the channel's target. */
  getPeer(): string;
  /** What TLS established; null before there is a connection. */
  getAuthContext(): AuthContext | null;
} & EventEmitter;

/** A call with one request and one response: emits "metadata" and "status". */
export type ClientUnaryCall = SurfaceCall;

/** A call with a stream of responses: emits "metadata", "data", "end", "error" and "status". */
export type ClientReadableStream<ResponseType> =
  & {
    /** Turns octets into a message. */
    deserialize: (chunk: Buffer) => ResponseType;
  }
  & SurfaceCall
  & ObjectReadable<ResponseType>;

/** A call with a stream of requests: emits "metadata" and "status". */
export type ClientWritableStream<RequestType> =
  & {
    /** Turns a message into octets. */
    serialize: (value: RequestType) => Buffer;
  }
  & SurfaceCall
  & ObjectWritable<RequestType>;

/** A call with streams both ways. */
export type ClientDuplexStream<RequestType, ResponseType> =
  & ClientWritableStream<RequestType>
  & ClientReadableStream<ResponseType>
  & Duplex;

const CANCELLED = "Cancelled on client";

/** What applications and the client use of all of them, beside what their streams have. */
interface Calling {
  call?: InterceptingCallInterface;
  cancel(): void;
  getPeer(): string;
  getAuthContext(): AuthContext | null;
}

// deno-lint-ignore no-explicit-any
type Class<T> = new (...args: any[]) => T;

/** `Base`, an emitter or a stream of objects, as a call. JavaScript has one base class each: so this is a function of it. */
function calling<T extends object>(Base: Class<T>): new () => T & Calling {
  class Call extends (Base as Class<object>) implements Calling {
    call?: InterceptingCallInterface;

    constructor() {
      super({ objectMode: true });
    }

    cancel(): void {
      this.call?.cancelWithStatus(Status.CANCELLED, CANCELLED);
    }

    getPeer(): string {
      return this.call?.getPeer() ?? "unknown";
    }

    getAuthContext(): AuthContext | null {
      return this.call?.getAuthContext() ?? null;
    }
  }
  return Call as unknown as new () => T & Calling;
}

/** See {@linkcode ClientUnaryCall}. */
export class UnaryCall extends calling<EventEmitter>(EventEmitter) {}

/** See {@linkcode ClientReadableStream}. */
export class ReadableCall<ResponseType> extends calling<Readable>(Readable) {
  constructor(readonly deserialize: (chunk: Buffer) => ResponseType) {
    super();
  }

  override _read(_size: number): void {
    this.call?.startRead();
  }
}

/** See {@linkcode ClientWritableStream}. */
export class WritableCall<RequestType> extends calling<Writable>(Writable) {
  constructor(readonly serialize: (value: RequestType) => Buffer) {
    super();
  }

  override _write(chunk: RequestType, encoding: string, callback: (error?: Error | null) => void): void {
    this.call?.sendMessageWithContext(contextOf(encoding, callback), chunk);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.call?.halfClose();
    callback();
  }
}

/** See {@linkcode ClientDuplexStream}. */
export class DuplexCall<RequestType, ResponseType> extends calling<Duplex>(Duplex) {
  constructor(
    readonly serialize: (value: RequestType) => Buffer,
    readonly deserialize: (chunk: Buffer) => ResponseType,
  ) {
    super();
  }

  override _read(_size: number): void {
    this.call?.startRead();
  }

  override _write(chunk: RequestType, encoding: string, callback: (error?: Error | null) => void): void {
    this.call?.sendMessageWithContext(contextOf(encoding, callback), chunk);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.call?.halfClose();
    callback();
  }
}

/** The second argument of `write` may be flags instead of an encoding. */
function contextOf(encoding: string, callback: (error?: Error | null) => void): MessageContext {
  const flags = Number(encoding);
  return Number.isNaN(flags) ? { callback } : { callback, flags };
}
