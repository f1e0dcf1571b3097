// How a channel's calls get their connections: a resolver finds the servers, a balancing policy connects to them and
// publishes a picker, and the picker says which connection a call takes.
//
//   target ── resolver ── endpoints ──► balancer ── makes ──► subchannels (an address, a connection, a backoff)
//                                          │ publishes
//                                          ▼
//   call ─────────────────────────────► picker ── pick ──► a subchannel, "wait", or why there is none
//
// Calls that wait pick again with each new picker. In TRANSIENT_FAILURE those that are not waitForReady fail with the
// reason. Nothing is resolved or connected before a call or `connect` asks for it, and when there was no call for
// `idleTimeoutMs`, connections and resolver are let go.

import {
  defaultReporter,
  describeThrown,
  type EventEngine,
  formatAddress,
  type SocketAddress,
  type TaskHandle,
  trace,
} from "../../pollers/mod.ts";
import { type ConnectionSecurity, DEFAULT_HANDSHAKE_TIMEOUT_MS } from "../../transport/mod.ts";
import { Combiner } from "../../pollers/core/combiner.ts";
import type { Retries } from "../client/attempts/retries.ts";
import type { RetryThrottle } from "../client/attempts/retry_throttle.ts";
import type { CallContext } from "../client/call_context.ts";
import type { CallRoute, PendingCall } from "../client/call_route.ts";
import type { Backoff } from "./backoff.ts";
import type { BalancerHelper, ConfiguredPolicy } from "./balancer/balancer.ts";
import { failuresOf, shortList } from "./balancer/failures.ts";
import { GracefulSwitch } from "./balancer/graceful_switch.ts";
import { ConnectSettings, type SubchannelOptions } from "./connect_settings.ts";
import type { ConnectivityState } from "./connectivity.ts";
import type { HealthChecker, HealthWatcher, MakeHealthChecker } from "./health_checker.ts";
import { defaultPort, type Destination, formatDestination, targetUri } from "./destination.ts";
import {
  FixedPicker,
  type Health,
  IdlePicker,
  isPicked,
  type Picked,
  type Picker,
  PickFailure,
  type PickResult,
  QUEUE,
  QUEUE_PICKER,
} from "./picker.ts";
import type { EndpointAddresses } from "./resolver/endpoint.ts";
import { GatedResolver } from "./resolver/gated_resolver.ts";
import { resolverFactory, type Resolvers } from "./resolver/resolvers.ts";
import type { Resolver, ResolverContext, ResolverSink } from "./resolver/resolver.ts";
import { ConfigInUse, type ReadConfig, type ResolvedConfig } from "./service_config/config_in_use.ts";
import type { ServiceConfig } from "./service_config/service_config.ts";
import { Subchannel, type SubchannelWatcher } from "./subchannel.ts";
import { WaitingCalls } from "./waiting_calls.ts";

const CLOSED = "channel is closed";

/** How long a channel stays connected without a call (gRFC A62). */
const DEFAULT_IDLE_TIMEOUT_MS = 1_800_000;

/** What a route is made with. */
export interface RouteOptions extends SubchannelOptions {
  /** Milliseconds without a call until it is IDLE again. Default 1,800,000; Infinity: never. */
  readonly idleTimeoutMs?: number;
  /** Whether the process stays for its calls. Default true. */
  readonly holdsProcess?: boolean;
  /** What is said of the service's calls where the resolver finds nothing. */
  readonly config?: ServiceConfig;
  /** Reads what resolvers find. */
  readonly readConfig: ReadConfig;
  /** Whether names in DNS are asked for service configs. Default false. */
  readonly lookUpServiceConfig?: boolean;
  /** Resolvers beside those that every channel has. */
  readonly resolvers: readonly Resolvers[];
  /** Makes calls again; undefined where no policy has that done. */
  readonly retries?: Retries | undefined;
  /** Asks servers for their health; undefined where they are not asked. */
  readonly makeHealthChecker?: MakeHealthChecker | undefined;
  /** What calls that it makes itself need, those that ask for health. */
  readonly callContext?: () => CallContext;
}

