// A channel: calls to one target, over connections that are made and made again (see `channel_route.ts`).

import { formatAddress, Reporter, type SocketAddress } from "../../pollers/mod.ts";
import {
  acceptedNames,
  type ConnectionSecurity,
  type ConnectSecurity,
  type MessageEncodings,
  type RequestTemplate,
  requestTemplate,
} from "../../transport/mod.ts";
import {
  ChannelCredentials,
  connectSecurity,
  systemCredentials,
} from "../credentials/channel_credentials.ts";
import type { CallCredentials } from "../credentials/call_credentials.ts";
import type { MakePermission } from "../client/call_permission.ts";
import { checkCallCredentials, NO_IDENTITIES } from "../client/call_identity.ts";
import { hostOf } from "../credentials/host_names.ts";
import { CHANNELS_TLS_LIBRARY } from "../credentials/tls_library.ts";
import { type Insecure, insecure, plaintextRefusal, refusalThrough } from "../credentials/insecure.ts";
import { type Compression, encodingNamed, messageEncodings } from "../compression.ts";
import { checkConnectOptions, CONNECT_OPTION_NAMES, type UserConnectOptions } from "../connect_options.ts";
import { type EngineUse, type PollerList, useEngineOf } from "../engines.ts";
import type { Feature } from "../features/feature.ts";
import { FeatureSet } from "../features/feature_set.ts";
import { describe, type OptionNames } from "../options.ts";
import { handled } from "../promise_like.ts";
import { USER_AGENT } from "../version.ts";
import { Backoff } from "./backoff.ts";
import { type ChannelTarget, parseChannelTarget } from "./channel_target.ts";
import { checkedAuthority, checkValues } from "./channel_values.ts";
import type { CallObserver, ObservedChannel } from "../call/call_observer.ts";
import { type CallContext, ChannelEnd } from "../client/call_context.ts";
import type { LoadBalancingPolicy } from "./balancer/policies.ts";
import type { ChannelProxy } from "./proxy.ts";
import { ChannelRoute, type RouteOptions } from "./channel_route.ts";
import type { AddressRefusal, SharedConnections } from "./connect_settings.ts";
import { checkState, type ConnectivityState } from "./connectivity.ts";
import { type OpenChannel, openChannelsBy } from "./inner_channel.ts";
import { addressesOf, defaultPort, type Destination, formatDestination } from "./destination.ts";
import { checkResolvers, resolverFactory, type Resolvers, schemeNames } from "./resolver/resolvers.ts";
import type { ReadConfig } from "./service_config/config_in_use.ts";
import type { JsonServiceConfig } from "./service_config/json.ts";
import { MAX_CALL_ATTEMPTS } from "./service_config/method_config.ts";
import { ServiceConfigError } from "./service_config/service_config_error.ts";

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

