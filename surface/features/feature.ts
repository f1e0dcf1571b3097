// What channels and servers can do beside what all of them do: features, which the full entry has all of.

import type { EngineFactory, EventEngine, IoResult, Listener, SocketAddress } from "../../pollers/mod.ts";
import type {
  ClientOfThread,
  ClientPart,
  CompressedStreams,
  ConnectInProcess,
  KeepaliveOptions,
  MessageEncoding,
  NoteFrames,
  TlsProvider,
} from "../../transport/mod.ts";
import type { ObservedChannel } from "../call/call_observer.ts";
import type { KnownChannels } from "../channelz/known_channels.ts";
import type { AnyPolicy, Policies, ReadPolicyList } from "../channel/balancer/policies.ts";
import type { ShareConnections } from "../channel/connect_settings.ts";
import type { MakeHealthChecker } from "../channel/health_checker.ts";
import type { FindProxy } from "../channel/proxy.ts";
import type { Resolvers } from "../channel/resolver/resolvers.ts";
import type { JsonServiceConfig } from "../channel/service_config/json.ts";
import type { RetryOptions } from "../channel/service_config/read_method_config.ts";
import type { ServiceConfig } from "../channel/service_config/service_config.ts";
import type { MakePermission } from "../client/call_permission.ts";
import type { StreamingCalls } from "../client/streaming.ts";
import type { Retries } from "../client/attempts/retries.ts";

/** Something that channels, servers, or both can do where it is given to them: made by "pollwire/features". */
export interface Feature {
  /** What it is called: "retries". */
  readonly name: string;
}

/** Reads the service configs of channels. */
export interface ServiceConfigReader {
  /** An object or its JSON, for a channel that has `policies`. Throws ServiceConfigError for what cannot be used. */
  read(source: JsonServiceConfig | string, policies: Policies, options: RetryOptions): ServiceConfig;
  /** See `Policies.read`. */
  readonly readPolicies: ReadPolicyList;
}

/** Connections without a socket. */
export interface InProcess {
  readonly connect: ConnectInProcess;
  /** `onAccept` gets every client; `onShutdown` comes once, last. */
  listen(
    engine: EventEngine,
    onAccept: (client: ClientOfThread) => void,
    onShutdown: () => void,
  ): ListenerOfThread;
}

/** A server's listener for clients of its thread. */
export interface ListenerOfThread extends Pick<Listener, "start" | "shutdown"> {
  /** Takes the name, where nobody has it. */
  bind(at: SocketAddress): IoResult<number>;
}

/** What channels ask servers by whether they are there. */
export interface ChannelKeepalive {
  /** The option of a channel, no more often than is allowed. Throws as `new Channel` does. */
  read(options: KeepaliveOptions): KeepaliveOptions;
  readonly keepalives: ClientPart;
}

/** What features are made of; of what there can be one of, the first feature that has it counts. */
export interface FeatureParts {
  /** Pollers by name, and what is chosen where no poller is named. */
  readonly pollers?: { readonly factories: readonly EngineFactory[]; readonly defaults: () => string };
  /** Of targets of channels, by scheme; more may come. */
  readonly resolvers?: Resolvers;
  /** More may come. */
  readonly balancers?: readonly AnyPolicy[];
  /** Encodings of messages. */
  readonly encodings?: readonly MessageEncoding[];
  /** What a channel's streams are compressed and inflated by. */
  readonly compressedStreams?: CompressedStreams;
  /** Of targets with "https:", where nothing else is said; the first that can be used. */
  readonly tlsLibraries?: readonly TlsProvider[];
  /** For the trace "http2" of a channel's connections. */
  readonly noteFrames?: NoteFrames;
  /** Of values that come in responses. */
  readonly headerMemory?: ClientPart;
  readonly keepalive?: ChannelKeepalive;
  /** Says why a server whose first octets are these makes no secure connection. */
  readonly explainRefusal?: (bytes: Uint8Array) => string | undefined;
  readonly serviceConfigs?: ServiceConfigReader;
  readonly retries?: Retries;
  /** For calls that have credentials or an authority of their own. */
  readonly makePermission?: MakePermission;
  readonly makeHealthChecker?: MakeHealthChecker;
  readonly findProxy?: FindProxy;
  readonly inProcess?: InProcess;
  /** The observers of one channel. */
  readonly makeObservers?: () => ObservedChannel;
  readonly knownChannels?: KnownChannels;
  readonly shareConnections?: ShareConnections;
  /** Of promise-style clients. */
  // deno-lint-ignore no-explicit-any
  readonly streamingCalls?: StreamingCalls<any>;
}

/** A feature, as the library sees it. */
export type MadeFeature = Feature & FeatureParts;
