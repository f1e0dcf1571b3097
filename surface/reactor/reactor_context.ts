// What a reactor of a server sees of its call (gRPC's CallbackServerContext), and what it asks of it.

import type { StatusCode } from "../../transport/mod.ts";
import type { Metadata, MetadataInit } from "../call/metadata.ts";
import type { RpcError } from "../call/rpc_error.ts";
import { type ServerCall, ServerCallHandle } from "../server/server_call.ts";
import type { ServerCallCore } from "../server/server_call_core.ts";
import type { WriteOptions } from "./write_options.ts";

/** What reactors and their context ask of a call. */
export interface ServerOperations {
  /** What is sent before the first message. */
  readonly initialMetadata: Metadata;
  /** The call gets its reactor. Throws TypeError where it has one. */
  bind(reactor: object, isDefault: boolean): void;
  /** The message that was read last. */
  takeMessage(): unknown;
  /** Sends initial metadata, with `metadata` added; `reacts`: a reaction follows. */
  sendMetadata(metadata: Metadata | MetadataInit | undefined, reacts: boolean): void;
  /** Reads one request. */
  startRead(): void;
  /** Writes one response. */
  startWrite(message: unknown, options: WriteOptions | undefined): void;
  /** Writes the last response. */
  startWriteLast(message: unknown): void;
  /** Writes the last response and ends the call with it. */
  startWriteAndFinish(message: unknown, status: StatusCode | RpcError, details: string): void;
  /** Ends the call. */
  finishWith(status: StatusCode | RpcError, details: string): void;
  /** Ends the call from outside. */
  tryCancel(details: string): void;
}

/** A call that a reactor serves. */
export interface ReactorContext extends ServerCall {
  /** What is sent before the first message, or with the status: add to it before that. */
  readonly initialMetadata: Metadata;
  /** Whether the call ended without the reactor's status: it may be asked at any time. */
  readonly isCancelled: boolean;
  /**
   * Cancels the call: its client gets CANCELLED. Operations still have their reactions, with false, and `finish` is still
   * to be called.
   */
  tryCancel(details?: string): void;
}

/** The call of `context`. Throws TypeError where it is none. */
export let operationsOf: (context: ReactorContext) => ServerOperations;

/** The object that handlers get. */
export class ReactorContextHandle extends ServerCallHandle implements ReactorContext {
  readonly #operations: ServerOperations;

  /** Of `call`. */
  constructor(call: ServerCallCore & ServerOperations) {
    super(call);
    this.#operations = call;
  }

  get initialMetadata(): Metadata {
    return this.#operations.initialMetadata;
  }

  get isCancelled(): boolean {
    return this.cancelled;
  }

  tryCancel(details: string = "cancelled by the server"): void {
    this.#operations.tryCancel(details);
  }

  override sendMetadata(metadata: Metadata | MetadataInit): void {
    this.#operations.sendMetadata(metadata, false);
  }

  static {
    operationsOf = (context) => {
      if (#operations in Object(context)) return (context as ReactorContextHandle).#operations;
      throw new TypeError("Cannot make a reactor: its constructor takes the context that the handler got");
    };
  }
}
