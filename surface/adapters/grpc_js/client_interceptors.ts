// The calls of grpc-js's clients: interceptors, and below them what turns messages into octets.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import type { AuthContext } from "./auth_context.ts";
import type {
  Call,
  InterceptingCallInterface,
  InterceptingListener,
  MessageContext,
} from "./call_interface.ts";
import type { CallOptions, Interceptor, InterceptorProvider, NextCall } from "./call_options.ts";
import { ChannelCall, type ChannelInterface } from "./channel.ts";
import { status as Status } from "./constants.ts";
import type { ClientMethodDefinition } from "./definitions.ts";
import type { Metadata } from "./metadata.ts";
import { functionsOf } from "./functions.ts";
import { serialized } from "./serialized.ts";
import { localStatus, type StatusObject, textOfError } from "./status.ts";

/** Both interceptors and interceptor_providers were given, to a client or to a call. */
export class InterceptorConfigurationError extends Error {
  /** `message`: who was given both. */
  constructor(message: string) {
    super(message);
    this.name = "InterceptorConfigurationError";
  }
}

/** Interceptors, and what gives some for a method: of a client, or of a call. */
export interface InterceptorLists {
  readonly interceptors: readonly Interceptor[];
  readonly providers: readonly InterceptorProvider[];
}

/** Those that options have. Throws where both are given, and for what is no list; `to`: whom, in the words of grpc-js. */
export function interceptorLists(
  { interceptors: some, interceptor_providers: others }: CallOptions,
  to: string,
): InterceptorLists {
  const interceptors = functionsOf(some, "interceptors", to);
  const providers = functionsOf(others, "interceptor_providers", to);
  if (interceptors.length > 0 && providers.length > 0) {
    throw new InterceptorConfigurationError(
      `Both interceptors and interceptor_providers were passed as ${to}. Only one of these is allowed.`,
    );
  }
  return { interceptors, providers };
}

/** A call of `method` on `channel`, under the interceptors of the call, or of the client where it has none. */
export function interceptedCall(
  channel: ChannelInterface,
  // deno-lint-ignore no-explicit-any
  method: ClientMethodDefinition<any, any>,
  options: CallOptions,
  ofClient: InterceptorLists,
): InterceptingCallInterface {
  const ofCall = interceptorLists(options, "call options");
  const hasOwn = ofCall.interceptors.length > 0 || ofCall.providers.length > 0;
  const { interceptors, providers } = hasOwn ? ofCall : ofClient;
  const chain = [...interceptors, ...providers.map((provider) => provider(method))].filter((one) => one);
  const bottom: NextCall = (given) => bottomCall(channel, method, given);
  if (chain.length === 0) return bottomCall(channel, method, options);
  const first = chain.reduceRight<NextCall>(
    (next, interceptor) => (given) => interceptor(given, next),
    bottom,
  );
  return first({ ...options, method_definition: method });
}

function bottomCall(
  channel: ChannelInterface,
  // deno-lint-ignore no-explicit-any
  method: ClientMethodDefinition<any, any>,
  { deadline, host, parent, propagate_flags: flags, credentials }: CallOptions,
): InterceptingCallInterface {
  const call = channel.createCall(method.path, deadline ?? Infinity, host, parent ?? null, flags);
  if (credentials) call.setCredentials(credentials);
  if (!(call instanceof ChannelCall)) return new BottomCall(call, method, false);
  call.isSingle = !method.requestStream;
  if (!method.responseStream) call.single = method;
  return new BottomCall(call, method, !method.responseStream);
}

/** The lowest call: messages above it, octets below. */
class BottomCall implements InterceptingCallInterface {
  private failure: StatusObject | undefined = undefined;
  private received = false;

  /** `decodes`: what comes of `call` is the one response, decoded. */
  constructor(
    private readonly call: Call,
    // deno-lint-ignore no-explicit-any
    private readonly method: ClientMethodDefinition<any, any>,
    private readonly decodes: boolean,
  ) {}

  cancelWithStatus(code: Status, details: string): void {
    this.call.cancelWithStatus(code, details);
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  getAuthContext(): AuthContext | null {
    return this.call.getAuthContext();
  }

  start(metadata: Metadata, listener: Partial<InterceptingListener> = {}): void {
    this.call.start(metadata, {
      onReceiveMetadata: (received) => listener.onReceiveMetadata?.(received),
      onReceiveMessage: (message) =>
        this.decodes ? this.onSingle(message, listener) : this.onOctets(message, listener),
      onReceiveStatus: (status) => this.onStatus(status, listener),
    });
    if (!this.method.responseStream) this.call.startRead();
  }

  private onSingle(message: unknown, listener: Partial<InterceptingListener>): void {
    this.received = true;
    listener.onReceiveMessage?.(message);
  }

  private onOctets(octets: Buffer, listener: Partial<InterceptingListener>): void {
    if (this.received && !this.method.responseStream) {
      return this.fail(Status.UNIMPLEMENTED, "Too many responses received");
    }
    let message: unknown;
    try {
      message = this.method.responseDeserialize(octets);
    } catch (error) {
      return this.fail(Status.INTERNAL, `Response message parsing error: ${textOfError(error)}`);
    }
    this.received = true;
    listener.onReceiveMessage?.(message);
    // Another one would be one too many.
    if (!this.method.responseStream) this.call.startRead();
  }

  /** Whatever status comes, it is this one. */
  private fail(code: Status, details: string): void {
    this.failure = localStatus(code, details);
    this.call.cancelWithStatus(code, details);
  }

  private onStatus(status: StatusObject, listener: Partial<InterceptingListener>): void {
    if (!this.received && !this.method.responseStream) listener.onReceiveMessage?.(null);
    listener.onReceiveStatus?.(this.failure ?? status);
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    let octets: Buffer;
    try {
      octets = serialized(this.method.requestSerialize, message);
    } catch (error) {
      const details = `Request message serialization failure: ${textOfError(error)}`;
      return this.call.cancelWithStatus(Status.INTERNAL, details);
    }
    this.call.sendMessageWithContext(context, octets);
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  startRead(): void {
    this.call.startRead();
  }

  halfClose(): void {
    this.call.halfClose();
  }
}
