// How a call ended, as `onDone` and the callbacks of unary calls get it.

import type { Initiator, StatusCode } from "../../transport/mod.ts";
import { type CallStatus, describeStatus, endedBy } from "../call/call_status.ts";
import { printsAs } from "../call/inspect.ts";
import { Metadata } from "../call/metadata.ts";
import { makeCallError, type RpcError } from "../call/rpc_error.ts";
import { Status } from "../call/status.ts";

/** The call that ended. */
export interface EndedCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The server's address, or the channel's target where there was no connection. */
  readonly peer: string;
}

/** The status of a call, whichever it is. */
export class DoneStatus {
  readonly #status: CallStatus;
  readonly #call: EndedCall;
  #metadata: Metadata | undefined = undefined;
  #error: RpcError | undefined = undefined;

  /** Of `call`, which ended with `status`. */
  constructor(status: CallStatus, call: EndedCall) {
    this.#status = status;
    this.#call = call;
  }

  /** Whether the code is OK. */
  get ok(): boolean {
    return this.#status.code === Status.OK;
  }

  /** 0 to 16: `Status.OK`, `Status.NOT_FOUND`. */
  get code(): StatusCode {
    return this.#status.code;
  }

  /** The status message. */
  get details(): string {
    return this.#status.message;
  }

  /** Trailing metadata, empty where there was none. */
  get metadata(): Metadata {
    return this.#metadata ??= Metadata.fromHeaders(this.#status.metadata);
  }

  /** "user": the application on this side; "library": this library, by a rule or limit; "remote": the server. */
  get endedBy(): Initiator {
    return endedBy(this.#status);
  }

  /** The same as an error, for those who throw it; undefined where the code is OK. */
  get error(): RpcError | undefined {
    if (this.ok) return undefined;
    const { code, details, metadata } = this;
    const { path: method, peer } = this.#call;
    const options = { metadata, endedBy: this.endedBy, cause: this.#status.cause, method, peer };
    return this.#error ??= makeCallError(code, details, options, undefined, errorGetter);
  }

  /** "OK", or "NOT_FOUND: no such place". */
  toString(): string {
    return describeStatus(this.#status);
  }
}

const errorGetter = Object.getOwnPropertyDescriptor(DoneStatus.prototype, "error")!.get as () => unknown;

printsAs(DoneStatus, (status) => `DoneStatus ${status}`);
