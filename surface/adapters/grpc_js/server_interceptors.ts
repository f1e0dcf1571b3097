// A server's calls under interceptors: each operation passes through a function of it on its way to the call below.

import type { AuthContext } from "./auth_context.ts";
import type { PerRequestMetricRecorder } from "./call_metrics.ts";
import type { Deadline } from "./deadline.ts";
import type { ServerMethodDefinition } from "./definitions.ts";
import { Metadata } from "./metadata.ts";
import type { PartialStatusObject } from "./status.ts";

/** Gets what comes; each of them passes it on by `next`. */
export interface FullServerListener {
  /** What the client sent before its messages. */
  onReceiveMetadata: (metadata: Metadata, next: (metadata: Metadata) => void) => void;
  /** A message. */
  // deno-lint-ignore no-explicit-any
  onReceiveMessage: (message: any, next: (message: any) => void) => void;
  /** The client sends no more. */
  onReceiveHalfClose: (next: () => void) => void;
  /** The call is over. */
  onCancel: () => void;
}

/** The same; what is missing passes on. */
export type ServerListener = Partial<FullServerListener>;

/** Gets what comes. */
export interface InterceptingServerListener {
  /** What the client sent before its messages. */
  onReceiveMetadata(metadata: Metadata): void;
  /** A message. */
  // deno-lint-ignore no-explicit-any
  onReceiveMessage(message: any): void;
  /** The client sends no more. */
  onReceiveHalfClose(): void;
  /** The call is over. */
  onCancel(): void;
}

/** Builds a listener. */
export class ServerListenerBuilder {
  private readonly listener: ServerListener = {};

  /** Sets what gets metadata. */
  withOnReceiveMetadata(onReceiveMetadata: FullServerListener["onReceiveMetadata"]): this {
    this.listener.onReceiveMetadata = onReceiveMetadata;
    return this;
  }

  /** Sets what gets messages. */
  withOnReceiveMessage(onReceiveMessage: FullServerListener["onReceiveMessage"]): this {
    this.listener.onReceiveMessage = onReceiveMessage;
    return this;
  }

  /** Sets what gets the end of messages. */
  withOnReceiveHalfClose(onReceiveHalfClose: FullServerListener["onReceiveHalfClose"]): this {
    this.listener.onReceiveHalfClose = onReceiveHalfClose;
    return this;
  }

  /** Sets what gets the end of the call. */
  withOnCancel(onCancel: FullServerListener["onCancel"]): this {
    this.listener.onCancel = onCancel;
    return this;
  }

  /** What was set. */
  build(): ServerListener {
    return { ...this.listener };
  }
}

/** What an interceptor does with operations; each of them passes on by `next`. */
export interface FullResponder {
  /** The beginning; `next` may be given a listener. */
  start: (next: (listener?: ServerListener) => void) => void;
  /** Initial metadata. */
  sendMetadata: (metadata: Metadata, next: (metadata: Metadata) => void) => void;
  /** A message. */
  // deno-lint-ignore no-explicit-any
  sendMessage: (message: any, next: (message: any) => void) => void;
  /** The status. */
  sendStatus: (status: PartialStatusObject, next: (status: PartialStatusObject) => void) => void;
}

/** The same; what is missing passes on. */
export type Responder = Partial<FullResponder>;

/** Builds a responder. */
export class ResponderBuilder {
  private readonly responder: Responder = {};

  /** Sets what gets the beginning. */
  withStart(start: FullResponder["start"]): this {
    this.responder.start = start;
    return this;
  }

  /** Sets what gets initial metadata. */
  withSendMetadata(sendMetadata: FullResponder["sendMetadata"]): this {
    this.responder.sendMetadata = sendMetadata;
    return this;
  }

  /** Sets what gets messages. */
  withSendMessage(sendMessage: FullResponder["sendMessage"]): this {
    this.responder.sendMessage = sendMessage;
    return this;
  }

  /** Sets what gets the status. */
  withSendStatus(sendStatus: FullResponder["sendStatus"]): this {
    this.responder.sendStatus = sendStatus;
    return this;
  }

  /** What was set. */
  build(): Responder {
    return { ...this.responder };
  }
}

/** The two ends of a connection. */
export interface ConnectionInfo {
  /** Undefined: not known. */
  localAddress?: string | undefined;
  /** Undefined: not known. */
  localPort?: number | undefined;
  /** Undefined where there are no addresses, as of unix sockets. */
  remoteAddress?: string | undefined;
  /** Undefined where there are no ports. */
  remotePort?: number | undefined;
}

/** A server's call of messages: what interceptors make and pass on to. */
export interface ServerInterceptingCallInterface {
  /** Has `listener` get what comes. */
  start(listener: InterceptingServerListener): void;
  /** Sends initial metadata. */
  sendMetadata(metadata: Metadata): void;
  /** Sends a message; `callback`: the next one may be sent. */
  // deno-lint-ignore no-explicit-any
  sendMessage(message: any, callback: () => void): void;
  /** Ends the call. */
  sendStatus(status: PartialStatusObject): void;
  /** Asks for the next message, or the end of them. */
  startRead(): void;
  /** The client's address. */
  getPeer(): string;
  /** The client's deadline; Infinity where there is none. */
  getDeadline(): Deadline;
  /** What the client called the server. */
  getHost(): string;
  /** What TLS established. */
  getAuthContext(): AuthContext;
  /** The two ends of the connection. */
  getConnectionInfo(): ConnectionInfo;
  /** Takes what the call cost; it is sent where the server has the option `grpc.server_call_metric_recording`. */
  getMetricsRecorder(): PerRequestMetricRecorder;
}

