// A call whose thread blocks in the engine of its channel.

import { messageOf, type SyncWait } from "../../pollers/mod.ts";
import type { ClientTransport, HeaderList, RequestTemplate } from "../../transport/mod.ts";
import type { CallStatus } from "../call/call_status.ts";
import { MessageStore } from "../call/message_store.ts";
import { Status } from "../call/status.ts";
import type { GivenOptions } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { TypedClientCall } from "../client/typed_call.ts";
import { type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { servedHere } from "../server/served_here.ts";
import { takeAnswer } from "./answer.ts";
import { whyServedHere } from "./refusal.ts";
import type { Answer, SyncCall } from "./sync_call.ts";
import { streamsResponses } from "../proto/service.ts";

/** How a client blocks. */
export interface Blocking {
  readonly engine: SyncWait;
  /** Polls so long after each event, before it blocks. */
  readonly spinMs: number;
}

/** One call, of any kind. */
export class LocalCall extends TypedClientCall<unknown, unknown> implements SyncCall {
  status: CallStatus | undefined = undefined;
  headers: HeaderList | undefined = undefined;
  answer: Answer | undefined = undefined;
  readonly messages: MessageStore = new MessageStore();

  /** `request`: the one there is; undefined where requests are a stream. */
  constructor(
    context: CallContext,
    method: MethodDescriptor,
    template: RequestTemplate,
    requestStream: boolean,
    request: unknown,
    options: GivenOptions,
    private readonly blocking: Blocking,
  ) {
    super(context, template, method, requestStream, request, options);
  }

  begin(): void {
    this.context.engine.execCtx.enter(start, this);
  }

  write(framed: Uint8Array): void {
    this.context.engine.execCtx.enter(this.send, framed);
  }

  writesDone(): void {
    this.context.engine.execCtx.enter(close, this);
  }

  take(): Uint8Array {
    const { messages } = this;
    const message = messages.shift();
    this.release(messages.takenBytes);
    return message;
  }

  wait(until: () => boolean): void {
    try {
      this.blocking.engine.waitSync(() => this.isOver || until(), Infinity, this.blocking.spinMs);
    } catch (error) { // the engine has failed what was open already, this call perhaps too
      this.cancel(Status.UNAVAILABLE, messageOf(error), "library", error);
    }
  }

  poll(): void {
    this.blocking.engine.waitSync(never, 0);
  }

  /** From the channel: a stream is free. */
  override attach(transport: ClientTransport): void {
    if (this.isServedElsewhere(transport)) super.attach(transport);
  }

  /** From an attempt. */
  override admits(transport: ClientTransport): boolean {
    return super.admits(transport) && this.isServedElsewhere(transport);
  }

  /** False, and the call is over, where this thread would have to serve it while it blocks. */
  private isServedElsewhere(transport: ClientTransport): boolean {
    const { engine } = this.context;
    const served = this.blocking.engine.servesMeanwhile ? undefined : servedHere(transport.peer, engine);
    if (served === undefined) return true;
    this.cancel(Status.INTERNAL, whyServedHere(served), "library", undefined);
    return false;
  }

  protected override get blocksThread(): boolean {
    return true;
  }

  /** There is one response. */
  override get singleMessage(): boolean {
    return !streamsResponses(this.method.kind);
  }

  private readonly send = (framed: Uint8Array): void => {
    if (this.sendMessage(framed)) reuseFramed(framed);
  };

  /** For {@linkcode writesDone}. */
  endRequests(): void {
    this.halfClose();
  }

  protected override onInitialMetadata(metadata: HeaderList): void {
    this.headers = metadata;
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    this.messages.push(bytes, wireBytes);
    if (this.singleMessage) this.answer = takeAnswer(this, this.method, this.context);
  }

  protected override onEnd(status: CallStatus): void {
    this.status = status;
  }
}

function start(call: LocalCall): void {
  call.start();
}

function close(call: LocalCall): void {
  call.endRequests();
}

function never(): boolean {
  return false;
}
