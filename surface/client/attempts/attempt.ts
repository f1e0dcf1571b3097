// One attempt of a call that has a retry or hedging policy (gRFC A6): it picks a connection of its own, has a stream there,
// and ends once. What comes on the stream goes to the call, whose one it is then.
//
// An attempt that no server has seen goes to another connection without counting as another one ("transparent retry").

import type { ErrorPlace } from "../../../pollers/mod.ts";
import {
  type ClientStream,
  type ClientStreamSink,
  type ClientTransport,
  type HeaderList,
  type MessageSizes,
  NO_HEADERS,
  type RequestTemplate,
  type StreamStatus,
} from "../../../transport/mod.ts";
import type { CallStatus } from "../../call/call_status.ts";
import { Status, type StatusCode } from "../../call/status.ts";
import type { CallTracker } from "../../channel/call_tracker.ts";
import type { MethodConfig } from "../../channel/service_config/method_config.ts";
import type { CallPermission, PermittedCall } from "../call_permission.ts";
import type { CallPlace, CallRoute, PendingCall } from "../call_route.ts";
import { trackerLeaves } from "../tracked.ts";
import { attemptHeaders } from "./attempt_headers.ts";
import { isOwnFault } from "./own_fault.ts";

/** The call that attempts are made for. It is the sink of the one that is taken. */
export interface AttemptedCall extends ClientStreamSink {
  readonly isOver: boolean;
  readonly waitForReady: boolean;
  readonly path: string;
  readonly config: MethodConfig | undefined;
  /** See {@linkcode PendingCall}. */
  metadataValue(name: string): string | undefined;
  /** What is left of its deadline; undefined where it has none. */
  readonly timeoutMs: number | undefined;
  /** What `attempt` needs before it may have a stream; undefined where that is nothing. */
  permissionOf(attempt: PermittedCall): CallPermission | undefined;
  /** Whether an attempt may have a stream of `transport`. Where not, the call is over. */
  admits(transport: ClientTransport): boolean;
  /** An attempt has a stream of `transport`. `requestLength`: of the one request, with its prefix. */
  onAttempt(transport: ClientTransport, requestLength: number): void;
  /** The attempts are over: the one that was taken, or the last of them, ended so. */
  onAttemptsOver(status: CallStatus): void;
  /** Opening a stream threw: the call is over. */
  onThrown(error: unknown): void;
  /** Gives the application's error to whom the channel reports to. */
  report(error: unknown, where: ErrorPlace, level?: "error" | "info"): void;
}

/** Who makes the attempts of one call. */
export interface AttemptOwner {
  readonly call: AttemptedCall;
  readonly route: CallRoute;
  readonly template: RequestTemplate;
  readonly headers: HeaderList | undefined;
  /** `attempt` has a stream: what there is goes on it. */
  onAttached(attempt: Attempt, transport: ClientTransport): void;
  /** `attempt` can send more. */
  onAttemptWritable(attempt: Attempt): void;
  /** The server answers `attempt`: it is the one. */
  onAnswered(attempt: Attempt): void;
  /** A large message that `attempt` had queued was copied out. */
  onAttemptSent(attempt: Attempt, framed: Uint8Array): void;
  /** A server has refused a stream. */
  readonly refused: boolean;
  /** Whether `attempt`, which no server has seen (`refused`: but one, which refused it), goes to another connection. */
  mayMove(attempt: Attempt, refused: boolean): boolean;
  /** The end of `attempt`. `final`: there is no point in another one. */
  onAttemptOver(attempt: Attempt, status: CallStatus, final: boolean): void;
}

/** See the head of this file. */
export class Attempt implements PendingCall, PermittedCall, ClientStreamSink {
  /** See {@linkcode PendingCall}. */
  declare isOver: boolean;
  /** See {@linkcode PendingCall}. */
  declare waitsIn: CallPlace | undefined;
  /** See {@linkcode PendingCall}. */
  declare tracker: CallTracker | undefined;
  /** Undefined while it has none. */
  declare stream: ClientStream | undefined;
  declare private readonly owner: AttemptOwner;
  declare private readonly before: number;
  declare private readonly permission: CallPermission | undefined;

  /** `before`: attempts that were made before it. */
  constructor(owner: AttemptOwner, before: number) {
    this.isOver = false;
    this.waitsIn = undefined;
    this.tracker = undefined;
    this.stream = undefined;
    this.owner = owner;
    this.before = before;
    this.permission = owner.call.permissionOf(this);
  }

  /** Whether it waits for its call credentials. */
  get awaitsCredentials(): boolean {
    return this.permission?.isWaiting === true;
  }