/** What calls of one channel go through. */
export class ChannelRoute implements CallRoute, BalancerHelper, ResolverSink {
  private current: ConnectivityState = "IDLE";
  private readonly idlePicker = new IdlePicker(() => this.run(() => this.exitIdle()));
  private picker: Picker = this.idlePicker;
  private resolver: Resolver | undefined = undefined;
  /** What the owner of the service says of its calls; undefined where nothing is said, or is not known yet. */
  private config: ServiceConfig | undefined = undefined;
  private readonly configs: ConfigInUse;
  private balancer: GracefulSwitch | undefined = undefined;
  /** See {@linkcode CallRoute}. */
  throttle: RetryThrottle | undefined = undefined;
  private readonly waiting = new WaitingCalls();
  private readonly subchannels = new Map<Subchannel, HealthWatcher | undefined>();
  private readonly health: HealthChecker | undefined;
  private readonly settings: ConnectSettings;
  /** What changes the state: what is called meanwhile may call back, and waits for its end. */
  private readonly combiner: Combiner;
  private readonly idleTimeoutMs: number;
  private readonly holdsProcess: boolean;
  private idleTask: TaskHandle | undefined = undefined;
  /** It is to connect without a call, as soon as there are addresses. */
  private asked = false;
  /** It is to let subchannels go that are over. */
  private sweeps = false;
  /** Calls that have begun and not ended. */
  private calls = 0;
  /** Called when it is shut down and has no calls. */
  private readonly onDrained: Array<() => void> = [];
  /** Calls that wait for something of their own: their credentials, or their first request. */
  private readonly paused = new Set<PendingCall>();
  /** When there was none any more. */
  private unusedSince = 0;
  /** Why the name was not found last time, or its service config cannot be used. */
  private unresolved = "";

  /** Calls go to `target`, as `policy` says; `onState` is called on every change. */
  constructor(
    readonly engine: EventEngine,
    private readonly target: Destination,
    private readonly options: RouteOptions,
    private readonly makeBackoff: () => Backoff,
    private readonly policy: ConfiguredPolicy,
    private readonly onState: (state: ConnectivityState) => void,
  ) {
    this.combiner = new Combiner(engine);
    this.settings = new ConnectSettings(options, this);
    this.health = options.makeHealthChecker?.(engine, makeBackoff, options);
    this.configs = new ConfigInUse(options.config, options.readConfig);
    this.idleTimeoutMs = options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
    this.holdsProcess = options.holdsProcess ?? true;
  }

  /** The present state. */
  get state(): ConnectivityState {
    return this.current;
  }

  /** What TLS established of the first connection that is READY; undefined in plaintext and without one. */
  get security(): ConnectionSecurity | undefined {
    for (const { security } of this.subchannels.keys()) if (security !== undefined) return security;
    return undefined;
  }

  /** The addresses that it connects to, or has lost. */
  get connections(): Subchannel[] {
    return [...this.subchannels.keys()].filter(({ isOver }) => !isOver);
  }

  // From calls.

  /** A call begins: the process stays for it, and the connections. */
  callBegan(): void {
    if (this.holdsProcess) this.engine.hold();
    this.calls++;
  }

  /** A call that began has its status. */
  callEnded(): void {
    if (this.holdsProcess) this.engine.release();
    if (--this.calls === 0) this.unused();
  }

  /** Gives `call` a transport as soon as there is one. */
  submit(call: PendingCall): void {
    if (!this.wantsStream(call)) return;
    if (this.current === "READY" && this.waiting.size === 0) { // else picking may begin something: in turn, and once
      const picked = this.picker.pick(call);
      if (isPicked(picked) && (call.isOver || picked.attach(call))) return;
    }
    this.submitInTurn(call);
  }

  /** A method of its own: what has a closure makes its scope whether or not it comes to it. */
  private submitInTurn(call: PendingCall): void {
    if (!this.combiner.isBusy) return this.combiner.run(() => this.enqueue(call));
    this.combiner.run(() => {
      try {
        this.enqueue(call);
      } catch (error) { // of a poller of the application's; nobody is left to whom it could be thrown
        this.waiting.delete(call);
        const name = formatDestination(this.target);
        call.onUnavailable(`cannot connect to ${name}: ${describeThrown(error)}`, false);
      }
    });
  }

  /** See {@linkcode CallRoute.pause}. */
  pause(call: PendingCall): void {
    if (this.current === "SHUTDOWN") return call.onUnavailable(CLOSED, true);
    this.paused.add(call);
    call.waitsIn = this.paused;
  }

