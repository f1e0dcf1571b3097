// The options of a channel.

import { CONNECT_OPTION_NAMES, type UserConnectOptions } from "../connect_options.ts";
import type { CallCredentials } from "../credentials/call_credentials.ts";
import type { ChannelCredentials } from "../credentials/channel_credentials.ts";
import type { Insecure } from "../credentials/insecure.ts";
import type { PollerList } from "../engines.ts";
import type { Feature } from "../features/feature.ts";
import type { OptionNames } from "../options.ts";
import type { LoadBalancingPolicy } from "./balancer/policies.ts";
import type { Resolvers } from "./resolver/resolvers.ts";
import type { JsonServiceConfig } from "./service_config/json.ts";

/** What a channel is made with. */
export interface ChannelOptions extends UserConnectOptions {
  /** Pollers to choose from, in order; else POLLWIRE_POLLER, else "native". A channel of "pollwire/lean" has to be given one. */
  readonly poller?: PollerList;
  /** What it can do beside what its class can: of a channel of "pollwire", which can do everything, nothing more. */
  readonly features?: readonly Feature[];
  /**
   * How connections are secured: `tls.client(...)`, or `insecure` for plaintext. Default: plaintext inside this machine
   * (loopback addresses, unix sockets, pipes), and no connection to other machines.
   */
  readonly credentials?: ChannelCredentials | Insecure;
  /** What every call shows of itself, before what is given to the call: made by `callCredentials`. Only with TLS. */
  readonly callCredentials?: CallCredentials;
  /**
   * The HTTP proxy that connections go through, "http://user:password@host:port", or false for none. Default: that of the
   * environment (`grpc_proxy`, `https_proxy`, `http_proxy`; not for what `no_grpc_proxy` or `no_proxy` has, nor for this
   * machine).
   */
  readonly proxy?: string | false;
  /** What `:authority` says; else the target's host and port. */
  readonly authority?: string;
  /** What the application calls itself, "shop/1.2"; it stands before this library's name in `user-agent`. */
  readonly userAgent?: string;
  /**
   * Which of the servers that the target names calls go to, where no service config says it. "pick_first", the default:
   * all to the first that can be connected to; "round_robin": to all of them in turn.
   */
  readonly loadBalancing?: LoadBalancingPolicy;
  /**
   * How the service's methods are called: a service config of gRPC, as an object or as JSON. It is used where the target's
   * resolver finds none.
   */
  readonly serviceConfig?: JsonServiceConfig | string;
  /**
   * Whether a name in DNS is asked for a service config too: TXT records of "_grpc_config.<host>" (gRFC A2), in which
   * `clientLanguage` is "typescript". Default false: it costs a query, and makes every owner of the name decide about calls.
   */
  readonly lookUpServiceConfig?: boolean;
  /** Resolvers for targets of this channel by the targets' schemes, before those of `registerResolver`. */
  readonly resolvers?: Resolvers;
  /** False: no call is made again by the policies of a service config. Default true. */
  readonly enableRetries?: boolean;
  /** What more attempts mean, where a policy of a service config has more; 2 or more. Default 5. */
  readonly maxCallAttempts?: number;
  /**
   * Octets of requests that are kept of all calls that a policy may make again; a call that would need more is not made
   * again. Of one call it is 256 KiB at most. Default 16 MiB.
   */
  readonly retryBufferBytes?: number;
  /** Milliseconds before the second attempt to connect; above 0. Default 1,000. */
  readonly initialBackoffMs?: number;
  /**
   * Milliseconds without a call until connections are let go and the channel is IDLE again. At least 1,000; Infinity:
   * never. Default 1,800,000 (30 minutes).
   */
  readonly idleTimeoutMs?: number;
  /**
   * Whether the process stays for calls that run. False: it may end while calls wait, as those that watch something for as
   * long as the program lives. Default true.
   */
  readonly holdsProcess?: boolean;
  /**
   * Whether it uses connections of other channels of this thread and poller that go to the same addresses with the same
   * credentials (the same object) and settings. Default true, as in gRPC; false: its connections are its own. A channel of
   * "pollwire/lean" needs the feature `sharedConnections` for it, and has its own without.
   */
  readonly shareConnections?: boolean;
}

/** What they are called. */
export const CHANNEL_OPTION_NAMES: OptionNames<ChannelOptions> = {
  ...CONNECT_OPTION_NAMES,
  poller: true,
  features: true,
  credentials: true,
  callCredentials: true,
  proxy: true,
  authority: true,
  userAgent: true,
  loadBalancing: true,
  serviceConfig: true,
  lookUpServiceConfig: true,
  resolvers: true,
  enableRetries: true,
  maxCallAttempts: true,
  retryBufferBytes: true,
  initialBackoffMs: true,
  idleTimeoutMs: true,
  holdsProcess: true,
  shareConnections: true,
};

/** See {@linkcode ChannelOptions.retryBufferBytes}; as much as grpc-java keeps. */
export const RETRY_BUFFER_BYTES = 16 * 1024 * 1024;
