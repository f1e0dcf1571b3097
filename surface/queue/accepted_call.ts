// What the application gets of a call that it requested: batches on it, and what it came with.

import type { Instant, SocketAddress } from "../../pollers/mod.ts";
import type { ConnectionSecurity } from "../../transport/mod.ts";
import type { Metadata } from "../call/metadata.ts";
import { PARENT } from "../call/parent.ts";
import type { Compression } from "../compression.ts";
import { describe } from "../options.ts";
import type { ServedCall } from "../server/server_call.ts";
import { CallRequest } from "./call_request.ts";
import type { ServerOperation } from "./operations.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueServerCall } from "./server_call.ts";

/** A call that a server got, driven by batches. `{ parent: call }` of a client's call takes it. */
export class AcceptedCall<Req = Uint8Array, Res = Uint8Array, Tag = unknown> implements ServedCall {
  readonly #call: QueueServerCall;

  /** By a request of the application. */
  constructor(call: QueueServerCall) {
    this.#call = call;
  }

  /** "/package.Service/Method". */
  get path(): string {
    return this.#call.path;
  }

  /** The client's address. */
  get peer(): SocketAddress {
    return this.#call.peer;
  }

  /** What the TLS handshake of the connection established; undefined in plaintext. */
  get security(): ConnectionSecurity | undefined {
    return this.#call.security;
  }

  /**
   * What responses are compressed with: as the server says, unless this is set before initial metadata is sent. It is
   * "identity" where the client does not take what was asked for.
   */
  get compression(): Compression {
    return this.#call.compression;
  }

  set compression(compression: Compression) {
    this.#call.compression = compression;
  }

  /** Whether the call is over, and otherwise than by its status. */
  get failedBeforeRecvMessage(): boolean {
    return this.#call.isCancelled;
  }

  /**
   * Starts `operations`, at most one of each kind, in any order. When all of them are done the call's queue gives one event
   * with `tag`; without operations it is there at once.
   *
   * @throws {CallError} that says which operation breaks which rule; nothing has changed then, and no event comes
   * @throws {TypeError} for a tag that is no function, where the queue calls them
   */
  startBatch(operations: ReadonlyArray<ServerOperation<Req, Res>>, tag: Tag): void {
    this.#call.startBatch(operations, tag);
  }

  /** Ends the call without a status: the client gets RST_STREAM. What is pending completes. */
  cancel(): void {
    this.#call.cancel();
  }

  static {
    Object.defineProperty(this.prototype, PARENT, {
      get(this: AcceptedCall) {
        return this.#call;
      },
    });
  }
}

/** Gives a requested call what it came with. */
let fill: <Req, Res, Tag>(requested: RequestedCall<Req, Res, Tag>, call: QueueServerCall) => void;

/** Whether `requested` has a call, or waits for one. */
let isUsed: (requested: RequestedCall<never, never, never>) => boolean;

/** `requested` waits for its call. */
export let markRequested: (requested: RequestedCall<never, never, never>) => void;

/** In the place of a message that does not come with the call. */
const NO_MESSAGE: unique symbol = Symbol("no message");

/** A call that was requested: what it came with, once the event of the request has come with success. For one request. */
export class RequestedCall<Req = Uint8Array, Res = Uint8Array, Tag = unknown> {
  #isRequested = false;
  #inside: QueueServerCall | undefined = undefined;
  #call: AcceptedCall<Req, Res, Tag> | undefined = undefined;
  #message: Req | typeof NO_MESSAGE = NO_MESSAGE;

  static {
    fill = <Req, Res, Tag>(requested: RequestedCall<Req, Res, Tag>, call: QueueServerCall) => {
      requested.#inside = call;
      requested.#call = new AcceptedCall(call);
      if (call.payload !== undefined) requested.#message = call.payload as Req;
      call.payload = undefined;
    };
    isUsed = (requested) => requested.#isRequested;
    markRequested = (requested) => requested.#isRequested = true;
  }

  /** Whether there is a call. */
  get isThere(): boolean {
    return this.#inside !== undefined;
  }

  /**
   * The call.
   *
   * @throws {TypeError} before there is one
   */
  get call(): AcceptedCall<Req, Res, Tag> {
    return this.#call ?? notThere();
  }

  /**
   * "/package.Service/Method".
   *
   * @throws {TypeError} before there is a call
   */
  get method(): string {
    return this.#there.path;
  }

  /**
   * What the client's `:authority` says.
   *
   * @throws {TypeError} before there is a call
   */
  get host(): string {
    return this.#there.authority;
  }

  /**
   * When the call ends with DEADLINE_EXCEEDED: an instant on the clock of the server's engine; Infinity: never.
   *
   * @throws {TypeError} before there is a call
   */
  get deadline(): Instant {
    return this.#there.deadline;
  }

  /**
   * Its initial metadata.
   *
   * @throws {TypeError} before there is a call
   */
  get metadata(): Metadata {
    return this.#there.metadata;
  }

  /**
   * The one request of a method that is registered with READ_INITIAL.
   *
   * @throws {TypeError} before there is a call, and where the requests are received by batches
   */
  get message(): Req {
    const message = this.#message;
    if (message !== NO_MESSAGE) return message;
    const { path } = this.#there;
    throw new TypeError(
      `Cannot take the request of ${path}: the method is registered with payload NONE, so receive it by a batch`,
    );
  }

  get #there(): QueueServerCall {
    return this.#inside ?? notThere();
  }
}

function notThere(): never {
  throw new TypeError("Cannot read a requested call: the event of its request has not come with success");
}

/** Has `requested` filled in with the call that is requested. Throws TypeError where that cannot be. */
export function requestInto<Req, Res, Tag>(
  requested: RequestedCall<Req, Res, Tag>,
  what: string,
  tag: unknown,
  notified: QueueCore<unknown>,
  bound: QueueCore<unknown>,
): CallRequest {
  if (!(requested instanceof RequestedCall)) {
    throw new TypeError(`Cannot request a call into ${describe(requested)}: give a RequestedCall`);
  }
  if (isUsed(requested as RequestedCall<never, never, never>)) {
    throw new TypeError(`Cannot ${what} into a RequestedCall that was requested before: make another one`);
  }
  return new FillingRequest(requested, tag, notified, bound);
}

/** One request. */
class FillingRequest<Req, Res, Tag> extends CallRequest {
  declare readonly tag: unknown;
  declare private readonly requested: RequestedCall<Req, Res, Tag>;

  constructor(
    requested: RequestedCall<Req, Res, Tag>,
    tag: unknown,
    notified: QueueCore<unknown>,
    bound: QueueCore<unknown>,
  ) {
    super(notified, bound, undefined);
    this.tag = tag;
    this.requested = requested;
  }

  protected override onCall(call: QueueServerCall): void {
    fill(this.requested, call);
  }
}