  /** `call` does not want a transport any more: none will be attached. */
  withdraw(call: PendingCall): void {
    call.waitsIn?.delete(call);
    call.waitsIn = undefined;
  }

  /** What `call`, which has no stream, waits for, and the last connection error: the end of a sentence. */
  describeWait(call: PendingCall): string {
    const full = [...this.subchannels.keys()].find((one) => one.holds(call));
    if (full !== undefined) {
      return `waiting for a stream: ${formatAddress(full.address)} allows no more at a time`;
    }
    const failure = failuresOf(this.live, "\n") || this.unresolved;
    return `waiting for ${this.awaited()}${failure === "" ? "" : `; last connection error: ${failure}`}`;
  }

  // From the channel.

  /** Begins to connect, where it is IDLE. */
  connect(): void {
    this.run(() => {
      if (this.balancer === undefined) this.asked = true;
      this.exitIdle();
    });
  }

  /** Connects now where it would wait for a backoff. */
  resetBackoff(): void {
    this.run(() => {
      this.resolver?.resetBackoff();
      this.balancer?.resetBackoff();
    });
  }

  /** Ends every call and connection. */
  close(): void {
    this.shutDown((subchannel) => subchannel.close("channel closed by the application"));
  }

  /** Ends every connection when its calls have ended; those without a stream fail. `onDrained`: all have ended. */
  drain(onDrained: () => void): void {
    this.onDrained.push(onDrained);
    this.shutDown((subchannel) => subchannel.drain("channel drained by the application"));
    this.run(() => { // behind the shutdown, which waits where a resolver or a policy asks for it
      if (this.calls === 0) this.unused();
    });
  }

  private shutDown(end: (subchannel: Subchannel) => void): void {
    this.run(() => {
      this.updateState("SHUTDOWN", new FixedPicker(new PickFailure(CLOSED, true)));
      for (const subchannel of this.subchannels.keys()) end(subchannel);
      for (const call of this.paused) {
        this.withdraw(call);
        call.onUnavailable(CLOSED, true);
      }
      this.letGo();
    });
  }

  /** Ends what makes connections, and those connections that have no calls. */
  private letGo(): void {
    const { resolver, balancer, idleTask } = this;
    this.resolver = this.balancer = this.idleTask = undefined;
    if (idleTask !== undefined) this.engine.cancel(idleTask);
    resolver?.close();
    balancer?.close();
  }

  /** There is no call now, and perhaps none for so long that connections are let go. */
  private unused(): void {
    if (this.current === "SHUTDOWN") {
      for (const onDrained of this.onDrained.splice(0)) onDrained();
    }
    this.unusedSince = this.engine.now();
    if (this.idleTask === undefined && this.resolver !== undefined) this.awaitIdle();
  }

  /** One timer for all the times without a call: it looks when the last of them began. */
  private awaitIdle(): void {
    const at = this.unusedSince + this.idleTimeoutMs;
    if (at === Infinity) return;
    this.idleTask = this.engine.runAt(at, () => {
      this.idleTask = undefined;
      if (this.calls === 0 && this.resolver !== undefined) this.run(() => this.idleTimeoutOver());
    });
  }

  private idleTimeoutOver(): void {
    if (this.engine.now() < this.unusedSince + this.idleTimeoutMs) return this.awaitIdle();
    this.letGo();
    this.updateState("IDLE", this.idlePicker);
  }

  private exitIdle(): void {
    if (this.current === "SHUTDOWN") return;
    if (this.resolver !== undefined) this.balancer?.exitIdle();
    else {
      this.updateState("CONNECTING", QUEUE_PICKER);
      this.resolver = this.makeResolver();
      this.resolver.start();
    }
    if (this.calls === 0) this.unused(); // the call that wanted it may be over by now
  }

  /** Resolver, policy or poller threw: all is let go, and the next call begins anew. */
  private threw(error: unknown): void {
    const peer = formatDestination(this.target);
    this.reportError(error);
    this.letGo();
    for (const call of this.waiting) { // first: those that wait have an idle channel connect
      this.withdraw(call);
      call.onUnavailable(`cannot connect to ${peer}: ${describeThrown(error)}`, false);
    }
    this.updateState("IDLE", this.idlePicker);
  }

