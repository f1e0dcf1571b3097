// What the calls of a server have in common.

import { type EventEngine, formatAddress, type Reporter, type SocketAddress } from "../../pollers/mod.ts";
import type { MessageEncoding, RequestHead, StatusCode } from "../../transport/mod.ts";
import { CallObservers, CallRecord } from "../call/call_observer.ts";
import { PendingCalls } from "../call/pending_calls.ts";

/** A call before its handler's turn, as the interceptors of its server see it. */
export interface AdmittedCall {
  /** Has `callback` called with the call's status. */
  whenEnded(callback: (code: StatusCode, details: string) => void): void;
  /** An interceptor threw after it had admitted the call. */
  onInterceptorThrew(error: unknown): void;
}

/** What admits calls: the interceptors of a server. */
export interface CallAdmission {
  /** Calls `admitted` where the handler may begin; `refused` where the call ends with what was thrown. One of them, once. */
  admit(call: AdmittedCall, admitted: () => void, refused: (error: unknown) => void): void;
}

/** A server, as its calls see it. */
export class CallHost {
  /** Run around its calls; undefined where there are none. */
  interceptors: CallAdmission | undefined = undefined;
  /** See its calls. */
  readonly observers: CallObservers = new CallObservers();
  /** Calls that end when the application has done its part. */
  readonly pending: PendingCalls = new PendingCalls();
  private calls = 0;

  /** Calls that run. */
  get running(): number {
    return this.calls;
  }

  /**
   * `reporter` gets what handlers throw; with `exposeErrors` clients learn it too. `maxReceiveElements` limits what
   * decoding a request may make; undefined is the codec's own limit. `encodings`: those that the server has.
   */
  constructor(
    readonly engine: EventEngine,
    readonly reporter: Reporter,
    readonly exposeErrors: boolean,
    readonly maxReceiveElements: number | undefined,
    readonly encodings: readonly MessageEncoding[],
  ) {}

  /** The process stays while a call runs. One count for all of them: an engine's own costs more a call. */
  callBegins(): void {
    if (this.calls++ === 0) this.engine.hold();
  }

  /** Observers see a call that nothing serves, and which was answered before it began. */
  observeUnserved(head: RequestHead, peer: SocketAddress, code: StatusCode, details: string): void {
    const { list } = this.observers;
    if (list === undefined) return;
    const now = this.engine.now();
    const at = formatAddress(peer);
    const record = new CallRecord(list, this.reporter, "server", head.path, at, head.metadata, now);
    record.end(code, details, "library", now);
  }

  /** A call is over. */
  callEnds(): void {
    if (--this.calls === 0) this.engine.release();
  }
}
