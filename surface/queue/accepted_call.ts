// What the application gets of a call that it requested: batches on it, and what it came with.

import type { Instant, SocketAddress } from "../../pollers/mod.ts";
import type { Metadata } from "../call/metadata.ts";
import { PARENT } from "../call/parent.ts";
import { describe } from "../options.ts";
import type { ServedCall } from "../server/server_call.ts";
import type { CallRequester } from "./call_request.ts";
import type { ServerOperation } from "./operations.ts";
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

/** A call that was requested: what it came with, once the event of the request has come with success. */
export class RequestedCall<Req = Uint8Array, Res = Uint8Array, Tag = unknown> {
  /** The call; undefined before the event, and where the server shuts down. */
  call: AcceptedCall<Req, Res, Tag> | undefined = undefined;
  /** "/package.Service/Method". */
  method: string | undefined = undefined;
  /** What the client's `:authority` says. */
  host: string | undefined = undefined;
  /** When the call ends with DEADLINE_EXCEEDED: an instant on the clock of the server's engine; Infinity: never. */
  deadline: Instant | undefined = undefined;
  /** Its initial metadata. */
  metadata: Metadata | undefined = undefined;
  /** The one request of a method that is registered with READ_INITIAL. */
  message: Req | undefined = undefined;
}

/** Has `requested` filled in. */
export function filling<Req, Res, Tag>(requested: RequestedCall<Req, Res, Tag>): CallRequester {
  if (!(requested instanceof RequestedCall)) {
    throw new TypeError(`Cannot request a call into ${describe(requested)}: give a RequestedCall`);
  }
  return {
    whenDone: undefined,
    onCall(call) {
      requested.call = new AcceptedCall(call);
      requested.method = call.path;
      requested.host = call.authority;
      requested.deadline = call.deadline;
      requested.metadata = call.metadata;
      requested.message = call.payload as Req | undefined;
      call.payload = undefined;
    },
  };
}
