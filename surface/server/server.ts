// A server: services on addresses, and how it stops.

import {
  callApplication,
  type Endpoint,
  type EventEngine,
  formatAddress,
  type IoError,
  type Listener,
  parseTarget,
  Reporter,
  type TaskHandle,
} from "../../pollers/mod.ts";
import { Combiner } from "../../pollers/core/combiner.ts";
import {
  type ClientOfThread,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  type HandshakeOptions,
  type RequestHead,
  serverEndpoint,
  type ServerStream,
  type ServerStreamSink,
} from "../../transport/mod.ts";
import { Authorizer } from "../authorization/authorizer.ts";
import { checkListening, serverSecurity } from "../credentials/server_credentials.ts";
import type { CallObserver } from "../call/call_observer.ts";
import { Status, type StatusCode } from "../call/status.ts";
import { messageEncodings } from "../compression.ts";
import { checkConnectOptions } from "../connect_options.ts";
import { type EngineUse, useEngineOf } from "../engines.ts";
import type { Feature, InProcess } from "../features/feature.ts";
import { FeatureSet } from "../features/feature_set.ts";
import { checkServerKeepalive, serverKeepalive } from "../keepalive.ts";
import { describe } from "../options.ts";
import type { ServiceDescriptor } from "../proto/mod.ts";
import { AcceptedConnections } from "./accepted_connections.ts";
import { Admission } from "./admission.ts";
import { addressesOf } from "./bind_addresses.ts";
import { Binding, bindingName } from "./binding.ts";
import { checkServedEndpoint, type ServedConnection } from "./served_connection.ts";
import { CallHost } from "./call_host.ts";
import { type ServerInterceptor, ServerInterceptors } from "./interceptor.ts";
import { MethodTable } from "./method_table.ts";
import { NOBODY } from "./nobody.ts";
import {
  checkGrace,
  checkServerTypes,
  checkShutdown,
  SERVER_OPTION_NAMES,
  type ServerOptions,
  type ShutdownOptions,
} from "./server_options.ts";
import { ServerStyles, type StyledServer } from "./server_styles.ts";
import type { MethodStyle } from "./method_style.ts";
import {
  type GenericHandler,
  type GenericMethod,
  genericStyle,
  type MethodHandlers,
  type ServiceHandlers,
} from "./service.ts";

/** What API styles see of `server`. Throws TypeError where it is none; `purpose`: what was tried. */
export let styledServer: (purpose: string, server: Server) => StyledServer;

/** Serves the services that were added on the addresses it listens on. */
export class Server {
  /** What servers of this class can do beside what all servers can. */
  static readonly features: readonly Feature[] = [];
  /** The engine the server runs on. */
  readonly engine: EventEngine;
  readonly #use: EngineUse;
  readonly #features: FeatureSet;
  readonly #methods = new MethodTable();
  readonly #styles = new ServerStyles();
  readonly #listeners = new Set<Pick<Listener, "shutdown">>();
  /** Its connections, and where they were accepted. */
  readonly #accepted: AcceptedConnections;
  readonly #authorizer: Authorizer | undefined;
  readonly #options: ServerOptions & HandshakeOptions;
  readonly #host: CallHost;
  #interceptors: ServerInterceptors | undefined = undefined;
  /** Shutdown, and the ends of connections: what they call may call back, and waits for their end. */
  readonly #combiner: Combiner;
  #stopped: Promise<void> | undefined = undefined;
  #onIdle: (() => void) | undefined = undefined;