  private makeResolver(): Resolver {
    const { engine, target, settings: { options: { handshakeTimeoutMs, reporter = defaultReporter } } } =
      this;
    const { resolvers, security } = this.options;
    const uri = targetUri(target);
    const context: ResolverContext = {
      target: uri,
      defaultPort: defaultPort(security !== undefined),
      isSecure: security !== undefined,
      engine,
      reporter,
      timeoutMs: handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
      lookUpServiceConfig: this.options.lookUpServiceConfig === true,
      makeBackoff: this.makeBackoff,
    };
    const onThrew = (error: unknown): void =>
      this.run(() => {
        throw error;
      });
    return new GatedResolver(resolverFactory(uri.scheme, resolvers)!, context, this, onThrew);
  }

  // From the resolver.

  /** The servers that there are now. */
  onResolved(endpoints: readonly EndpointAddresses[], found?: ResolvedConfig): void {
    this.run(() => {
      if (this.resolver === undefined) return; // it was let go before this had its turn
      if (trace.channel) this.traceEndpoints(endpoints);
      if (!this.takeConfig(found)) return;
      this.unresolved = "";
      this.throttle = this.options.retries?.throttleOf(this.config?.retryThrottling, this.throttle);
      this.balancer ??= new GracefulSwitch(this);
      this.balancer.update(endpoints, this.config?.loadBalancing ?? this.policy);
      if (this.asked) this.balancer.exitIdle(); // of a policy that connects when calls come
      this.asked = false;
    });
  }

  /** False where no call may be made: the first config that was found cannot be used. */
  private takeConfig(found: ResolvedConfig | undefined): boolean {
    const { configs } = this;
    const before = configs.problem;
    const isUsable = configs.take(found);
    this.config = configs.current;
    this.settings.maxConnections = this.config?.maxConnectionsPerSubchannel ?? 1;
    for (const subchannel of this.subchannels.keys()) subchannel.onCanOpen();
    if (this.health?.ask(this.config?.healthCheckService) === true) {
      for (const health of this.subchannels.values()) health?.restart();
    }
    if (configs.problem === "") return true;
    if (configs.problem !== before) this.reportConfig(configs.problem, isUsable);
    this.resolver?.requestReresolution();
    if (!isUsable) this.fail(`${formatDestination(this.target)}: ${configs.problem}`);
    return isUsable;
  }

  private reportConfig(problem: string, isUsable: boolean): void {
    const { reporter = defaultReporter } = this.settings.options;
    const rest = isUsable ? "the one before stays in use" : "calls fail until there is one";
    reporter.log("warn", `${formatDestination(this.target)}: ${problem}; ${rest}`);
  }

  /** They could not be found: the last list stays in use, if there is one. */
  onResolveFailed(reason: string): void {
    this.run(() => {
      if (this.resolver === undefined) return;
      if (this.balancer === undefined) return this.fail(reason);
      this.unresolved = reason;
      if (trace.channel) this.trace(reason);
    });
  }

  /** There is no list of servers yet, or it may not be used. */
  private fail(reason: string): void {
    this.unresolved = reason;
    if (trace.channel) this.trace(reason);
    this.updateState("TRANSIENT_FAILURE", new FixedPicker(new PickFailure(reason)));
  }

  // From the balancer.

