// A client's call under an interceptor: each operation passes through a function of it on its way to the next call.

import type { AuthContext } from "./auth_context.ts";
import {
  type FullListener,
  type InterceptingCallInterface,
  type InterceptingListener,
  isInterceptingListener,
  type Listener,
  type MessageContext,
} from "./call_interface.ts";
import type { status as Status } from "./constants.ts";
import type { Metadata } from "./metadata.ts";
import type { StatusObject } from "./status.ts";

/** What an interceptor does with operations; each of them passes on by `next`. */
export interface FullRequester {
  /** The beginning; `next` takes the listener, or one with functions that pass on. */
  start: (
    metadata: Metadata,
    listener: InterceptingListener,
    next: (metadata: Metadata, listener: InterceptingListener | Listener) => void,
  ) => void;
  /** A message. */
  // deno-lint-ignore no-explicit-any
  sendMessage: (message: any, next: (message: any) => void) => void;
  /** The end of messages. */
  halfClose: (next: () => void) => void;
  /** The cancellation. */
  cancel: (next: () => void) => void;
}

/** The same; what is missing passes on. */
export type Requester = Partial<FullRequester>;

/** Builds a listener. */
export class ListenerBuilder {
  private readonly listener: Listener = {};

  /** Sets what gets initial metadata. */
  withOnReceiveMetadata(onReceiveMetadata: FullListener["onReceiveMetadata"]): this {
    this.listener.onReceiveMetadata = onReceiveMetadata;
    return this;
  }

  /** Sets what gets messages. */
  withOnReceiveMessage(onReceiveMessage: FullListener["onReceiveMessage"]): this {
    this.listener.onReceiveMessage = onReceiveMessage;
    return this;
  }

  /** Sets what gets the status. */
  withOnReceiveStatus(onReceiveStatus: FullListener["onReceiveStatus"]): this {
    this.listener.onReceiveStatus = onReceiveStatus;
    return this;
  }

  /** What was set. */
  build(): Listener {
    return { ...this.listener };
  }
}

/** Builds a requester. */
export class RequesterBuilder {
  private readonly requester: Requester = {};

  /** Sets what gets the beginning. */
  withStart(start: FullRequester["start"]): this {
    this.requester.start = start;
    return this;
  }

  /** Sets what gets messages. */
  withSendMessage(sendMessage: FullRequester["sendMessage"]): this {
    this.requester.sendMessage = sendMessage;
    return this;
  }

  /** Sets what gets the end of messages. */
  withHalfClose(halfClose: FullRequester["halfClose"]): this {
    this.requester.halfClose = halfClose;
    return this;
  }

  /** Sets what gets the cancellation. */
  withCancel(cancel: FullRequester["cancel"]): this {
    this.requester.cancel = cancel;
    return this;
  }

  /** What was set. */
  build(): Requester {
    return { ...this.requester };
  }
}

/** The listener that an interceptor's functions stand before. */
class ChainedListener implements InterceptingListener {
  private metadataOpen = false;
  private messageOpen = false;
  private waiting: Array<() => void> = [];

  constructor(private readonly own: Listener, private readonly next: InterceptingListener) {}

  onReceiveMetadata(metadata: Metadata): void {
    if (this.own.onReceiveMetadata === undefined) return this.next.onReceiveMetadata(metadata);
    this.metadataOpen = true;
    this.own.onReceiveMetadata(metadata, (passed) => {
      this.metadataOpen = false;
      this.next.onReceiveMetadata(passed);
      this.resume();
    });
  }

  onReceiveMessage(message: unknown): void {
    this.messageOpen = true;
    const pass = (passed: unknown): void => {
      this.messageOpen = false;
      if (this.metadataOpen) return void this.waiting.push(() => this.next.onReceiveMessage(passed));
      this.next.onReceiveMessage(passed);
      this.resume();
    };
    if (this.own.onReceiveMessage === undefined) pass(message);
    else this.own.onReceiveMessage(message, pass);
  }

  onReceiveStatus(status: StatusObject): void {
    const pass = (passed: StatusObject): void => {
      if (!this.metadataOpen && !this.messageOpen) this.next.onReceiveStatus(passed);
      else this.waiting.push(() => this.next.onReceiveStatus(passed));
    };
    if (this.own.onReceiveStatus === undefined) pass(status);
    else this.own.onReceiveStatus(status, pass);
  }

  private resume(): void {
    while (!this.metadataOpen && !this.messageOpen && this.waiting.length > 0) this.waiting.shift()!();
  }
}

/** See the head of this file. */
export class InterceptingCall implements InterceptingCallInterface {
  private readonly requester: Requester;
  private startOpen = false;
  private messageOpen = false;
  private waiting: Array<() => void> = [];

  /** A call whose operations `requester` passes on to `nextCall`. */
  constructor(private readonly nextCall: InterceptingCallInterface, requester?: Requester) {
    this.requester = requester ?? {};
  }

  cancelWithStatus(code: Status, details: string): void {
    const pass = (): void => this.nextCall.cancelWithStatus(code, details);
    if (this.requester.cancel === undefined) pass();
    else this.requester.cancel(pass);
  }

  getPeer(): string {
    return this.nextCall.getPeer();
  }

  getAuthContext(): AuthContext | null {
    return this.nextCall.getAuthContext();
  }

  start(metadata: Metadata, listener?: Partial<InterceptingListener>): void {
    const full = fullListener(listener);
    if (this.requester.start === undefined) return this.nextCall.start(metadata, full);
    this.startOpen = true;
    this.requester.start(metadata, full, (passed, own) => {
      this.startOpen = false;
      this.nextCall.start(passed, isInterceptingListener(own) ? own : new ChainedListener(own, full));
      this.#resume();
    });
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    this.messageOpen = true;
    const pass = (passed: unknown): void => {
      this.messageOpen = false;
      if (this.startOpen) {
        return void this.waiting.push(() => this.nextCall.sendMessageWithContext(context, passed));
      }
      this.nextCall.sendMessageWithContext(context, passed);
      this.#resume();
    };
    if (this.requester.sendMessage === undefined) pass(message);
    else this.requester.sendMessage(message, pass);
  }

  /** Sends a message. */
  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  startRead(): void {
    this.nextCall.startRead();
  }

  halfClose(): void {
    const pass = (): void => {
      if (this.startOpen || this.messageOpen) this.waiting.push(() => this.nextCall.halfClose());
      else this.nextCall.halfClose();
    };
    if (this.requester.halfClose === undefined) pass();
    else this.requester.halfClose(pass);
  }

  #resume(): void {
    while (!this.startOpen && !this.messageOpen && this.waiting.length > 0) this.waiting.shift()!();
  }
}

function fullListener(listener: Partial<InterceptingListener> = {}): InterceptingListener {
  return {
    onReceiveMetadata: (metadata) => listener.onReceiveMetadata?.(metadata),
    onReceiveMessage: (message) => listener.onReceiveMessage?.(message),
    onReceiveStatus: (status) => listener.onReceiveStatus?.(status),
  };
}
