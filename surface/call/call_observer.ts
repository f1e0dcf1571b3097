// Call observers: what tracing, metrics and logs are made of. They see the calls of a channel or a server, in every API
// style, and change nothing.

import { callApplication, type Instant, type Reporter } from "../../pollers/mod.ts";
import { type HeaderList, type Initiator, MESSAGE_PREFIX_BYTES } from "../../transport/mod.ts";
import { checkOptions, checkType, type OptionNames } from "../options.ts";
import { isPlain, isRecord } from "../records.ts";
import { Metadata } from "./metadata.ts";
import { type StatusCode, type StatusName, statusName } from "./status.ts";

/** What is known of a call. It is one object for all events of one call, so a WeakMap may have it as its key. */
export interface ObservedCall {
  /** Whose half of the call it is. */
  readonly side: "client" | "server";
  /** "/package.Service/Method". */
  readonly method: string;
  /** The other side's address; at a client the channel's target, while there is no connection. */
  readonly peer: string;
  /** What the client sent before its messages. */
  readonly metadata: Metadata;
  /**
   * Streams that were opened for it: 2 or more where it was made again, by a policy or because no server had processed it;
   * at a server always 1.
   */
  readonly attempts: number;
  /** Messages that this side sent, each counted once. */
  readonly messagesSent: number;
  /** Messages that came whole. */
  readonly messagesReceived: number;
  /** Their octets, without the prefix of each, before compression. */
  readonly bytesSent: number;
  /** The same of what came. */
  readonly bytesReceived: number;
}

/** A call that has ended. */
export interface EndedCall extends ObservedCall {
  /** 0 to 16. */
  readonly code: StatusCode;
  /** Its name: "OK", "NOT_FOUND". */
  readonly status: StatusName;
  /** The status message. */
  readonly details: string;
  /**
   * "user": the application on this side; "library": this library, by a deadline, rule or limit; "remote": the peer. A
   * handler's status is "user" at the server, and "remote" at its client.
   */
  readonly endedBy: Initiator;
  /** Milliseconds from the call's beginning to its end, on the engine's clock. */
  readonly durationMs: number;
}

/**
 * Gets events of calls, each in its turn: they are called while the call is served, so they should be short. What they
 * throw goes to `onError`.
 */
export interface CallObserver {
  /** A client made the call, or its request header section came to the server. */
  onCallBegin?(call: ObservedCall): void;
  /** A client's call was given a stream; `call.attempts` counts them. */
  onAttempt?(call: ObservedCall): void;
  /** At a client initial metadata came; at a server the handler sent some. Calls may have none. */
  onInitialMetadata?(call: ObservedCall, metadata: Metadata): void;
  /** A message of `bytes` octets was given to the transport, or is kept for it. */
  onMessageSent?(call: ObservedCall, bytes: number): void;
  /** A message of `bytes` octets came; on the wire it had `wireBytes`, without its prefix: as many, unless it was compressed. */
  onMessageReceived?(call: ObservedCall, bytes: number, wireBytes: number): void;
  /** The call has its status; the last event, exactly once. */
  onCallEnd?(call: EndedCall): void;
}

const NAMES: OptionNames<CallObserver> = {
  onCallBegin: true,
  onAttempt: true,
  onInitialMetadata: true,
  onMessageSent: true,
  onMessageReceived: true,
  onCallEnd: true,
};

/** The observers of one channel, where it can have any. */
export interface ObservedChannel {
  /** Undefined while there are none: a call looks at this once. */
  readonly list: readonly CallObserver[] | undefined;
  /** See {@linkcode CallObservers.add}. */
  add(purpose: string, observer: CallObserver): () => void;
  /** A client's call begins, with `sent` as its metadata; there are observers. */
  begin(
    reporter: Reporter,
    method: string,
    peer: string,
    sent: HeaderList | undefined,
    now: Instant,
  ): CallRecord;
}

/** The observers of one channel or server. */
export class CallObservers implements ObservedChannel {
  list: readonly CallObserver[] | undefined = undefined;

  begin(
    reporter: Reporter,
    method: string,
    peer: string,
    sent: HeaderList | undefined,
    now: Instant,
  ): CallRecord {
    return new CallRecord(this.list!, reporter, "client", method, peer, sent, now);
  }

