// The helper thread: it makes the calls of a thread that blocks and cannot wait in its own poller.

import { openMailbox, type ThreadMailbox } from "../../pollers/native/mailbox.ts";
import { endThread, onUncaught } from "../../pollers/native/thread.ts";
import { messageOf } from "../../pollers/mod.ts";
import { type ClientTransport, HeaderList, type RequestTemplate } from "../../transport/mod.ts";
import { type CallStatus, endedBy } from "../call/call_status.ts";
import { callContext } from "../channel/channel.ts";
import type { ChannelOptions } from "../channel/channel_options.ts";
import { Channel } from "../full/channel.ts";
import { type GivenOptions, NO_OPTIONS } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import { ClientCall } from "../client/client_call.ts";
import { insecure, tls } from "../credentials/mod.ts";
import { Status } from "../call/status.ts";
import { shutDownEngines } from "../engines.ts";
import { tellHoldings } from "../thread_holdings.ts";
import {
  type EndedCall,
  type FromHelper,
  movableCopy,
  type OpenChannel,
  type StartCall,
  type ToHelper,
} from "./helper_protocol.ts";

/** What goes to the owner, all of a turn of the loop at once. */
export class Outbox {
  private messages: FromHelper[] = [];
  private transfer: ArrayBuffer[] = [];

  /** `mailbox` is asked for as the first of them go. */
  constructor(private readonly mailbox: () => ThreadMailbox) {}

  /** Sends `message` with the others of this turn; `moved` is moved. */
  add(message: FromHelper, moved?: ArrayBuffer): void {
    if (moved !== undefined) this.transfer.push(moved);
    if (this.messages.push(message) === 1) queueMicrotask(() => this.flush());
  }

  private flush(): void {
    const { messages, transfer } = this;
    this.messages = [];
    this.transfer = [];
    this.mailbox().post(messages, transfer);
  }
}

/** A call whose messages go to the owner. */
class HelpedCall extends ClientCall {
  /** Requests of which the owner does not know yet that they are on their way. */
  private unsent = 0;
  private readonly id: number;
  private readonly single: boolean;
  private readonly isObserved: boolean;
  private readonly request: Uint8Array | undefined;

  constructor(
    context: CallContext,
    template: RequestTemplate,
    options: GivenOptions,
    start: StartCall,
    private readonly outbox: Outbox,
    private readonly onOver: () => void,
  ) {
    super(context, template, start.request === undefined, options);
    this.id = start.call;
    this.single = start.singleMessage;
    this.isObserved = start.observed;
    this.request = start.request === undefined ? undefined : new Uint8Array(start.request);
  }

  override get singleMessage(): boolean {
    return this.single;
  }

  /** From the owner: one more request. */
  send(framed: Uint8Array): void {
    this.unsent++;
    this.sendMessage(framed);
    if (!this.writeBlocked) this.onReady();
  }

  /** From the owner: no more requests. */
  writesDone(): void {
    this.halfClose();
  }

  /** From the owner: responses were taken. */
  taken(wireBytes: number): void {
    this.release(wireBytes);
  }

  override attach(transport: ClientTransport): void {
    super.attach(transport);
    this.tellAttempt();
  }

  override onAttempt(transport: ClientTransport, requestLength: number): void {
    super.onAttempt(transport, requestLength);
    this.tellAttempt();
  }

  private tellAttempt(): void {
    if (!this.isObserved || this.isOver) return;
    this.outbox.add({ kind: "attempt", call: this.id, peer: this.peer });
  }

  protected override encodeRequest(): Uint8Array {
    return this.request!;
  }

  protected override onReady(): void {
    if (this.unsent === 0) return;
    this.outbox.add({ kind: "sent", call: this.id, count: this.unsent });
    this.unsent = 0;
  }

  protected override onInitialMetadata({ fields }: HeaderList): void {
    this.outbox.add({ kind: "headers", call: this.id, fields: [...fields] });
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    const copy = movableCopy(bytes);
    this.outbox.add({ kind: "message", call: this.id, bytes: copy, wireBytes }, copy);
  }

  protected override onEnd(status: CallStatus): void {
    const { code, message, metadata: { fields } } = status;
    const by = endedBy(status);
    this.outbox.add({
      kind: "status",
      call: this.id,
      code,
      message,
      fields: [...fields],
      endedBy: by,
      peer: this.peer,
    });
    this.onOver();
  }
}

/** The helper's channels and calls. */
export class HelperCalls {
  private readonly channels = new Map<number, Channel>();
  /** How calls end of channels that could not be made, as with what the application has registered in its own thread. */
  private readonly unmade = new Map<number, Omit<EndedCall, "call">>();
  private readonly calls = new Map<number, HelpedCall>();

  /** What calls say goes to `outbox`. */
  constructor(private readonly outbox: Outbox) {}

  /** From the owner. */
  obey(order: ToHelper): void {
    switch (order.kind) {
      case "channel":
        return this.open(order);
      case "close":
        return this.close(order.channel);
      case "start":
        return this.start(order);
      case "send":
        return this.calls.get(order.call)?.send(new Uint8Array(order.request));
      case "writesDone":
        return this.calls.get(order.call)?.writesDone();
      case "taken":
        return this.calls.get(order.call)?.taken(order.wireBytes);
      case "cancel":
        return this.calls.get(order.call)?.cancel(order.code, order.message);
    }
  }

  private open(order: OpenChannel): void {
    const { channel, target: peer } = order;
    try {
      this.channels.set(channel, makeChannel(order));
    } catch (error) {
      const message = `a helper thread cannot make the channel: ${messageOf(error)}`;
      const failure = { kind: "status", code: Status.INTERNAL, fields: [], endedBy: "library" } as const;
      this.unmade.set(channel, { ...failure, message, peer });
    }
  }

  private start(order: StartCall): void {
    const failure = this.unmade.get(order.channel);
    if (failure !== undefined) return this.outbox.add({ ...failure, call: order.call });
    const context = callContext("make a call", this.channels.get(order.channel)!);
    const { deadlineMs, waitForReady, compression, corked, authority } = order;
    const headers = order.headers === undefined ? undefined : HeaderList.ofStrings(order.headers);
    const identity = authority === undefined ? undefined : { authority, callCredentials: undefined };
    const said = { deadlineMs, waitForReady, compression, corked };
    const options: GivenOptions = { ...NO_OPTIONS, ...said, headers, identity };
    const template = context.template(order.path);
    const call = new HelpedCall(context, template, options, order, this.outbox, () => {
      this.calls.delete(order.call);
    });
    this.calls.set(order.call, call);
    context.engine.execCtx.enter((one) => one.start(), call);
  }

  private close(number: number): void {
    this.channels.get(number)?.close();
    this.channels.delete(number);
    this.unmade.delete(number);
  }
}

function makeChannel({ target, options }: OpenChannel): Channel {
  const { credentials } = options;
  const secured = credentials === undefined || credentials === insecure
    ? { credentials }
    : { credentials: tls.client(credentials) };
  return new Channel(target, { ...options, ...secured } as ChannelOptions);
}

const outbox = new Outbox(() => mailbox!);
const helper = new HelperCalls(outbox);
// What engines have open would stay so beyond the thread.
const end = (): void => void shutDownEngines().then(endThread);
const mailbox = openMailbox((message) => helper.obey(message as ToHelper), end);
if (mailbox !== undefined) {
  tellHoldings((message) => mailbox.post(message));
  onUncaught((error) => mailbox.post([{ kind: "crashed", reason: messageOf(error) } satisfies FromHelper]));
}
