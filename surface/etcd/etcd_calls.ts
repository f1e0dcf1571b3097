// The calls to etcd that are made here, each with one callback: asking for keys, setting one, leases, and a watch.

import { Status } from "../call/status.ts";
import { ClientBidiReactor, ClientUnaryReactor } from "../reactor/client_reactors.ts";
import type { DoneStatus } from "../reactor/done_status.ts";
import type { ReactorCallOptions, ReactorUnaryMethod } from "../reactor/reactor_methods.ts";
import type { Cancellable, EtcdClients, EtcdSession, Operation } from "./etcd_session.ts";
import type { LeaseKeepAliveResponse, LeaseRequest, WatchRequest, WatchResponse } from "./etcd_proto.ts";

/** Gets the response, or why there is none: "UNAVAILABLE: ...". */
export type Answered<Res> = (response: Res | undefined, failure: string) => void;

/** One response, by a unary call. */
class Answer<Res> extends ClientUnaryReactor<Res> {
  constructor(private readonly then: (status: DoneStatus, response: Res | undefined) => void) {
    super();
  }

  override onDone(status: DoneStatus): void {
    this.then(status, status.ok ? this.response : undefined);
  }
}

/** One response, by the first message of a stream whose requests have ended. */
class FirstAnswer<Req, Res> extends ClientBidiReactor<Req, Res> {
  private answer: Res | undefined = undefined;

  constructor(private readonly then: (status: DoneStatus, response: Res | undefined) => void) {
    super();
  }

  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.answer ??= this.message;
    this.startRead();
  }

  override onDone(status: DoneStatus): void {
    this.then(status, this.answer);
  }
}

/** A call with one response. If it fails because its token is old it is made once more. */
abstract class Request<Res> implements Operation {
  private isOver = false;
  private renewed = false;
  private reactor: { tryCancel(): void } | undefined = undefined;

  constructor(protected readonly session: EtcdSession, private readonly answered: Answered<Res>) {}

  begin(clients: EtcdClients, options: ReactorCallOptions): void {
    this.reactor = this.make(clients, options, (status, response) => {
      if (this.isOver) return;
      if (response === undefined && !this.renewed && this.session.tokenWasOld(status)) {
        this.renewed = true;
        return this.session.submit(this);
      }
      this.session.ended(this);
      this.end(status, response);
    });
  }

  refused(status: DoneStatus): void {
    this.end(status, undefined);
  }

  cancel(): void {
    this.isOver = true;
    this.session.ended(this);
    this.reactor?.tryCancel();
  }

  /** Starts the call. */
  protected abstract make(
    clients: EtcdClients,
    options: ReactorCallOptions,
    then: (status: DoneStatus, response: Res | undefined) => void,
  ): { tryCancel(): void };

  private end(status: DoneStatus, response: Res | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.answered(response, response === undefined ? String(status) : "");
  }
}

class UnaryRequest<Req, Res> extends Request<Res> {
  constructor(
    session: EtcdSession,
    private readonly method: (clients: EtcdClients) => ReactorUnaryMethod<Req, Res>,
    private readonly request: Req,
    answered: Answered<Res>,
  ) {
    super(session, answered);
  }

  protected override make(
    clients: EtcdClients,
    options: ReactorCallOptions,
    then: (status: DoneStatus, response: Res | undefined) => void,
  ): { tryCancel(): void } {
    const answer = this.method(clients)(this.request, new Answer<Res>(then), options);
    answer.startCall();
    return answer;
  }
}

class KeepAliveRequest extends Request<LeaseKeepAliveResponse> {
  constructor(
    session: EtcdSession,
    private readonly ID: bigint,
    answered: Answered<LeaseKeepAliveResponse>,
  ) {
    super(session, answered);
  }

  protected override make(
    clients: EtcdClients,
    options: ReactorCallOptions,
    then: (status: DoneStatus, response: LeaseKeepAliveResponse | undefined) => void,
  ): { tryCancel(): void } {
    const first = new FirstAnswer<LeaseRequest, LeaseKeepAliveResponse>(then);
    clients.Lease.leaseKeepAlive(first, options);
    first.startRead();
    first.startWriteLast({ ID: this.ID });
    first.startCall();
    return first;
  }
}

/** Makes the unary call that `method` picks. */
export function ask<Req, Res>(
  session: EtcdSession,
  method: (clients: EtcdClients) => ReactorUnaryMethod<Req, Res>,
  request: Req,
  answered: Answered<Res>,
): Cancellable {
  const operation = new UnaryRequest(session, method, request, answered);
  session.submit(operation);
  return operation;
}

/** Renews lease `ID` by one message of a stream of its own: it needs no stream that lives, and every endpoint will do. */
export function keepAlive(
  session: EtcdSession,
  ID: bigint,
  answered: Answered<LeaseKeepAliveResponse>,
): Cancellable {
  const operation = new KeepAliveRequest(session, ID, answered);
  session.submit(operation);
  return operation;
}

/** Receives what a watch gives. */
export interface WatchSink {
  /** Each message, in order. */
  onWatchResponse(response: WatchResponse): void;
  /** Nothing more comes, and why. */
  onWatchEnded(failure: string): void;
}

/** A watch, from its first message to its end. */
class WatchReactor extends ClientBidiReactor<WatchRequest, WatchResponse> implements Operation {
  private isOver = false;
  private begun = false;

  constructor(
    private readonly session: EtcdSession,
    private readonly request: WatchRequest,
    private readonly sink: WatchSink,
  ) {
    super();
  }

  begin(clients: EtcdClients, { metadata }: ReactorCallOptions): void {
    this.begun = true;
    // A member that has lost its cluster ends the watch then, instead of being silent.
    clients.Watch.watch(this, { metadata: { ...metadata as Record<string, string>, hasleader: "true" } });
    this.startRead();
    this.startWrite(this.request);
    this.startCall();
  }

  refused(status: DoneStatus): void {
    this.end(status);
  }

  cancel(): void {
    this.isOver = true;
    this.session.ended(this);
    if (this.begun) this.tryCancel();
  }

  override onReadDone(ok: boolean): void {
    if (!ok || this.isOver) return;
    this.sink.onWatchResponse(this.message);
    if (!this.isOver) this.startRead();
  }

  override onDone(status: DoneStatus): void {
    this.session.ended(this);
    this.end(status);
  }

  private end(status: DoneStatus): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.onWatchEnded(status.code === Status.OK ? "etcd ended the watch" : String(status));
  }
}

/** Watches what `request` says, until it is cancelled. */
export function watch(session: EtcdSession, request: WatchRequest, sink: WatchSink): Cancellable {
  const operation = new WatchReactor(session, request, sink);
  session.submit(operation);
  return operation;
}
