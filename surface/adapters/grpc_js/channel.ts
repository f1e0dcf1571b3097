// grpc-js's Channel over one of this library.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { callContext, onNextState } from "../../channel/channel.ts";
import { Channel as WireChannel } from "../../full/channel.ts";
import type { GivenOptions } from "../../client/call_options.ts";
import type { CallContext } from "../../client/call_context.ts";
import type { ConnectivityState } from "../../channel/connectivity.ts";
import type { AuthContext } from "./auth_context.ts";
import { AdaptedCredentials, type CallCredentials } from "./call_credentials.ts";
import type { Call, InterceptingListener, MessageContext } from "./call_interface.ts";
import { adaptedCredentials, type ChannelCredentials } from "./channel_credentials.ts";
import { type ChannelOptions, channelOptions } from "./channel_options.ts";
import { connectivityState, propagate, status as Status } from "./constants.ts";
import { type Deadline, earlier, msUntil } from "./deadline.ts";
import { later } from "./later.ts";
import { headersOf, type Metadata } from "./metadata.ts";
import type { ServerSurfaceCall } from "./server_call.ts";
import { type ResponseDecoder, WireCall } from "./wire_call.ts";

/** What clients make their calls on. */
export interface ChannelInterface {
  /** Ends it when its calls have ended: those that run go on, and those that wait for a connection fail. */
  close(): void;
  /** Where it connects to. */
  getTarget(): string;
  /** Whether it is connected; `tryToConnect`: it is to be, from then on. */
  getConnectivityState(tryToConnect: boolean): connectivityState;
  /** Calls `callback` once when the state is another one than `currentState`, or with an error at the deadline. */
  watchConnectivityState(
    currentState: connectivityState,
    deadline: Deadline,
    callback: (error?: Error) => void,
  ): void;
  /** What channelz knows of it. */
  getChannelzRef(): { kind: "channel"; id: number; name: string };
  /** A call of the method at the path `method`. */
  createCall(
    method: string,
    deadline: Deadline,
    host: string | null | undefined,
    parentCall: ServerSurfaceCall | null,
    propagateFlags: number | null | undefined,
  ): Call;
}

/** A target that says how it is resolved. */
const WITH_SCHEME = /^(?:dns|ipv4|ipv6|unix|unix-abstract|npipe|inprocess|passthrough|etcd|https?):/;

/** `target` as grpc-js says it: "dns:localhost:50051". */
function withScheme(target: string): string {
  return WITH_SCHEME.test(target) ? target : `dns:${target}`;
}

const SHUT_DOWN = "Channel has been shut down";

/** See {@linkcode ChannelInterface}. */
export class Channel implements ChannelInterface {
  private readonly channel: WireChannel;
  private readonly context: CallContext;
  private closed = false;

  /**
   * A channel to `target`; nothing is connected yet.
   *
   * @throws {TypeError} for arguments of a wrong type
   * @throws {Error} for a target that cannot be parsed
   */
  constructor(
    private readonly target: string,
    credentials: ChannelCredentials,
    options?: ChannelOptions | null,
  ) {
    if (typeof target !== "string") throw new TypeError("Channel target must be a string");
    const given = options ?? {};
    if (typeof given !== "object") throw new TypeError("Channel options must be an object");
    this.channel = new WireChannel(target, {
      ...channelOptions(given),
      ...adaptedCredentials(credentials, given["grpc.ssl_target_name_override"]),
    });
    this.context = callContext("make a channel", this.channel);
  }

  close(): void {
    this.closed = true;
    void this.channel.drain();
  }

  getTarget(): string {
    return withScheme(this.target);
  }

  getConnectivityState(tryToConnect: boolean): connectivityState {
    if (this.closed) return connectivityState.SHUTDOWN;
    const state = numberOf(this.channel.state);
    if (tryToConnect) this.channel.connect();
    return state;
  }

  watchConnectivityState(
    currentState: connectivityState,
    deadline: Deadline,
    callback: (error?: Error) => void,
  ): void {
    if (this.closed) throw new Error(SHUT_DOWN);
    const { engine } = this.context;
    if (numberOf(this.channel.state) !== currentState) return queueMicrotask(callback);
    const ms = msUntil(deadline);
    // Until its moment, as a timer of Node's, and until the end of CONNECTING, which comes in any case.
    const holds = ms !== undefined || currentState === connectivityState.CONNECTING;
    if (holds) engine.hold();
    const end = (error?: Error): void => {
      if (holds) engine.release();
      queueMicrotask(() => callback(error));
    };
    const forget = onNextState("watch a channel", this.channel, () => {
      if (task !== undefined) engine.cancel(task);
      end();
    });
    const task = ms === undefined ? undefined : engine.runAt(engine.now() + ms, () => {
      forget();
      end(new Error("Deadline passed without connectivity state change"));
    });
  }

  getChannelzRef(): { kind: "channel"; id: number; name: string } {
    return { kind: "channel", id: 0, name: this.target };
  }