/** The listener that an interceptor's functions stand before. */
class ChainedServerListener implements InterceptingServerListener {
  private over = false;
  private metadataOpen = false;
  private messageOpen = false;
  private waiting: Array<() => void> = [];

  constructor(private readonly own: ServerListener, private readonly next: InterceptingServerListener) {}

  onReceiveMetadata(metadata: Metadata): void {
    if (this.over) return;
    const pass = (passed: Metadata): void => {
      this.metadataOpen = false;
      if (this.over) return;
      this.next.onReceiveMetadata(passed);
      this.resume();
    };
    this.metadataOpen = true;
    if (this.own.onReceiveMetadata === undefined) pass(metadata);
    else this.own.onReceiveMetadata(metadata, pass);
  }

  onReceiveMessage(message: unknown): void {
    if (this.over) return;
    const pass = (passed: unknown): void => {
      this.messageOpen = false;
      if (this.metadataOpen) return void this.waiting.push(() => this.next.onReceiveMessage(passed));
      if (this.over) return;
      this.next.onReceiveMessage(passed);
      this.resume();
    };
    this.messageOpen = true;
    if (this.own.onReceiveMessage === undefined) pass(message);
    else this.own.onReceiveMessage(message, pass);
  }

  onReceiveHalfClose(): void {
    if (this.over) return;
    const pass = (): void => {
      this.waiting.push(() => this.next.onReceiveHalfClose());
      this.resume();
    };
    if (this.own.onReceiveHalfClose === undefined) pass();
    else this.own.onReceiveHalfClose(pass);
  }

  onCancel(): void {
    this.over = true;
    this.own.onCancel?.();
    this.next.onCancel();
  }

  private resume(): void {
    while (!this.over && !this.metadataOpen && !this.messageOpen && this.waiting.length > 0) {
      this.waiting.shift()!();
    }
  }
}

/** A server's call under an interceptor. */
export class ServerInterceptingCall implements ServerInterceptingCallInterface {
  private readonly responder: Responder;
  private metadataSent = false;
  private metadataOpen = false;
  private messageOpen = false;
  private waiting: Array<() => void> = [];

  /** A call whose operations `responder` passes on to `nextCall`. */
  constructor(private readonly nextCall: ServerInterceptingCallInterface, responder?: Responder) {
    this.responder = responder ?? {};
  }

  start(listener: InterceptingServerListener): void {
    const pass = (own: ServerListener = {}): void =>
      this.nextCall.start(new ChainedServerListener(own, listener));
    if (this.responder.start === undefined) pass();
    else this.responder.start(pass);
  }

  sendMetadata(metadata: Metadata): void {
    this.metadataSent = true;
    this.metadataOpen = true;
    const pass = (passed: Metadata): void => {
      this.metadataOpen = false;
      this.nextCall.sendMetadata(passed);
      this.#resume();
    };
    if (this.responder.sendMetadata === undefined) pass(metadata);
    else this.responder.sendMetadata(metadata, pass);
  }

  sendMessage(message: unknown, callback: () => void): void {
    this.messageOpen = true;
    if (!this.metadataSent) this.sendMetadata(new Metadata());
    const pass = (passed: unknown): void => {
      this.messageOpen = false;
      const send = (): void => this.nextCall.sendMessage(passed, callback);
      if (this.metadataOpen) return void this.waiting.push(send);
      send();
      this.#resume();
    };
    if (this.responder.sendMessage === undefined) pass(message);
    else this.responder.sendMessage(message, pass);
  }

  sendStatus(status: PartialStatusObject): void {
    const pass = (passed: PartialStatusObject): void => {
      this.waiting.push(() => this.nextCall.sendStatus(passed));
      this.#resume();
    };
    if (this.responder.sendStatus === undefined) pass(status);
    else this.responder.sendStatus(status, pass);
  }

  startRead(): void {
    this.nextCall.startRead();
  }

  getPeer(): string {
    return this.nextCall.getPeer();
  }

  getDeadline(): Deadline {
    return this.nextCall.getDeadline();
  }

  getHost(): string {
    return this.nextCall.getHost();
  }

  getAuthContext(): AuthContext {
    return this.nextCall.getAuthContext();
  }

  getConnectionInfo(): ConnectionInfo {
    return this.nextCall.getConnectionInfo();
  }

  getMetricsRecorder(): PerRequestMetricRecorder {
    return this.nextCall.getMetricsRecorder();
  }

  #resume(): void {
    while (!this.metadataOpen && !this.messageOpen && this.waiting.length > 0) this.waiting.shift()!();
  }
}

/** Makes a call of its own over `call`. */
export type ServerInterceptor = (
  // deno-lint-ignore no-explicit-any
  methodDescriptor: ServerMethodDefinition<any, any>,
  call: ServerInterceptingCallInterface,
) => ServerInterceptingCall;
