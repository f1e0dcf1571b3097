// A call that a helper thread makes, while this one blocks for what it says.

import { isInstance, messageOf, propertyOf } from "../../pollers/mod.ts";
import { formatDestination } from "../channel/destination.ts";
import { HeaderList, NO_HEADERS } from "../../transport/mod.ts";
import { type CallObserver, CallRecord } from "../call/call_observer.ts";
import { type CallStatus, endedBy } from "../call/call_status.ts";
import { MessageStore } from "../call/message_store.ts";
import type { ChildCall } from "../call/parent.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { abortDetails, type GivenOptions } from "../client/call_options.ts";
import { CallPermission, type PermittedCall } from "../client/call_permission.ts";
import type { CallContext } from "../client/call_context.ts";
import { markMessage } from "../compression.ts";
import { EncodeError, encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { takeAnswer } from "./answer.ts";
import { type HelpedSink, type Helper, helperOfThread } from "./helper.ts";
import { type FromHelper, MOST_UNSENT, movableCopy, type ToHelper } from "./helper_protocol.ts";
import type { Answer, SyncCall } from "./sync_call.ts";
import { streamsResponses } from "../proto/service.ts";

/** After its deadline a call waits so long for the helper, which knows what the call was waiting for. */
const GRACE_MS = 25;

/** The window is given back when so much was taken, or nothing is left to take. */
const TAKEN_BYTES = 32_768;

const CHANNEL_CLOSED = "channel is closed";

/** One call, of any kind. */
export class HelpedCall implements SyncCall, HelpedSink, ChildCall, PermittedCall {
  status: CallStatus | undefined = undefined;
  headers: HeaderList | undefined = undefined;
  answer: Answer | undefined = undefined;
  readonly messages: MessageStore = new MessageStore();
  readonly path: string;
  peer: string;
  private helper: Helper | undefined = undefined;
  private id = 0;
  private unsent = 0;
  private taken = 0;
  private deadlineAt = Infinity;
  /** For observers; undefined where there are none. */
  private record: CallRecord | undefined = undefined;
  /** Octets of the one request and its prefix. */
  private requestLength = 0;
  /** Listens to `signal`. */
  private onAbort: (() => void) | undefined = undefined;

  /** `request`: the one there is; undefined where requests are a stream. */
  constructor(
    readonly context: CallContext,
    private readonly method: MethodDescriptor,
    private readonly requestStream: boolean,
    private readonly request: unknown,
    private readonly options: GivenOptions,
    private readonly spinMs: number,
  ) {
    this.path = method.path;
    this.peer = formatDestination(context.target);
  }

  private get isSingle(): boolean {
    return !streamsResponses(this.method.kind);
  }

  get writeBlocked(): boolean {
    return this.unsent >= MOST_UNSENT;
  }

  begin(): void {
    const { signal, deadlineMs = Infinity, parent } = this.options;
    if (this.context.observers.list !== undefined) this.observe(this.context.observers.list);
    if (this.context.end.isClosed) return this.endWith(Status.UNAVAILABLE, CHANNEL_CLOSED, "library");
    if (signal?.aborted) return this.aborted();
    if (parent?.isEnding) return this.onParentOver();
    const now = this.context.engine.now();
    this.deadlineAt = Math.min(now + deadlineMs, parent?.deadlineAt ?? Infinity);
    if (!(this.deadlineAt > now)) {
      return this.endWith(Status.DEADLINE_EXCEEDED, `${this.whoseDeadline} has passed`, "user");
    }
    try { // first: what follows calls the application, which may abort the signal
      this.listen();
    } catch (error) { // of a signal that is the application's
      this.report(error, "options");
      return this.cancel(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);
    }
    const request = this.requestStream ? undefined : this.encode();
    const headers = this.isOver ? undefined : this.permittedHeaders();
    if (this.context.end.isClosed) return this.endWith(Status.UNAVAILABLE, CHANNEL_CLOSED, "library");
    if (!this.isOver) this.startCall(request, headers, this.deadlineAt - now);
  }

  /** From the call that this one was made for. */
  onParentOver(): void {
    this.cancel(Status.CANCELLED, "the call that it was made for is over", "library");
  }

  /** Between two responses the thread does not block: the call can be aborted then. */
  private listen(): void {
    const { signal, parent } = this.options;
    parent?.addChild(this);
    if (signal === undefined) return;
    const onAbort = (): void => this.aborted();
    signal.addEventListener("abort", onAbort, { once: true });
    this.onAbort = onAbort;
  }

  private get whoseDeadline(): string {
    const { deadlineMs } = this.options;
    return deadlineMs === undefined ? "the deadline of its parent" : `deadline of ${deadlineMs} ms`;
  }

  write(framed: Uint8Array): void {
    this.unsent++;
    this.record?.messageSent(framed);
    this.send({ kind: "send", call: this.id, request: movable(framed) });
  }

  writesDone(): void {
    this.send({ kind: "writesDone", call: this.id });
  }

  take(): Uint8Array {
    const { messages } = this;
    const message = messages.shift();
    this.taken += messages.takenBytes;
    if (this.status === undefined && (this.taken >= TAKEN_BYTES || messages.size === 0)) {
      this.send({ kind: "taken", call: this.id, wireBytes: this.taken });
      this.taken = 0;
    }
    return message;
  }

  cancel(code: StatusCode, message: string, endedBy: "user" | "library" = "user", cause?: unknown): void {
    if (this.status !== undefined) return;
    this.endWith(code, message, endedBy, cause);
    this.send({ kind: "cancel", call: this.id, code, message });
  }

  wait(until: () => boolean): void {
    while (this.status === undefined && !until()) {
      const left = this.deadlineAt - this.context.engine.now();
      if (this.helper!.pump(Math.max(0, left + GRACE_MS), this.spinMs)) continue;
      const details = `${this.whoseDeadline} exceeded waiting for the helper thread`;
      this.cancel(Status.DEADLINE_EXCEEDED, details, "library");
    }
  }

  poll(): void {
    this.helper!.pump(0, 0);
  }

  // From the helper.

  onMessage(message: FromHelper): void {
    switch (message.kind) {
      case "attempt":
        return this.attempted(message.peer);
      case "headers":
        this.headers = HeaderList.ofStrings(message.fields);
        this.record?.initialMetadata(this.headers);
        break;
      case "message":
        this.record?.messageReceived(message.bytes.byteLength, message.wireBytes);
        this.messages.push(new Uint8Array(message.bytes), message.wireBytes);
        if (this.isSingle) this.answer = takeAnswer(this, this.method, this.context);
        break;
      case "sent":
        this.unsent -= message.count;
        break;
      case "status": {
        const { code, message: text, fields, endedBy, peer } = message;
        this.peer = peer;
        this.over({ code, message: text, metadata: HeaderList.ofStrings(fields), cause: undefined, endedBy });
      }
    }
  }

  onHelperLost(reason: string): void {
    this.endWith(Status.UNAVAILABLE, `the helper thread that made the call is gone: ${reason}`, "library");
  }

  onChannelClosed(): void {
    const details = "connection lost before the call ended: channel closed by the application";
    this.endWith(Status.UNAVAILABLE, details, "user");
  }

  private startCall(request: ArrayBuffer | undefined, headers: HeaderList | undefined, leftMs: number): void {
    const { options: { waitForReady, compression, corked, identity }, path } = this;
    let helper: Helper;
    try {
      helper = this.helper = helperOfThread();
    } catch (error) { // too few descriptors are left, or threads
      const details = `no helper thread can make the call: ${messageOf(error)}`;
      return this.endWith(Status.UNAVAILABLE, details, "library", error);
    }
    this.id = helper.start(this.context, this, (channel, call) => ({
      kind: "start",
      channel,
      call,
      path,
      request,
      singleMessage: this.isSingle,
      deadlineMs: leftMs === Infinity ? undefined : leftMs,
      headers: headers?.fields,
      authority: identity?.authority,
      waitForReady,
      compression,
      corked,
      observed: this.record !== undefined,
    }));
  }

  /** The call's metadata, and that of its credentials, which are this thread's; without them the call is over. */
  private permittedHeaders(): HeaderList | undefined {
    const { context, options: { headers, identity } } = this;
    if (identity?.callCredentials === undefined && context.callCredentials === undefined) return headers;
    const permission = new CallPermission(
      context,
      this,
      context.template(this.path),
      headers,
      identity,
      true,
    );
    const { obstacle } = permission;
    if (obstacle !== undefined) this.endWith(Status.UNAUTHENTICATED, obstacle, "library");
    else permission.fetchNow();
    return permission.headers;
  }

  get isOver(): boolean {
    return this.status !== undefined;
  }

  /** It cannot: what is not there then is refused. */
  onPaused(): void {}

  /** Never: it does not wait. */
  onPermitted(): void {}

  /** From its permission. */
  refuse(code: StatusCode, message: string, cause: unknown): void {
    this.endWith(code, message, "library", cause);
  }

  private encode(): ArrayBuffer | undefined {
    try {
      const framed = encodeFramed(this.method.requestCodec, this.request);
      markMessage(framed, this.request);
      this.requestLength = framed.length;
      return movable(framed);
    } catch (error) {
      if (!isInstance(error, EncodeError)) this.report(error, "request");
      this.endWith(Status.INTERNAL, messageOf(error), "user", error);
      return undefined;
    }
  }

  private send(order: ToHelper): void {
    if (this.helper === undefined) return;
    this.helper.send(order, "request" in order ? order.request : undefined);
  }

  private endWith(code: StatusCode, message: string, endedBy: "user" | "library", cause?: unknown): void {
    this.over({ code, message, metadata: NO_HEADERS, cause, endedBy });
  }

  private over(status: CallStatus): void {
    if (this.status !== undefined) return;
    this.status = status;
    this.record?.end(status.code, status.message, endedBy(status), this.context.engine.now());
    this.helper?.forget(this.id);
    const { parent, signal } = this.options;
    parent?.removeChild(this);
    if (this.onAbort !== undefined) signal!.removeEventListener("abort", this.onAbort);
  }

  private observe(observers: readonly CallObserver[]): void {
    const { reporter, engine } = this.context;
    const { headers } = this.options;
    this.record = new CallRecord(observers, reporter, "client", this.path, this.peer, headers, engine.now());
  }

  /** The one request goes with the first attempt. */
  private attempted(peer: string): void {
    this.peer = peer;
    const { record } = this;
    if (record === undefined) return;
    record.attempt(peer);
    if (record.attempts === 1 && !this.requestStream) record.messageSent({ length: this.requestLength });
  }

  private aborted(): void {
    const reason = propertyOf(this.options.signal, "reason");
    this.cancel(Status.CANCELLED, abortDetails(reason), "user", reason);
  }

  private report(error: unknown, where: "request" | "options"): void {
    const { path: method, peer } = this;
    this.context.reporter.report(error, { where, level: "info", method, peer });
  }
}

/** A copy that can be moved to another thread; `framed` is for the next message. */
function movable(framed: Uint8Array): ArrayBuffer {
  const copy = movableCopy(framed);
  reuseFramed(framed);
  return copy;
}