  /**
   * A server that listens nowhere yet.
   *
   * @throws {PollerError} where no poller of the list can be used
   * @throws {TypeError} for unknown options and values of a wrong type
   * @throws {RangeError} for numbers out of their range, and for what is none where a number is to be given
   */
  constructor(options: ServerOptions = {}) {
    checkConnectOptions("make a server", options, SERVER_OPTION_NAMES);
    checkServerKeepalive("make a server", options);
    checkServerTypes("make a server", options);
    const features = new FeatureSet("make a server", new.target.features, options.features);
    this.#features = features;
    const reporter = new Reporter(options);
    const admission = new Admission(options, reporter);
    const { interceptors = [] } = options;
    const made = new ServerInterceptors(interceptors);
    this.#interceptors = interceptors.length === 0 ? undefined : made;
    const { authorization } = options;
    this.#authorizer = authorization === undefined
      ? undefined
      : new Authorizer("make a server", authorization, reporter);
    const security = serverSecurity("make a server", options.credentials, reporter);
    const encodings = messageEncodings("make a server", options, features.encodings);
    this.#use = useEngineOf(options.poller, features);
    this.engine = this.#use.engine;
    this.#combiner = new Combiner(this.engine);
    this.#options = { ...options, keepalive: serverKeepalive(options.keepalive ?? {}), reporter, encodings };
    const { exposeErrors = false, maxReceiveElements } = options;
    this.#host = new CallHost(this.engine, reporter, exposeErrors, maxReceiveElements, features.encodings);
    this.#host.interceptors = this.#interceptors;
    this.#accepted = new AcceptedConnections({
      engine: this.engine,
      reporter,
      admission,
      security,
      isShutDown: () => this.#styles.isShutDown,
      beginCall: (stream, head, receivedAt, connection) =>
        this.#beginCall(stream, head, receivedAt, connection),
      runEnd: (closure) => this.#combiner.run(closure),
      onFewer: () => this.#settleIfIdle(),
    }, this.#options);
  }

  /**
   * Serves `service` by `handlers`; methods without a handler answer UNIMPLEMENTED.
   *
   * @throws {TypeError} for what is no service, for a handler that fits no method, and for a method that is served
   *   already
   */
  addService<Methods>(service: ServiceDescriptor<Methods>, handlers: MethodHandlers<Methods>): void {
    this.#methods.addService(service, handlers as ServiceHandlers<ServiceDescriptor<Methods>>);
  }

  /**
   * Serves every method that no service of this server has, whatever its schema: requests and responses are octets.
   * Without it such calls end with UNIMPLEMENTED. It may be a function, or of another style: then its method is a stream of
   * octets both ways.
   *
   * @example
   * ```ts
   * import { Server } from "pollwire";
   * const server = new Server();
   * server.addGenericService(async function* (requests, call) {
   *   for await (const octets of requests) yield octets; // whatever call.path is
   * });
   * ```
   *
   * @throws {TypeError} for what is no handler, and where something serves all methods already
   */
  addGenericService(handler: GenericHandler | MethodStyle<GenericMethod>): void {
    this.#methods.setFallback("generic service", genericStyle(handler));
  }

  /**
   * Stops serving `service`: running calls continue, later ones get UNIMPLEMENTED. It may be added again, with other
   * handlers.
   *
   * @throws {TypeError} where it is not served
   */
  removeService(service: ServiceDescriptor<unknown>): void {
    this.#methods.removeService(service);
  }

  /**
   * Listens on "127.0.0.1:0", "[::1]:50051", "localhost:80", "unix:/path" or "inprocess:name", and returns the port
   * (0 where there is none). May be called for several addresses.
   *
   * @throws {TypeError} (by the promise) for an address that other machines can reach where there are no `credentials`
   * @throws {Error} (by the promise) that names address and cause
   */
  async listen(address: string): Promise<number> {
    this.#checkRunning(address);
    const target = parseTarget(address);
    this.#styles.start();
    const {
      reusePort = false,
      endpoint,
      keepalive,
      credentials,
      handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS,
    } = this.#options;
    const at = target.family === "dns"
      ? await addressesOf(this.engine, target, handshakeTimeoutMs)
      : [target];
    this.#checkRunning(address);
    checkListening(formatAddress(target), credentials, this.engine, at);
    const onAccept = (accepted: Endpoint | ClientOfThread): void => this.#accepted.accept(accepted, binding);
    const onShutdown = (error?: IoError): void => {
      this.#listeners.delete(listener);
      binding.onShutdown();
      this.#accepted.forgetIfOver(binding);
      if (error !== undefined) this.#listenerEnded(binding, error);
      this.#settleIfIdle();
    };
    const listener = target.family === "inprocess"
      ? this.#inProcess(address).listen(this.engine, onAccept, onShutdown)
      : this.engine.listen(
        {
          ...serverEndpoint(endpoint, keepalive),
          reusePort,
          onAcceptPaused: (error) => this.#acceptPaused(error),
        },
        onAccept,
        onShutdown,
      );
    const binding = new Binding(listener);
    this.#listeners.add(listener);
    let port = 0;
    for (const one of at) {
      // Further addresses of a name get the port that the first one was given.
      const bound = await listener.bind("port" in one && one.port === 0 ? { ...one, port } : one);
      this.#checkRunning(address); // a shutdown meanwhile has taken the listener with it
      if (!bound.ok) {
        listener.shutdown();
        throw new Error(`Cannot listen on ${formatAddress(target)}: ${bound.error.message}`);
      }
      port = bound.value;
    }
    binding.bound(target, at, port);
    this.#accepted.bindings.add(binding);
    listener.start();
    return port;
  }

  /**
   * Stops listening on `at`: an address as given to {@linkcode listen}, with the port that it returned
   * ("127.0.0.1:50051", "unix:/path"), or that port alone. Connections that were accepted there stay open; see
   * {@linkcode drain}. Resolves when the address is free.
   *
   * @throws {AddressError} where `at` is no address
   * @throws {TypeError} where the server does not listen there
   */
  unbind(at: string | number): Promise<void> {
    const bindings = [...this.#accepted.bindings].filter((binding) => binding.listening);
    const name = bindingName(at);
    const found = bindings.filter((binding) => binding.isAt(name));
    if (found.length === 0) {
      const known = bindings.length === 0 ? "nowhere" : `on ${bindings.join(", ")}`;
      throw new TypeError(`Cannot unbind ${at}: the server listens ${known}`);
    }
    for (const binding of found) binding.stop();
    return Promise.all(found.map((binding) => binding.released)).then(() => {});
  }

  /**
   * Ends the connections that were accepted on `at` (as in {@linkcode unbind}) as their calls end:
   * clients make new connections for new calls, to this address too while it is listened on. Those that are left
   * after `graceMs` are closed, and their calls fail with UNAVAILABLE; by default none are. Resolves when all are gone.
   *
   * @throws {AddressError} where `at` is no address
   * @throws {RangeError} where `graceMs` is no number
   */
  drain(at: string | number, graceMs = Infinity): Promise<void> {
    checkGrace(`drain ${at}`, graceMs);
    const name = bindingName(at);
    const found = [...this.#accepted.bindings].filter((binding) => binding.isAt(name));
    return Promise.all(found.map((binding) => this.#drain(binding, graceMs))).then(() => {});
  }

  /**
   * Serves a connection that was accepted elsewhere, as gRPC's AddInsecureChannelFromFd. The endpoint belongs to this
   * server's engine, and the server owns it from here on. As a listener does, it keeps the process alive while it is open;
   * `onClosed` is called once, when it is closed; what it throws goes to `onError`.
   *
   * @throws {TypeError} for what is no endpoint and no function
   */
  serveEndpoint(endpoint: Endpoint, onClosed: () => void = () => {}): void {
    const { reporter } = this.#host;
    checkServedEndpoint(endpoint, onClosed);
    const tell = (): void =>
      callApplication(onClosed, (thrown) => reporter.report(thrown, { where: "connection", level: "error" }));
    if (this.#styles.isShutDown) {
      endpoint.close();
      return tell();
    }
    this.#styles.start();
    let closed = false;
    this.engine.hold();
    this.#accepted.accept(endpoint, undefined, () => {
      if (closed) return;
      closed = true;
      this.engine.release();
      tell();
    });
  }

  /**
   * Takes no new calls, lets running ones finish, and resolves when all is closed. May be called again, with a grace or a
   * shorter one. A server that is announced is taken out first, and takes calls meanwhile.
   *
   * @throws {TypeError} for unknown options
   * @throws {RangeError} where `graceMs` is no number
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkShutdown("shut the server down", options);
    let stopped = this.#stopped;
    if (stopped === undefined) {
      // The promise is there before anything is stopped: what that calls may ask for it.
      stopped = this.#stopped = new Promise((resolve) => this.#onIdle = resolve);
      this.engine.hold(); // until idle
      this.#styles.prepareShutdown(() => this.#combiner.run(() => this.#drainAll()));
    }
    if (options.graceMs !== undefined && this.#onIdle !== undefined) {
      const task = this.engine.runAt(this.engine.now() + options.graceMs, () => this.close());
      void stopped.then(() => this.engine.cancel(task));
    }
    return stopped;
  }

  #drainAll(): void {
    if (this.#styles.isShutDown) return;
    this.#styles.shutdown();
    for (const listener of this.#listeners) listener.shutdown();
    this.#accepted.drain();
    this.#settleIfIdle();
  }

  /** Ends at once: running calls fail with UNAVAILABLE at their clients. */
  close(): void {
    void this.shutdown();
    this.#combiner.run(() => {
      this.#drainAll();
      this.#accepted.close();
    });
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The same as `close`, for `await using`. Resolves when all is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return this.shutdown();
  }

  /**
   * Has `observer` see the calls that come from now on, in every API style, and those of methods that nothing serves;
   * returns what ends that.
   *
   * @throws {TypeError} for what is no observer
   */
  observe(observer: CallObserver): () => void {
    return this.#host.observers.add("observe a server", observer);
  }

  /**
   * Runs `interceptor` around the handlers of calls that begin from now on, inside all interceptors that there are; for
   * service modules of workers, where options are data. Else give the option `interceptors`.
   *
   * @throws {TypeError} for what is no interceptor
   */
  intercept(interceptor: ServerInterceptor): void {
    this.#host.interceptors = this.#interceptors = new ServerInterceptors([interceptor], this.#interceptors);
  }

  /** What is outstanding in the styles that have tags, operations or reactors: some lines of text, for a program that hangs. */
  describePending(): string {
    const lines = [...this.#host.pending.describe(), ...this.#styles.describePending()];
    return [`server: ${this.#accepted}, ${this.#host.running} running calls`, ...lines].join("\n  ");
  }

  static {
    styledServer = (purpose, server) => {
      if (!(#styles in Object(server))) {
        throw new TypeError(`Cannot ${purpose}: expected a Server, found ${describe(server)}`);
      }
      return {
        host: server.#host,
        methods: server.#methods,
        needsLoop: server.#accepted.needsLoop,
        styles: server.#styles,
        transports: server.#accepted.transports,
        listening: () =>
          [...server.#accepted.bindings].filter(({ listening }) => listening).map(({ addresses }) =>
            addresses
          ),
        shutdown: () => void server.shutdown(),
        close: () => server.close(),
      };
    };
  }

  #checkRunning(address: string): void {
    if (this.#stopped !== undefined) {
      throw new TypeError(`Cannot listen on ${address}: the server was shut down`);
    }
  }

  #inProcess(address: string): InProcess {
    const inProcess = this.#features.first("inProcess");
    if (inProcess !== undefined) return inProcess;
    throw new TypeError(`Cannot listen on ${address}: give the server the feature inProcess`);
  }

  #drain(binding: Binding, graceMs: number): Promise<void> {
    this.engine.hold();
    return new Promise((resolve) => {
      let task: TaskHandle | undefined = undefined;
      const left = binding.drain(() => {
        this.engine.release();
        if (task !== undefined) this.engine.cancel(task);
        resolve();
      });
      if (left.size === 0 || graceMs === Infinity) return;
      task = this.engine.runAt(this.engine.now() + graceMs, () => {
        for (const one of [...left]) {
          if ("cancel" in one) one.cancel();
          else one.close(`server drained ${binding} for ${graceMs} ms`);
        }
      });
    });
  }

  #acceptPaused({ message }: IoError): void {
    const { onAcceptPaused } = this.#options;
    const { reporter } = this.#host;
    if (onAcceptPaused === undefined) {
      return reporter.log("warn", `accepting is paused for a while: ${message}`);
    }
    callApplication(
      () => onAcceptPaused(new Error(message)),
      (thrown) => reporter.report(thrown, { where: "onAcceptPaused", level: "error" }),
    );
  }

  #listenerEnded(binding: Binding, { message }: IoError): void {
    const error = new Error(`The server stopped listening on ${binding}: ${message}`);
    this.#host.reporter.report(error, { where: "listener", level: "error" });
  }

  #beginCall(
    stream: ServerStream,
    head: RequestHead,
    receivedAt: number,
    connection: ServedConnection,
  ): ServerStreamSink {
    if (this.#authorizer !== undefined) {
      const refusal = this.#authorizer.refusal(head, connection, receivedAt);
      if (refusal !== undefined) {
        return this.#answer(stream, head, connection, Status.PERMISSION_DENIED, refusal);
      }
    }
    const method = this.#methods.find(head);
    if (method !== undefined) {
      return method.begin(this.#host, method, stream, head, connection, receivedAt);
    }
    const details = this.#methods.describeUnknown(head.path);
    return this.#answer(stream, head, connection, Status.UNIMPLEMENTED, details);
  }

  /** The call ends before it began. */
  #answer(
    stream: ServerStream,
    head: RequestHead,
    { peer }: ServedConnection,
    code: StatusCode,
    details: string,
  ): ServerStreamSink {
    stream.sendStatus(code, details, undefined, "library");
    this.#host.observeUnserved(head, peer, code, details);
    return NOBODY;
  }

  #settleIfIdle(): void {
    const open = this.#accepted.size + this.#listeners.size;
    if (this.#onIdle === undefined || open > 0 || !this.#styles.isShutDown) return;
    const onIdle = this.#onIdle;
    const { pending, reporter } = this.#host;
    void this.#use.end().then(() => {
      pending.reportForgotten("the server", reporter);
      onIdle();
    });
    this.#onIdle = undefined;
    this.#styles.over();
    this.engine.release();
  }
}
