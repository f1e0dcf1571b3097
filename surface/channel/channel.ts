// A channel: calls to one target, over connections that are made and made again (see `channel_route.ts`).

import { Reporter, type SocketAddress } from "../../pollers/mod.ts";
import {
  acceptedNames,
  type ConnectionSecurity,
  type ConnectSecurity,
  type MessageEncodings,
  type RequestTemplate,
  requestTemplate,
} from "../../transport/mod.ts";
import type { CallObserver } from "../call/call_observer.ts";
import { type CallContext, ChannelEnd } from "../client/call_context.ts";
import { TurnFailures } from "../client/turn_failures.ts";
import { type Compression, encodingNamed, messageEncodings } from "../compression.ts";
import { checkConnectOptions } from "../connect_options.ts";
import { ChannelCredentials } from "../credentials/channel_credentials.ts";
import { hostOf } from "../credentials/host_names.ts";
import { type Insecure, plaintextRefusal, refusalThrough } from "../credentials/insecure.ts";
import { type EngineUse, useEngineOf } from "../engines.ts";
import type { Feature } from "../features/feature.ts";
import { FeatureSet } from "../features/feature_set.ts";
import { describe } from "../options.ts";
import { Backoff } from "./backoff.ts";
import { CHANNEL_OPTION_NAMES, type ChannelOptions, RETRY_BUFFER_BYTES } from "./channel_options.ts";
import { ChannelRoute } from "./channel_route.ts";
import type { AddressRefusal, SharedConnections } from "./connect_settings.ts";
import { checkState, type ConnectivityState } from "./connectivity.ts";
import { addressesOf, defaultPort, type Destination, formatDestination } from "./destination.ts";
import type { ChannelProxy } from "./proxy.ts";
import {
  authorityOf,
  checkedAuthority,
  checkValues,
  configReader,
  connectionFeatures,
  keepaliveOf,
  lacking,
  permissionsOf,
  securityOf,
  targetOf,
  UNOBSERVED,
  userAgentOf,
} from "./read_options.ts";
import { checkResolvers } from "./resolver/resolvers.ts";

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
    checkConnectOptions("make a channel", options, CHANNEL_OPTION_NAMES);
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
      () => new Backoff(() => engine.random(), options.initialBackoffMs),
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
      failures: new TurnFailures(engine),
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
   * Resolves with the new state as soon as it is not `state` any more; rejects with the reason of `signal` where that is
   * aborted first. The process stays for the end of CONNECTING, which comes in any case; waiting for the end of another state
   * does not keep the process alive.
   *
   * @throws {TypeError} for what is no state
   */
  stateChange(state: ConnectivityState, signal?: AbortSignal): Promise<ConnectivityState> {
    checkState(state);
    if (this.state !== state) return Promise.resolve(this.state);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const { engine } = this.#context;
      const holds = state === "CONNECTING";
      const over = (): void => {
        this.#watchers.delete(watcher);
        signal?.removeEventListener("abort", onAbort);
        if (holds) engine.release();
      };
      const watcher = (next: ConnectivityState): void => {
        over();
        resolve(next);
      };
      const onAbort = (): void => {
        over();
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", onAbort);
      this.#watchers.add(watcher);
      if (holds) engine.hold();
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
  }

  #changed(state: ConnectivityState): void {
    if (this.#watchers.size === 0) return;
    const watchers = this.#watchers;
    this.#watchers = new Set();
    for (const watcher of watchers) watcher(state);
  }
}