  /**
   * Adds an observer, and returns what removes it. Of an instance of a class only members named like an event are read.
   * Throws TypeError for what is no observer; `purpose`: what was tried.
   */
  add(purpose: string, observer: CallObserver): () => void {
    if (!isRecord(observer) || isPlain(observer)) {
      checkOptions(purpose, observer, NAMES);
    }
    for (const name of Object.keys(NAMES) as (keyof CallObserver)[]) {
      checkType(purpose, name, observer[name], "function");
    }
    this.list = [...this.list ?? [], observer];
    let isObserving = true;
    return () => {
      const list = this.list ?? [];
      const at = isObserving ? list.indexOf(observer) : -1;
      isObserving = false;
      const left = list.filter((_, i) => i !== at);
      this.list = left.length === 0 ? undefined : left;
    };
  }
}

/** One observed call, from its beginning to its end: it has the observers that there were when it began. */
export class CallRecord implements EndedCall {
  attempts = 0;
  messagesSent = 0;
  messagesReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  code: StatusCode = 0;
  details = "";
  endedBy: Initiator = "remote";
  durationMs = 0;
  /** Called at the end, before the observers. */
  onEnd: ((code: StatusCode, details: string) => void) | undefined = undefined;
  private read: Metadata | undefined = undefined;

  /** `sent`: the request's metadata. The call begins. */
  constructor(
    private readonly observers: readonly CallObserver[],
    private readonly reporter: Reporter,
    readonly side: "client" | "server",
    readonly method: string,
    public peer: string,
    private readonly sent: HeaderList | undefined,
    private readonly startedAt: Instant,
  ) {
    if (side === "server") this.attempts = 1;
    for (const observer of observers) {
      if (observer.onCallBegin !== undefined) this.call(() => observer.onCallBegin!(this));
    }
  }

  get metadata(): Metadata {
    return this.read ??= this.sent === undefined ? new Metadata() : Metadata.fromHeaders(this.sent);
  }

  get status(): StatusName {
    return statusName(this.code);
  }

  /** A client's call has a stream, to `peer`. */
  attempt(peer: string): void {
    this.attempts++;
    this.peer = peer;
    for (const observer of this.observers) {
      if (observer.onAttempt !== undefined) this.call(() => observer.onAttempt!(this));
    }
  }

  /** Initial metadata came, or was sent. */
  initialMetadata(headers: HeaderList | undefined): void {
    for (const observer of this.observers) {
      if (observer.onInitialMetadata === undefined) continue;
      const metadata = headers === undefined ? new Metadata() : Metadata.fromHeaders(headers);
      this.call(() => observer.onInitialMetadata!(this, metadata));
    }
  }

  /** A message was sent: `framed` is its prefix and itself, or as long. */
  messageSent(framed: { readonly length: number }): void {
    const bytes = framed.length - MESSAGE_PREFIX_BYTES;
    this.messagesSent++;
    this.bytesSent += bytes;
    for (const observer of this.observers) {
      if (observer.onMessageSent !== undefined) this.call(() => observer.onMessageSent!(this, bytes));
    }
  }

  /** A message of `bytes` octets came, which had `wireBytes` with its prefix. */
  messageReceived(bytes: number, wireBytes: number): void {
    this.messagesReceived++;
    this.bytesReceived += bytes;
    const onWire = wireBytes - MESSAGE_PREFIX_BYTES;
    for (const observer of this.observers) {
      if (observer.onMessageReceived === undefined) continue;
      this.call(() => observer.onMessageReceived!(this, bytes, onWire));
    }
  }

  /** The call has its status. */
  end(code: StatusCode, details: string, endedBy: Initiator, now: Instant): void {
    this.code = code;
    this.details = details;
    this.endedBy = endedBy;
    this.durationMs = now - this.startedAt;
    this.onEnd?.(code, details);
    for (const observer of this.observers) {
      if (observer.onCallEnd !== undefined) this.call(() => observer.onCallEnd!(this));
    }
  }

  private call(tell: () => void): void {
    const { reporter, method, peer } = this;
    callApplication(
      tell,
      (error) => reporter.report(error, { where: "observer", level: "error", method, peer }),
    );
  }
}