  /** Nobody needs it any more. */
  cancel(code: StatusCode, message: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.owner.route.withdraw(this);
    if (this.tracker !== undefined) this.leaveTracker(code, NO_HEADERS);
    this.stream?.cancel(code, message);
  }

  // As a call that wants a connection.

  /** Whether a server has refused a stream of its call. */
  get refused(): boolean {
    return this.owner.refused;
  }

  /** As its call. */
  get waitForReady(): boolean {
    return this.owner.call.waitForReady;
  }

  /** As its call. */
  get path(): string {
    return this.owner.call.path;
  }

  /** As its call: it is there. */
  get config(): MethodConfig | undefined {
    return this.owner.call.config;
  }

  /** As its call. */
  metadataValue(name: string): string | undefined {
    return this.owner.call.metadataValue(name);
  }

  /** Never asked: its call was. */
  configure(): boolean {
    return true;
  }

  /** A stream is free. */
  attach(transport: ClientTransport): void {
    const { owner, permission } = this;
    const { call } = owner;
    if (this.isOver || !call.admits(transport)) return;
    if (permission !== undefined && !permission.permits(transport)) return;
    try {
      const { headers, template } = permission ?? owner;
      const stream = transport.open(template, call.timeoutMs, attemptHeaders(headers, this.before), this);
      if (stream === undefined) return; // it has ended, and perhaps the call with it
      this.stream = stream;
      owner.onAttached(this, transport);
    } catch (error) { // others wait behind it
      call.onThrown(error);
    }
  }

  /** The connection it was to have is gone. */
  pickAgain(): void {
    if (this.tracker !== undefined) this.leaveTracker(Status.UNAVAILABLE, NO_HEADERS);
    this.owner.route.submit(this);
  }

  /** There is no connection for it. */
  onUnavailable(reason: string, drop: boolean): void {
    this.fail(Status.UNAVAILABLE, reason, undefined, drop);
  }

  // From its permission.

  /** It has to wait. */
  onPaused(): void {
    if (this.tracker !== undefined) this.leaveTracker(Status.UNAVAILABLE, NO_HEADERS);
    this.owner.route.pause(this);
  }

  /** What it waited for is there. */
  onPermitted(): void {
    this.owner.route.withdraw(this);
    this.owner.route.submit(this);
  }

  /** It may have no stream. */
  refuse(code: StatusCode, message: string, cause: unknown): void {
    if (cause !== undefined) this.owner.call.report(cause, "credentials", "info");
    this.owner.route.withdraw(this);
    this.fail(code, message, cause, false);
  }

  // From its stream.

  /** As its call. */
  get channel(): object {
    return this.owner.route;
  }

  /** As its call. */
  get singleMessage(): boolean {
    return this.owner.call.singleMessage === true;
  }

  /** As its call. */
  get messageSizes(): MessageSizes | undefined {
    return this.owner.call.messageSizes;
  }

  /** Initial metadata. */
  onHeaders(metadata: HeaderList): void {
    if (this.isOver) return;
    this.owner.onAnswered(this);
    this.owner.call.onHeaders(metadata);
  }

  /** A response message. */
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    if (!this.isOver) this.owner.call.onMessage(bytes, wireBytes);
  }

  /** The peer took what was queued. */
  onWritable(): void {
    if (!this.isOver) this.owner.onAttemptWritable(this);
  }

  /** A message that had to wait is out. */
  onSent(framed: Uint8Array): void {
    this.owner.onAttemptSent(this, framed);
  }

  /** The end of the stream. */
  onStatus(status: StreamStatus): void {
    if (this.isOver) return;
    const { code, metadata, cause, unprocessed } = status;
    if (this.tracker !== undefined) this.leaveTracker(code, metadata);
    if (unprocessed && this.owner.mayMove(this, cause?.unsent !== true)) {
      this.stream = undefined;
      this.permission?.renew();
      return this.owner.route.submit(this);
    }
    this.end(status, isOwnFault(cause));
  }

  private fail(code: StatusCode, message: string, cause: unknown, final: boolean): void {
    this.end({ code, message, metadata: NO_HEADERS, cause, endedBy: "library" }, final);
  }

  private end(status: CallStatus, final: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.tracker !== undefined) this.leaveTracker(status.code, status.metadata);
    this.owner.onAttemptOver(this, status, final);
  }

  private leaveTracker(code: StatusCode, trailers: HeaderList): void {
    trackerLeaves(this, this.stream !== undefined, code, trailers, this.owner.call);
  }
}