const NAMES: OptionNames<ChannelOptions> = {
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
const RETRY_BUFFER_BYTES = 16 * 1024 * 1024;

/** Paths whose templates are kept, beside those that clients of services keep: of a generic client they may be anybody's. */
const MOST_TEMPLATES = 1_000;

/** What the calls of `channel` need, for the API styles. Throws TypeError where it is none; `purpose`: what was tried. */
export let callContext: (purpose: string, channel: Channel) => CallContext;

/**
 * Calls `watcher` with the next state of `channel`, once. Returns a function that takes it back. Throws TypeError where it
 * is no channel; `purpose`: what was tried.
 */
export let onNextState: (
  purpose: string,
  channel: Channel,
  watcher: (state: ConnectivityState) => void,
) => () => void;

/** Makes a channel of the library's own, for those who can import this module. */
export let innerChannel: OpenChannel;

/** Calls to the servers of one target. Nothing is connected before the first call. */
export class Channel {
  /** What channels of this class can do beside what all channels can. */
  static readonly features: readonly Feature[] = [];
  readonly #use: EngineUse;
  readonly #context: CallContext;
  readonly #route: ChannelRoute;
  readonly #templates = new Map<string, RequestTemplate>();
  readonly #authority: string;
  readonly #features: FeatureSet;
  readonly #userAgent: string;
  readonly #encodings: MessageEncodings;
  readonly #security: ConnectSecurity | undefined;
  /** Has channelz know it no more. */
  readonly #forget: (() => void) | undefined;
  /** Settles when all is closed; undefined while it is open. */
  #ended: Promise<void> | undefined = undefined;
  #watchers = new Set<(state: ConnectivityState) => void>();

  /**
   * `target`: "host:port", "[v6]:port", "unix:/path", "dns:///host:port", "ipv4:10.0.0.1:80,10.0.0.2:80"; "https://host:port" for TLS, and
   * "http://host:port" for plaintext; and what `registerResolver` has a scheme for. Without a port it is 443 with TLS, and
   * else 80.
   *
   * @throws {AddressError} for a target that cannot be parsed
   * @throws {PollerError} where no poller of the list can be used
   * @throws {TypeError} for unknown options and values of a wrong type, and for an address of another machine where there
   *   are no `credentials`; names are looked up later, and their calls are UNAVAILABLE then
   * @throws {RangeError} for numbers out of their range, and for what is none where a number is to be given
   */
  constructor(target: string, options: ChannelOptions = {}) {
    checkConnectOptions("make a channel", options, NAMES);
    checkValues("make a channel", options);
    const features = new FeatureSet("make a channel", new.target.features, options.features);
    const policy = (this.#features = features).policies.chosen(options.loadBalancing ?? "pick_first");
    const readConfig = configReader(options, features);
    const retries = features.first("retries");
    const config = options.serviceConfig === undefined ? undefined : readConfig(options.serviceConfig);
    checkResolvers(options.resolvers);
    const resolvers = [options.resolvers ?? {}, ...features.resolvers];
    const { target: parsed, credentials } = targetOf(target, options, features, resolvers);
    const makePermission = permissionsOf(options, features);
    const keepalive = keepaliveOf(options, features);
    const port = defaultPort(credentials instanceof ChannelCredentials);
    this.#authority = checkedAuthority(options.authority, () => authorityOf(parsed, port, resolvers));
    this.#userAgent = userAgentOf(options.userAgent);
    this.#encodings = messageEncodings("make a channel", options, features.encodings);
    const reporter = new Reporter(options);
    this.#security = securityOf(credentials, this.#authority, reporter);
    const { engine } = this.#use = useEngineOf(options.poller, features);
    const refusal = (addresses: readonly SocketAddress[]): string | undefined =>
      credentials === undefined ? plaintextRefusal("channel", engine, addresses) : undefined;
    const proxy = this.#proxyFor(parsed, options.proxy, reporter);
    if (credentials === undefined) this.#checkPlaintext(parsed, proxy, refusal);
    const makeBackoff = (): Backoff => new Backoff(() => engine.random(), options.initialBackoffMs);
    this.#route = new ChannelRoute(
      engine,
      proxy?.target ?? parsed,
      {
        ...options,
        ...keepalive,
        reporter,
        encodings: this.#encodings,
        ...connectionFeatures(features),
        refusal,
        ...(options.shareConnections === false ? {} : { shared: this.#shared(options, credentials) }),
        template: (path) => this.#template(path),
        ...(this.#security === undefined ? {} : { security: this.#security }),
        ...(proxy === undefined ? {} : { tunnel: proxy.tunnel }),
        readConfig,
        resolvers,
        retries,
        makeHealthChecker: features.first("makeHealthChecker"),
        callContext: () => this.#context,
        ...(config === undefined ? {} : { config }),
      },
      makeBackoff,
      policy,
      (state) => this.#changed(state),
    );
    this.#context = {
      engine,
      needsLoop: this.#security?.isAsynchronous === true,
      route: this.#route,
      reporter,
      target: parsed,
      channelOptions: credentials === undefined ? options : { ...options, credentials },
      retries,
      end: new ChannelEnd(),
      maxReceiveElements: options.maxReceiveElements,
      streams: features.first("streamingCalls"),
      observers: features.first("makeObservers")?.() ?? UNOBSERVED,
      template: (path, compression) => this.#template(path, compression),
      isSecure: this.#security !== undefined,
      callCredentials: options.callCredentials,
      makePermission,
      keptRequests: retries?.keep(options.retryBufferBytes ?? RETRY_BUFFER_BYTES),
    };
    this.#forget = this.#makeKnown();
  }

  /** Whether the channel is connected, and if not, why not. */
  get state(): ConnectivityState {
    return this.#route.state;
  }

  /**
   * What the TLS handshake of the connection that new calls get established: protocol, cipher, the server's certificate.
   * Undefined in plaintext, and while there is no connection.
   */
  get security(): ConnectionSecurity | undefined {
    return this.#route.security;
  }

  /** Connects now, without waiting for a call. The process may end meanwhile. */
  connect(): void {
    this.#route.connect();
  }

  /** Connects now where it would wait after a failure; the next wait is the first one again. */
  resetConnectBackoff(): void {
    this.#route.resetBackoff();
  }

  /**
   * Resolves with the new state as soon as it is not `state` any more. The process stays for the end of CONNECTING,
   * which comes in any case; waiting for the end of another state does not keep the process alive.
   *
   * @throws {TypeError} for what is no state
   */
  stateChange(state: ConnectivityState): Promise<ConnectivityState> {
    checkState(state);
    if (this.state !== state) return Promise.resolve(this.state);
    const { engine } = this.#context;
    const holds = state === "CONNECTING";
    if (holds) engine.hold();
    return new Promise((resolve) => {
      this.#watchers.add((next) => {
        if (holds) engine.release();
        resolve(next);
      });
    });
  }

  /**
   * What is outstanding of calls that end only when the application has done its part, those of reactors and of completion
   * queues: some lines of text, for a program that hangs.
   */
  describePending(): string {
    const { target, end } = this.#context;
    return [`channel to ${formatDestination(target)}: ${this.state}`, ...end.pending?.describe() ?? []].join(
      "\n  ",
    );
  }

  /**
   * Has `observer` see the calls that begin from now on, of every API style; returns what ends that.
   *
   * @example
   * ```ts
   * import { Channel } from "pollwire";
   * const channel = new Channel("127.0.0.1:50051");
   * channel.observe({
   *   onCallEnd: ({ method, status, durationMs, attempts }) => console.log(method, status, durationMs, attempts),
   * });
   * channel.close();
   * ```
   *
   * @throws {TypeError} for what is no observer, and where a channel of "pollwire/lean" lacks the feature `callObservers`
   */
  observe(observer: CallObserver): () => void {
    return this.#context.observers.add("observe a channel", observer);
  }

  /** Ends the channel: running calls fail with UNAVAILABLE, later ones too. Idempotent. */
  close(): void {
    void this[Symbol.asyncDispose]();
  }

  /**
   * Ends the channel when its calls have ended: those that have a stream go on, and later ones fail with UNAVAILABLE.
   * Resolves when all is closed. `close` ends what still runs.
   */
  async drain(): Promise<void> {
    await new Promise<void>((resolve) => this.#route.drain(resolve));
    await this[Symbol.asyncDispose]();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The same as `close`, for `await using`. Resolves when all is closed, the engine too where nothing else uses it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end(); // one that was closed before may not be all closed yet
  }

  async #end(): Promise<void> {
    const { reporter, target, end } = this.#context;
    this.#forget?.();
    this.#route.close();
    end.pending?.reportForgotten(`the channel to ${formatDestination(target)}`, reporter);
    await Promise.all([...end.close(), this.#use.end()]);
  }

  #makeKnown(): (() => void) | undefined {
    return this.#features.first("knownChannels")?.add(
      formatDestination(this.#context.target),
      this.#route,
      (observer) => this.observe(observer),
      (watcher) => onNextState("trace", this, watcher),
    );
  }

  /** The proxy; where the one that was asked for cannot be used, no channel is made. */
  #proxyFor(
    target: Destination,
    option: ChannelOptions["proxy"],
    reporter: Reporter,
  ): ChannelProxy | undefined {
    const { engine } = this.#use;
    const findProxy = this.#features.first("findProxy");
    try {
      if (findProxy !== undefined) {
        return findProxy(target, { option, engine, warn: (line) => reporter.log("warn", line) });
      }
      if (option === undefined || option === false) return undefined;
      throw lacking("use a proxy", "proxies");
    } catch (error) {
      void this.#use.end();
      throw error;
    }
  }

  /** Throws where nobody said that connections may be plaintext, and others can read them on their way. */
  #checkPlaintext(target: Destination, proxy: ChannelProxy | undefined, refusal: AddressRefusal): void {
    const addresses = addressesOf(target);
    let why = addresses === undefined ? undefined : refusal(addresses);
    if (proxy !== undefined) why = refusalThrough(proxy.target);
    if (why === undefined) return;
    void this.#use.end();
    throw new TypeError(`Cannot make a channel to ${formatDestination(target)}: ${why}`);
  }

  /** The connections of channels like it; undefined where it has its own. */
  #shared(
    options: ChannelOptions,
    credentials: ChannelCredentials | Insecure | undefined,
  ): SharedConnections | undefined {
    const share = this.#features.first("shareConnections");
    const secured = this.#security === undefined ? undefined : credentials as ChannelCredentials;
    if (share !== undefined) return share(options, secured, hostOf(this.#authority));
    if (options.shareConnections === undefined) return undefined;
    void this.#use.end();
    throw lacking("share connections", "sharedConnections");
  }

  #template(path: string, compression?: Compression): RequestTemplate {
    const key = compression === undefined ? path : `${path} ${compression}`; // no path has a space
    let template = this.#templates.get(key);
    if (template === undefined) {
      if (this.#templates.size >= MOST_TEMPLATES) this.#templates.clear();
      template = requestTemplate(
        path,
        this.#authority,
        this.#security === undefined ? "http" : "https",
        this.#userAgent,
        acceptedNames(this.#encodings),
        compression === undefined
          ? this.#encodings.outgoing
          : encodingNamed(`call ${path}`, compression, this.#features.encodings),
      );
      this.#templates.set(key, template);
    }
    return template;
  }

  static {
    callContext = (purpose, channel) => {
      if (#context in Object(channel)) return channel.#context;
      throw new TypeError(`Cannot ${purpose}: expected a Channel, found ${describe(channel)}`);
    };
    onNextState = (purpose, channel, watcher) => {
      callContext(purpose, channel);
      channel.#watchers.add(watcher);
      return () => void channel.#watchers.delete(watcher);
    };
    innerChannel = (target, options) => {
      const channel = new Channel(target, options);
      return { context: channel.#context, close: () => channel.close() };
    };
    openChannelsBy(innerChannel);
  }

  #changed(state: ConnectivityState): void {
    if (this.#watchers.size === 0) return;
    const watchers = this.#watchers;
    this.#watchers = new Set();
    for (const watcher of watchers) watcher(state);
  }
}

function lacking(purpose: string, feature: string): TypeError {
  return new TypeError(`Cannot ${purpose}: give the channel the feature ${feature}`);
}

/** Throws: a channel that nobody can observe was to be. */
function unobserved(): never {
  throw lacking("observe a channel", "callObservers");
}

const UNOBSERVED: ObservedChannel = { list: undefined, add: unobserved, begin: unobserved };

/** What `target` says; "https:" is TLS by the libraries that the channel has. */
function targetOf(
  target: string,
  { credentials }: ChannelOptions,
  features: FeatureSet,
  resolvers: readonly Resolvers[],
): ChannelTarget {
  const secure = (): ChannelCredentials =>
    systemCredentials(features.first("tlsLibraries") ?? CHANNELS_TLS_LIBRARY);
  const parsed = parseChannelTarget(target, credentials, secure, schemeNames(resolvers));
  checkWay(parsed.target, features);
  return parsed;
}

/** What of the features its connections have. */
function connectionFeatures(
  features: FeatureSet,
): Pick<
  RouteOptions,
  | "compressedStreams"
  | "connectInProcess"
  | "connectionLeft"
  | "explainRefusal"
  | "headerMemory"
  | "noteFrames"
> {
  return {
    compressedStreams: features.first("compressedStreams"),
    connectInProcess: features.first("inProcess")?.connect,
    connectionLeft: features.first("knownChannels")?.connectionLeft,
    explainRefusal: features.first("explainRefusal"),
    headerMemory: features.first("headerMemory"),
    noteFrames: features.first("noteFrames"),
  };
}

/** Throws TypeError where nothing of the channel connects inside the process, and it is to. */
function checkWay({ family }: Destination, features: FeatureSet): void {
  if (family !== "inprocess" || features.first("inProcess") !== undefined) return;
  throw lacking("connect inside the process", "inProcess");
}

/** When its connections are asked whether they stand, and by what. Throws as `new Channel` does. */
function keepaliveOf(
  { keepalive }: ChannelOptions,
  features: FeatureSet,
): Pick<RouteOptions, "keepalive" | "keepalives"> {
  if (keepalive === undefined) return {};
  const feature = features.first("keepalive");
  if (feature === undefined) throw lacking("use keepalive", "keepalive");
  return { keepalive: feature.read(keepalive), keepalives: feature.keepalives };
}

/** Makes the permissions of calls; undefined where the channel has none. Throws TypeError for what are no call credentials. */
function permissionsOf(
  { callCredentials }: ChannelOptions,
  features: FeatureSet,
): MakePermission | undefined {
  checkCallCredentials("make a channel", callCredentials);
  const makePermission = features.first("makePermission");
  if (callCredentials === undefined || makePermission !== undefined) return makePermission;
  throw new TypeError(`Cannot make a channel: ${NO_IDENTITIES}`);
}

/** How connections to `authority` are secured; undefined where they are not. */
function securityOf(
  credentials: ChannelCredentials | Insecure | undefined,
  authority: string,
  reporter: Reporter,
): ConnectSecurity | undefined {
  if (credentials === undefined || credentials === insecure) return undefined;
  return connectSecurity(credentials, hostOf(authority), reporter);
}

/** Reads service configs as the channel's options say. */
function configReader(options: ChannelOptions, features: FeatureSet): ReadConfig {
  const { enableRetries = true, maxCallAttempts = MAX_CALL_ATTEMPTS } = options;
  if (!Number.isInteger(maxCallAttempts) || maxCallAttempts < 2) {
    throw new RangeError(
      `Cannot make a channel: maxCallAttempts is ${
        String(maxCallAttempts)
      }; give a whole number of 2 or more`,
    );
  }
  const reader = features.first("serviceConfigs");
  if (reader === undefined && options.lookUpServiceConfig === true) throw noServiceConfigs();
  const retries = enableRetries && features.first("retries") !== undefined;
  return (source) => {
    if (reader !== undefined) {
      return reader.read(source, features.policies, { enableRetries: retries, maxCallAttempts });
    }
    throw noServiceConfigs();
  };
}

function noServiceConfigs(): ServiceConfigError {
  return new ServiceConfigError("", "cannot be read: give the channel the feature serviceConfigs");
}

/** RFC 9110, section 10.1.5: product names, which are text. */
function userAgentOf(own: string | undefined): string {
  if (own === undefined) return USER_AGENT;
  if (typeof own === "string" && /^[!-~](?:[ -~]*[!-~])?$/.test(own)) return `${own} ${USER_AGENT}`;
  throw new TypeError(`Cannot make a channel: userAgent is ${describe(own)}; give a name, as "shop/1.2"`);
}

/** Unix sockets have no host; gRPC says "localhost". */
function authorityOf(target: Destination, port: number, resolvers: readonly Resolvers[]): string {
  if (target.family === "uri") {
    // A promise is none: what it rejects with would end the process.
    return handled(resolverFactory(target.scheme, resolvers)!.authorityOf?.(target, port)) ?? target.path;
  }
  if (target.family === "list") return formatAddress(target.addresses[0]!);
  if (target.family === "dns") return `${target.host}:${target.port}`;
  return "port" in target ? formatAddress(target) : "localhost";
}