  /** A connection to `address`, not begun. */
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    this.sweepSoon();
    const health = this.health?.watch(watcher);
    const subchannel = new Subchannel(
      this.engine,
      address,
      this.settings,
      this.makeBackoff(),
      health ?? watcher,
    );
    this.subchannels.set(subchannel, health);
    return subchannel;
  }

  /** Lets those go that are over: once for however many are made now, or a long list would take the square of its time. */
  private sweepSoon(): void {
    if (this.sweeps) return;
    this.sweeps = true;
    this.combiner.runFinally(() => {
      this.sweeps = false;
      for (const one of this.subchannels.keys()) {
        one.sweep();
        if (one.isOver) this.subchannels.delete(one);
      }
    });
  }

  /** Nobody but the policies follows calls. */
  pickOf(subchannel: Subchannel): Picked {
    return subchannel;
  }

  /** What the server says of itself, where the service config has it asked. */
  healthOf(subchannel: Subchannel): Health {
    return this.subchannels.get(subchannel)?.of(subchannel) ?? "SERVING";
  }

  /** A new picker, and the state it comes with. */
  updateState(state: ConnectivityState, picker: Picker): void {
    if (this.current === "SHUTDOWN") return;
    this.picker = picker;
    if (state !== this.current) {
      if (trace.channel) this.traceState(state);
      this.current = state;
      this.onState(state);
    }
    for (const call of this.waiting) {
      if (this.picker !== picker) return; // a later one has had them all pick
      if (!this.wantsStream(call)) continue;
      const result = this.pick(call);
      if (result === QUEUE || call.isOver) continue; // a picker of the application's may end it
      this.withdraw(call);
      this.settle(call, result);
    }
  }

  /** The addresses may be out of date. */
  requestReresolution(): void {
    this.resolver?.requestReresolution();
  }

  /** Gives what an application's resolver or policy threw to whom the channel reports to. */
  reportError(error: unknown): void {
    const { reporter = defaultReporter } = this.settings.options;
    reporter.report(error, { where: "connection", level: "error", peer: formatDestination(this.target) });
  }

  /** Runs `closure` when no other control work of the channel runs. */
  run(closure: () => void): void {
    this.combiner.run(() => this.guarded(closure));
  }

  private guarded(closure: () => void): void {
    try {
      closure();
    } catch (error) {
      this.threw(error);
    }
  }

  private enqueue(call: PendingCall): void {
    if (call.isOver || !this.wantsStream(call)) return;
    const result = this.pick(call);
    if (call.isOver) return;
    if (result !== QUEUE) return this.settle(call, result);
    if (this.config === undefined) call.awaitConfig?.();
    this.waiting.add(call);
  }

  /** Whether `call` is to be given a stream. It gets to know what the service config says of it. */
  private wantsStream(call: PendingCall): boolean {
    const { config } = this;
    if (config === undefined || call.config !== undefined) return true;
    return call.configure(config.methodConfig(call.path));
  }

  /** A connection that is lost, which the policy has not seen or does not heed, is none: the next picker knows of it. */
  private pick(call: PendingCall): PickResult {
    const result = this.picker.pick(call);
    if (isPicked(result)) return result.isConnected ? result : QUEUE;
    return result instanceof PickFailure && call.waitForReady && !result.drop ? QUEUE : result;
  }

  private settle(call: PendingCall, result: Picked | PickFailure): void {
    if (isPicked(result)) return result.submit(call);
    call.onUnavailable(result.reason, result.drop);
  }

  private awaited(): string {
    const { resolver, target } = this;
    const name = formatDestination(target);
    if (this.balancer === undefined) return resolver?.describeWait() ?? `a connection to ${name}`;
    const { live } = this;
    const connecting = live.filter(({ state }) => state === "CONNECTING");
    if (connecting.length > 0) {
      return `a connection to ${shortList(connecting.map(({ address }) => formatAddress(address)), ", ")}`;
    }
    const failed = live.filter(({ state }) => state === "TRANSIENT_FAILURE");
    if (failed.length === 0) return `a connection to ${name}`;
    const inMs = Math.ceil(Math.min(...failed.map(({ retryAt }) => retryAt)) - this.engine.now());
    return `a connection to ${name}: the next attempt is due in ${Math.max(0, inMs)} ms`;
  }

  /** Those that are not closed. */
  private get live(): Subchannel[] {
    return [...this.subchannels.keys()].filter(({ state }) => state !== "SHUTDOWN");
  }

  private traceState(state: ConnectivityState): void {
    const why = state === "TRANSIENT_FAILURE" || (this.current === "READY" && state === "IDLE")
      ? `: ${failuresOf(this.live, "; ") || this.unresolved}`
      : "";
    this.trace(`${this.current} to ${state}${why}`);
  }

  private traceEndpoints(endpoints: readonly EndpointAddresses[]): void {
    const names = endpoints.map(({ addresses }) => addresses.map(formatAddress).join(" or "));
    this.trace(`resolved: ${names.join(", ") || "no address"}`);
  }

  private trace(line: string): void {
    const { reporter = defaultReporter } = this.settings.options;
    reporter.trace("channel", `${formatDestination(this.target)}: ${line}`);
  }
}
