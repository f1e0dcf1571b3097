// What a call that blocks gives: one response, or an iterator of them to which requests may be written as well.

import { callApplication, isInstance, messageOf } from "../../pollers/mod.ts";
import { endedBy } from "../call/call_status.ts";
import { Metadata } from "../call/metadata.ts";
import { makeCallError, type RpcError } from "../call/rpc_error.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { undecodable } from "../call/undecodable.ts";
import type { GivenOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { markMessage } from "../compression.ts";
import { EncodeError, encodeFramed, type MethodDescriptor } from "../proto/mod.ts";
import type { SyncCall } from "./sync_call.ts";

/** A call of this style, and what is needed to make messages of octets. */
export class TypedCall<Req, Res> {
  /** What {@linkcode finish} has blocked for. */
  response: Res | undefined = undefined;
  private told = false;
  private toldHeaders = false;
  private failure: RpcError | undefined = undefined;

  /** `below`: errors show the stack from its caller on. */
  constructor(
    readonly call: SyncCall,
    private readonly method: MethodDescriptor<Req, Res>,
    private readonly context: CallContext,
    private readonly options: GivenOptions,
    readonly below: (...args: never[]) => unknown,
  ) {}

  /** Sends one request as soon as it may be. False: the call is over, and takes no more. */
  write(request: Req): boolean {
    const { call } = this;
    let framed: Uint8Array;
    try {
      framed = encodeFramed(this.method.requestCodec, request);
      markMessage(framed, request);
    } catch (error) {
      if (!isInstance(error, EncodeError)) this.report(error, "request");
      call.cancel(Status.INTERNAL, messageOf(error), "user", error);
      return false;
    }
    if (call.writeBlocked) call.wait(() => !call.writeBlocked);
    if (call.status !== undefined) return false;
    call.write(framed);
    return call.status === undefined;
  }

  /** Sends all of `requests`, one after another, and then that no more follow. */
  writeAll(requests: Iterable<Req>): void {
    const { call } = this;
    try {
      for (const request of requests) if (!this.write(request)) break;
    } catch (error) {
      this.requestsFailed(error);
    }
    if (call.status === undefined) call.writesDone();
  }

  /** The application's iterable threw: that ends the call. */
  requestsFailed(error: unknown): void {
    this.report(error, "requests");
    this.call.cancel(Status.CANCELLED, `request stream failed: ${messageOf(error)}`, "user", error);
  }

  /** Blocks for the end of the call, and for the one response. Throws RpcError where there is none. */
  finish(): void {
    const { call } = this;
    if (call.status === undefined) call.wait(never);
    this.checkStatus();
    this.response = call.answer!.value as Res;
  }

  /** Takes a response, of which the headers were told. Throws RpcError where it cannot be decoded; the call is over then. */
  take(): Res {
    const bytes = this.call.take();
    try {
      return this.method.responseCodec.decode(bytes, this.context.maxReceiveElements);
    } catch (error) {
      const { code, details, foreign } = undecodable(error, "response", true);
      if (foreign) this.report(error, "codec");
      this.call.cancel(code, details, "library", error);
      this.tellTrailers();
      throw this.error(code, details, error);
    }
  }

  /** The call is over: throws RpcError where its status is not OK. */
  checkStatus(): void {
    this.tellHeaders();
    this.tellTrailers();
    const { path: method, peer, status } = this.call;
    const { code, message, cause } = status!;
    if (code === Status.OK) return;
    const metadata = Metadata.fromHeaders(status!.metadata);
    const options = { metadata, endedBy: endedBy(status!), cause, method, peer };
    throw makeCallError(code, message, options, undefined, this.below);
  }

  /** No more responses are wanted. */
  leave(): void {
    const { call } = this;
    if (call.status === undefined) {
      call.cancel(Status.CANCELLED, "responses are not read any further", "user");
    }
    this.tellTrailers();
  }

  private tellTrailers(): void {
    const { call: { status }, options: { onTrailers } } = this;
    if (onTrailers === undefined || this.told) return;
    this.told = true;
    const trailers = Metadata.fromHeaders(status!.metadata);
    callApplication(() => onTrailers(trailers), (error) => this.report(error, "onTrailers"));
  }

  /** On the caller's stack: the thread is not blocked, and the callback may do what it likes. */
  tellHeaders(): void {
    const { call: { headers }, options: { onHeaders } } = this;
    if (headers === undefined || onHeaders === undefined || this.toldHeaders) return;
    this.toldHeaders = true;
    callApplication(() => onHeaders(Metadata.fromHeaders(headers)), (error) => {
      this.report(error, "onHeaders");
      const details = `onHeaders threw: ${messageOf(error)}`;
      this.call.cancel(Status.CANCELLED, details, "user", error);
      this.failure = this.error(Status.CANCELLED, details, error, "user");
    });
    if (this.failure === undefined) return;
    this.tellTrailers();
    throw this.failure;
  }

  private error(
    code: StatusCode,
    details: string,
    cause?: unknown,
    endedBy: "user" | "library" = "library",
  ): RpcError {
    const { path: method, peer } = this.call;
    return makeCallError(code, details, { endedBy, cause, method, peer }, undefined, this.below);
  }

  private report(error: unknown, where: "request" | "requests" | "codec" | "onHeaders" | "onTrailers"): void {
    const { path: method, peer } = this.call;
    const level = where === "onTrailers" || where === "onHeaders" ? "error" : "info";
    this.context.reporter.report(error, { where, level, method, peer });
  }
}

/**
 * The responses of a call, one by one; its thread blocks for each. Leaving the loop early cancels the call. A call that
 * was given no requests takes them by `write`.
 */
export class SyncStream<Req, Res> implements IterableIterator<Res> {
  readonly #typed: TypedCall<Req, Res>;
  readonly #hasResponse: () => boolean;
  /** What is still to be sent; undefined where requests are written, or none are left. */
  #requests: Iterator<Req> | undefined;
  /** Taken from them and not sent: a response came first. */
  #unsent: IteratorResult<Req> | undefined = undefined;
  readonly #writes: boolean;
  #requestsDone: boolean;
  #done = false;

  /** Made by clients. `requests`: their source; "none" where the call has one request; undefined: they are written. */
  constructor(typed: TypedCall<Req, Res>, requests: Iterable<Req> | "none" | undefined) {
    this.#typed = typed;
    const { call } = typed;
    this.#hasResponse = () => call.messages.size > 0;
    this.#writes = requests === undefined;
    this.#requestsDone = requests === "none";
    this.#requests = typeof requests === "object" ? requests[Symbol.iterator]() : undefined;
  }

  /**
   * The next response, or the end.
   *
   * @throws {RpcError} where the call ended otherwise than with OK; once
   */
  next(): IteratorResult<Res, undefined> {
    const { call } = this.#typed;
    try {
      while (!this.#done) {
        if (this.#requests !== undefined) this.#exchange();
        if (call.messages.size === 0 && call.status === undefined) call.wait(this.#hasResponse);
        this.#typed.tellHeaders(); // first: the callback may take responses as well, or leave
        if (this.#done) break;
        if (call.messages.size > 0) return { value: this.#typed.take(), done: false };
        if (call.status === undefined) continue;
        this.#done = true;
        this.#typed.checkStatus();
      }
      return END;
    } catch (error) {
      this.#done = true;
      this.#leaveRequests();
      throw error;
    }
  }

  /** Ends the call, where it is not over. */
  return(): IteratorResult<Res, undefined> {
    this.#done = true;
    this.#typed.leave();
    this.#leaveRequests();
    return END;
  }

  /**
   * Sends one request, as soon as it may be sent. False: the call is over, and `next` says how it ended.
   *
   * @throws {TypeError} where the call was given its requests, and after `writesDone`
   */
  write(request: Req): boolean {
    this.#checkWrites("write a request");
    return this.#typed.write(request);
  }

  /**
   * No request follows.
   *
   * @throws {TypeError} where the call was given its requests, and the second time
   */
  writesDone(): void {
    this.#checkWrites("end the requests");
    this.#requestsDone = true;
    if (this.#typed.call.status === undefined) this.#typed.call.writesDone();
  }

  /** Itself. */
  [Symbol.iterator](): this {
    return this;
  }

  /** The same as `return`, for `using`. */
  [Symbol.dispose](): void {
    this.return();
  }

  #checkWrites(what: string): void {
    if (this.#writes && !this.#requestsDone) return;
    const why = this.#writes ? "writesDone was called" : "the call was given its requests";
    throw new TypeError(`Cannot ${what} of ${this.#typed.call.path}: ${why}`);
  }

  /**
   * Sends requests, one by one, until there is a response: the server may need several, or none. One that has to wait while
   * there is a response is kept: the server may take no more of them before its responses are taken.
   */
  #exchange(): void {
    const { call } = this.#typed;
    const requests = this.#requests!;
    try {
      while (call.status === undefined && call.messages.size === 0) {
        const next = this.#unsent ?? requests.next();
        this.#unsent = undefined;
        if (next.done === true) {
          this.#requests = undefined;
          call.writesDone();
          return;
        }
        if (call.writeBlocked) call.wait(() => !call.writeBlocked || this.#hasResponse());
        if (call.writeBlocked) this.#unsent = next;
        else if (this.#typed.write(next.value)) call.poll();
      }
    } catch (error) {
      this.#requests = undefined;
      return this.#typed.requestsFailed(error);
    }
    if (call.status !== undefined) this.#leaveRequests();
  }

  /** No more of them are needed. */
  #leaveRequests(): void {
    const requests = this.#requests;
    this.#requests = undefined;
    callApplication(() => requests?.return?.(), (error) => this.#typed.requestsFailed(error));
  }
}

const END: IteratorReturnResult<undefined> = { value: undefined, done: true };

function never(): boolean {
  return false;
}