  createCall(
    method: string,
    deadline: Deadline,
    host?: string | null,
    parentCall?: ServerSurfaceCall | null,
    propagateFlags?: number | null,
  ): Call {
    if (typeof method !== "string") throw new TypeError("Channel#createCall: method must be a string");
    if (!(typeof deadline === "number" || deadline instanceof Date)) {
      throw new TypeError("Channel#createCall: deadline must be a number or Date");
    }
    checkSendable("method", method);
    checkSendable("host", host ?? "");
    if (parentCall && (typeof parentCall.getDeadline !== "function" || typeof parentCall.on !== "function")) {
      throw new TypeError("Channel#createCall: parent must be the call that a handler of a server gets");
    }
    if (this.closed) throw new Error(SHUT_DOWN);
    const flags = propagateFlags ?? propagate.DEFAULTS;
    const inTime = parentCall && (flags & propagate.DEADLINE) !== 0
      ? earlier(deadline, parentCall.getDeadline())
      : deadline;
    const call = new ChannelCall(
      this.context,
      method,
      inTime,
      host ?? undefined,
      this.getTarget(),
    );
    if (parentCall && (flags & propagate.CANCELLATION) !== 0) {
      const onCancelled = (): void => call.cancelWithStatus(Status.CANCELLED, "Cancelled by parent call");
      parentCall.on("cancelled", onCancelled);
      call.onOver = () => parentCall.off("cancelled", onCancelled);
    }
    return call;
  }
}

function numberOf(state: ConnectivityState): connectivityState {
  return connectivityState[state];
}

/** They go into the head of the request as they are: what ends a line there would be another field's beginning. */
function checkSendable(name: string, text: unknown): void {
  if (typeof text === "string" && !/[^!-~]/.test(text)) return;
  throw new TypeError(`Channel#createCall: ${name} must be a string of printable ASCII without spaces`);
}

function untilOver(listener: InterceptingListener, onOver: () => void): InterceptingListener {
  return {
    onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
    onReceiveMessage: (message) => listener.onReceiveMessage(message),
    onReceiveStatus(status) {
      onOver();
      listener.onReceiveStatus(status);
    },
  };
}

let calls = 0;

/** A call of octets. */
export class ChannelCall implements Call {
  /** The method has one request: its message, its end and the metadata go together. */
  isSingle = false;
  /** The method has one response: the listener gets what this makes of it. */
  single: ResponseDecoder | undefined = undefined;
  /** Is called at its end, where it was made for another call: that one may have many, and go on for long. */
  onOver: (() => void) | undefined = undefined;
  private readonly number: number = ++calls;
  private call: WireCall | undefined = undefined;
  private credentials: CallCredentials | undefined = undefined;
  private cancelled: readonly [code: Status, details: string] | undefined = undefined;
  /** A message was asked for before the call began: streams do so, and an interceptor may begin the call later. */
  private readFirst = false;
  /** The message of such a method, until its end. */
  private heldBack: Buffer | undefined = undefined;
  private heldFlags: MessageContext = {};

  constructor(
    private readonly context: CallContext,
    private readonly method: string,
    private readonly deadline: Deadline,
    private readonly host: string | undefined,
    private readonly target: string,
  ) {}

  cancelWithStatus(code: Status, details: string): void {
    if (this.call === undefined) this.cancelled ??= [code, details];
    else this.call.cancel(code, details);
  }

  getPeer(): string {
    return this.call?.peer ?? this.target;
  }

  start(metadata: Metadata, listener: InterceptingListener): void {
    const template = this.context.template(this.method);
    const { onOver } = this;
    const all = onOver === undefined ? listener : untilOver(listener, onOver);
    this.call = new WireCall(this.context, template, this.given(metadata), all, this.single);
    if (this.cancelled !== undefined) this.call.cancel(...this.cancelled);
    else this.call.start();
    if (this.readFirst) this.call.read();
  }

  private given(metadata: Metadata): GivenOptions {
    const { waitForReady, corked = false } = metadata.getOptions();
    const callCredentials = this.credentials === undefined
      ? undefined
      : new AdaptedCredentials(this.credentials);
    const identity = callCredentials === undefined && this.host === undefined
      ? undefined
      : { callCredentials, authority: this.host };
    return {
      deadlineMs: msUntil(this.deadline),
      signal: undefined,
      headers: headersOf(metadata),
      waitForReady,
      compression: undefined,
      corked: corked || this.isSingle,
      parent: undefined,
      identity,
      onHeaders: undefined,
      onTrailers: undefined,
    };
  }

  sendMessageWithContext(context: MessageContext, message: Buffer): void {
    if (!this.isSingle || this.heldBack !== undefined) return this.call!.send(message, context, false);
    const { callback, flags } = context;
    this.heldBack = message;
    if (flags !== undefined) this.heldFlags = { flags };
    if (callback !== undefined) later(callback);
  }

  startRead(): void {
    if (this.call === undefined) this.readFirst = true;
    else this.call.read();
  }

  halfClose(): void {
    const { heldBack } = this;
    if (heldBack === undefined) return this.call!.endRequests();
    this.heldBack = undefined;
    this.call!.send(heldBack, this.heldFlags, true);
  }

  getCallNumber(): number {
    return this.number;
  }

  setCredentials(credentials: CallCredentials): void {
    this.credentials = this.credentials?.compose(credentials) ?? credentials;
  }

  getAuthContext(): AuthContext | null {
    return this.call?.authContext ?? null;
  }
}
