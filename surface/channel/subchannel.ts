// One connection to one target, made when a call wants it and made again when it is lost.
//
// States and transitions are gRPC's (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md):
//
//   from               event                                              to
//   IDLE               a call or connect()                                CONNECTING
//   CONNECTING         SETTINGS of an address                             READY
//   CONNECTING         name not found or not in time, or every address    TRANSIENT_FAILURE
//                      failed
//   READY              GOAWAY or lost, and it may be replaced at once     IDLE
//   READY              GOAWAY or lost, and the backoff must be kept       TRANSIENT_FAILURE
//   TRANSIENT_FAILURE  the backoff is over, and a call or connect() asks  CONNECTING
//   any                close()                                            SHUTDOWN
//
// The backoff counts from the start of an attempt, and it keeps growing until a connection has proved useful: it
// answered a call, or stood for USEFUL_AFTER_MS. (Other libraries start it anew with the server's SETTINGS, and
// reconnect in a loop to a server that hangs up after them.) A useful connection that ends is replaced at once; so is
// the first useless one of an address, because that is what a client sees of a server that restarts or drains.
// On TRANSIENT_FAILURE calls that are not waitForReady fail with its reason, those that wait for a stream included.

import {
  defaultReporter,
  describeThrown,
  type DnsTarget,
  type EventEngine,
  formatAddress,
  type IoResult,
  type SocketAddress,
  type Target,
  type TaskHandle,
  trace,
} from "../../pollers/mod.ts";
import {
  type ClientTransport,
  type ConnectionSecurity,
  type ConnectOptions,
  Connector,
  type ConnectSink,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  ErrorCode,
  type Http2Error,
} from "../../transport/mod.ts";
import { Combiner } from "../../pollers/core/combiner.ts";
import type { CallRoute, PendingCall } from "../client/call_route.ts";
import { AddressOrder } from "./address_order.ts";
import type { Backoff } from "./backoff.ts";

/** A connection that stood this long has proved useful, answers or not: gRPC's minimum connect timeout. */
const USEFUL_AFTER_MS = 20_000;

/** States of a channel. */
export type ConnectivityState = "IDLE" | "CONNECTING" | "READY" | "TRANSIENT_FAILURE" | "SHUTDOWN";

/** Why there may be no connection to one of `addresses`, as a sentence; undefined where there may. */
export type AddressRefusal = (addresses: readonly SocketAddress[]) => string | undefined;

/** What a subchannel connects with. */
export interface SubchannelOptions extends ConnectOptions {
  /** Asked for the addresses of a name; those of other targets are the caller's to check. */
  readonly refusal?: AddressRefusal;
}

/** One attempt and the connection that comes of it: names the connection when it passes events to the subchannel. */
class Link implements ConnectSink {
  /** Set once connected. */
  transport!: ClientTransport;
  readyAt = 0;
  useful = false;

  constructor(private readonly owner: Subchannel) {}

  get address(): SocketAddress {
    return this.transport.peer;
  }

  onConnected(transport: ClientTransport): void {
    this.transport = transport;
    this.owner.onConnected(this);
  }
  onConnectFailed(reason: string): void {
    this.owner.onConnectFailed(reason);
  }
  onCanOpen(): void {
    this.owner.onCanOpen();
  }
  onDraining(reason: Http2Error | undefined): void {
    this.owner.onDraining(this, reason);
  }
  onClosed(error: Http2Error | undefined): void {
    this.owner.onClosed(this, error);
  }
}

/** The connection of a channel. */
export class Subchannel implements CallRoute {
  private current: ConnectivityState = "IDLE";
  /** Takes new streams; that of `link`. */
  private transport: ClientTransport | undefined = undefined;
  private link: Link | undefined = undefined;
  /** Connections that take no new streams but still have calls. */
  private readonly draining = new Set<Link>();
  private attempt: Connector | undefined = undefined;
  /** Runs while a name is being looked up. */
  private lookupTimer: TaskHandle | undefined = undefined;
  private lookups = 0;
  private readonly order = new AddressOrder();
  private readonly waiting = new Set<PendingCall>();
  /** What changes the state: what is called meanwhile may call back, and waits for its end. */
  private readonly combiner: Combiner;
  private readonly giveStreams = (): void => this.attachWaiting();
  private lastFailure = "";
  /** Whether `connect` asked for the next attempt, so that it is made even if no call wants it. */
  private asked = false;
  private retryAt = 0;
  private retryTask: TaskHandle | undefined = undefined;

  /** Connects to `target`; `onState` is called on every change. */
  constructor(
    private readonly engine: EventEngine,
    private readonly target: Target,
    private options: SubchannelOptions,
    private readonly backoff: Backoff,
    private readonly onState: (state: ConnectivityState) => void,
  ) {
    this.combiner = new Combiner(engine);
  }

  /** The present state. */
  get state(): ConnectivityState {
    return this.current;
  }

  /** What the TLS handshake of the connection for new calls established; undefined in plaintext and without one. */
  get security(): ConnectionSecurity | undefined {
    return this.transport?.security;
  }

  /** Gives `call` a transport as soon as there is one. */
  submit(call: PendingCall): void {
    if (this.transport !== undefined && this.waiting.size === 0 && this.transport.canOpen) {
      return call.attach(this.transport);
    }
    this.submitInTurn(call);
  }

  /** A method of its own: what has a closure makes its scope whether or not it comes to it. */
  private submitInTurn(call: PendingCall): void {
    if (!this.combiner.isBusy) return this.combiner.run(() => this.enqueue(call));
    this.combiner.run(() => {
      try {
        this.enqueue(call);
      } catch (error) { // of a poller of the application's; nobody is left who would hear of it
        this.waiting.delete(call);
        call.onUnavailable(`cannot connect to ${formatAddress(this.target)}: ${describeThrown(error)}`);
      }
    });
  }

  /** `call` does not want a transport any more: none will be attached. */
  withdraw(call: PendingCall): void {
    if (this.waiting.delete(call) && this.waiting.size === 0 && !this.asked) this.cancelRetry();
  }

  /** Begins to connect, now or when the backoff allows it. */
  connect(): void {
    this.combiner.run(() => {
      this.asked = true;
      this.connectInTime();
    });
  }

  /** What a call without a stream is waiting for, and the last connection error: the end of a sentence. */
  describeWait(): string {
    const failure = this.attempt?.failure || this.lastFailure;
    const last = failure === "" || this.current === "READY" ? "" : `; last connection error: ${failure}`;
    return `waiting for ${this.awaited()}${last}`;
  }

  /** Ends every call and connection. */
  close(): void {
    this.combiner.run(() => this.shutDown());
  }

  private shutDown(): void {
    if (this.current === "SHUTDOWN") return;
    this.setState("SHUTDOWN");
    this.cancelRetry();
    this.endLookup();
    this.attempt?.cancel();
    for (const call of this.waiting) {
      this.waiting.delete(call);
      call.onUnavailable("channel is closed");
    }
    this.transport?.close("channel closed by the application");
    for (const { transport } of this.draining) transport.close("channel closed by the application");
  }

  // From an attempt and its transport.

  /** Calls may be made. */
  onConnected(link: Link): void {
    this.combiner.run(() => {
      this.attempt = undefined;
      if (this.current === "SHUTDOWN") return link.transport.close("channel closed by the application");
      this.link = link;
      this.transport = link.transport;
      link.readyAt = this.engine.now();
      this.setState("READY");
      this.attachWaiting();
    });
  }

  /** The attempt failed. */
  onConnectFailed(reason: string): void {
    this.combiner.run(() => {
      this.attempt = undefined;
      if (this.current !== "SHUTDOWN") this.fail(reason);
    });
  }

  /** A stream is free: the calls that waited longest get theirs. */
  onCanOpen(): void {
    if (this.waiting.size > 0) this.combiner.run(this.giveStreams);
  }

  /** `link` takes no new streams; running ones continue. `reason`: the server's GOAWAY, if it was the server. */
  onDraining(link: Link, reason: Http2Error | undefined): void {
    this.combiner.run(() => this.drained(link, reason));
  }

  /** The connection of `link` is gone; its calls have had their status. */
  onClosed(link: Link, error: Http2Error | undefined): void {
    this.combiner.run(() => this.closed(link, error));
  }

  /** Of a call for which there is no stream now. */
  private enqueue(call: PendingCall): void {
    if (call.isOver) return;
    if (this.current === "SHUTDOWN") return call.onUnavailable("channel is closed");
    if (this.current === "TRANSIENT_FAILURE" && !call.waitForReady && this.engine.now() < this.retryAt) {
      return call.onUnavailable(this.lastFailure);
    }
    this.waiting.add(call);
    this.connectInTime();
    if (this.transport !== undefined) this.attachWaiting(); // it came while this call waited for its turn
  }

  private attachWaiting(): void {
    for (const call of this.waiting) {
      if (this.transport === undefined || !this.transport.canOpen) return;
      this.waiting.delete(call);
      call.attach(this.transport);
    }
  }

  private drained(link: Link, reason: Http2Error | undefined): void {
    if (reason !== undefined && forbidsPings(reason)) this.pingLess(link);
    if (link !== this.link) return;
    this.draining.add(link);
    this.detach(link, reason, reason === undefined);
  }

  private closed(link: Link, error: Http2Error | undefined): void {
    if (link === this.link) return this.detach(link, error, true);
    if (!this.draining.delete(link) || link.useful || !link.transport.answered) return;
    // It answered after all, while it was draining: its successor need not wait.
    this.proved(link, false);
    if (this.retryTask === undefined) return;
    this.cancelRetry();
    this.connectInTime();
  }

  /** The present connection takes no more streams. `keep`: its address is as good as before. */
  private detach(link: Link, error: Http2Error | undefined, keep: boolean): void {
    this.transport = this.link = undefined;
    if (this.current === "SHUTDOWN") return;
    const now = this.engine.now();
    link.useful = link.transport.answered || now - link.readyAt >= USEFUL_AFTER_MS;
    const why = error?.reason ?? "connection closed";
    this.lastFailure = `${formatAddress(link.address)}: ${why}`;
    if (link.useful) this.proved(link, keep);
    else if (this.order.servedNothing(link.address)) this.retryAt = 0;
    else if (now < this.retryAt) return this.fail(`${this.lastFailure}, before it answered a call`);
    this.setState("IDLE");
    if (this.waiting.size > 0) this.connectInTime();
  }

  /** The server forbids our keepalive: new connections send half as many PINGs (gRFC A8). */
  private pingLess({ address }: Link): void {
    const { keepalive, reporter = defaultReporter } = this.options;
    const { timeMs = Infinity } = keepalive ?? {};
    const next = timeMs === Infinity ? "" : `; the next connection waits ${2 * timeMs} ms before a PING`;
    reporter.log("warn", `${formatAddress(address)} was sent too many PINGs (keepalive.timeMs)${next}`);
    this.options = { ...this.options, keepalive: { ...keepalive, timeMs: 2 * timeMs } };
  }

  private proved(link: Link, keep: boolean): void {
    this.order.served(link.address, keep);
    this.backoff.reset();
    this.retryAt = 0;
  }

  private fail(reason: string): void {
    this.lastFailure = reason;
    this.setState("TRANSIENT_FAILURE");
    for (const call of this.waiting) {
      if (call.waitForReady) continue;
      this.waiting.delete(call);
      call.onUnavailable(reason);
    }
    if (this.waiting.size > 0) this.connectInTime();
  }

  private connectInTime(): void {
    const { current } = this;
    if (current === "READY" || current === "CONNECTING" || current === "SHUTDOWN") return;
    if (this.engine.now() >= this.retryAt) return this.startAttempt();
    this.retryTask ??= this.engine.runAt(this.retryAt, () => {
      this.retryTask = undefined;
      this.combiner.run(() => this.startAttempt());
    });
  }

  private startAttempt(): void {
    this.cancelRetry();
    this.asked = false;
    // The backoff counts from here, not from the attempt's failure (connection-backoff.md).
    this.retryAt = this.engine.now() + this.backoff.next();
    this.setState("CONNECTING");
    try {
      if (this.target.family === "dns") this.lookUp(this.target);
      else this.attemptAt([this.target]);
    } catch (error) { // a poller of the application's
      const { reporter = defaultReporter } = this.options;
      const peer = formatAddress(this.target);
      reporter.report(error, { where: "connection", level: "error", peer });
      this.endLookup();
      this.fail(`cannot connect to ${peer}: ${describeThrown(error)}`);
    }
  }

  private lookUp(target: DnsTarget): void {
    const timeoutMs = this.options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
    this.lookupTimer = this.engine.runAt(this.engine.now() + timeoutMs, () => {
      this.lookupTimer = undefined;
      this.combiner.run(() =>
        this.fail(`cannot resolve ${formatAddress(target)}: no answer within ${timeoutMs} ms`)
      );
    });
    const lookup = ++this.lookups;
    this.engine.resolver().lookup(target.host, target.port, (result) => {
      // Of a lookup that was given up, a late answer will do if the next attempt still waits for its own.
      if (this.lookupTimer === undefined || (!result.ok && lookup !== this.lookups)) return;
      this.endLookup();
      this.combiner.run(() => this.resolved(target, result));
    });
  }

  private resolved(target: DnsTarget, result: IoResult<SocketAddress[]>): void {
    const name = formatAddress(target);
    if (!result.ok) return this.fail(`cannot resolve ${name}: ${result.error.message}`);
    const refusal = this.options.refusal?.(result.value);
    if (refusal === undefined) this.attemptAt(result.value);
    else this.fail(`cannot connect to ${name}: ${refusal}`);
  }

  private attemptAt(addresses: readonly SocketAddress[]): void {
    if (trace.channel) this.trace(`attempt at ${addresses.map(formatAddress).join(", ")}`);
    this.attempt = new Connector(this.engine, this.order.sort(addresses), this.options, new Link(this));
  }

  private awaited(): string {
    const { attempt, transport, target } = this;
    if (this.lookupTimer !== undefined) return `the addresses of ${formatAddress(target)}`;
    if (attempt !== undefined) return `a connection to ${attempt.describe()}`;
    if (transport !== undefined) return `a stream: ${formatAddress(transport.peer)} allows no more at a time`;
    const inMs = Math.max(0, Math.ceil(this.retryAt - this.engine.now()));
    return `a connection to ${formatAddress(target)}: the next attempt is due in ${inMs} ms`;
  }

  private endLookup(): void {
    if (this.lookupTimer !== undefined) this.engine.cancel(this.lookupTimer);
    this.lookupTimer = undefined;
  }

  private cancelRetry(): void {
    if (this.retryTask !== undefined) this.engine.cancel(this.retryTask);
    this.retryTask = undefined;
  }

  private setState(state: ConnectivityState): void {
    if (this.current === state) return;
    if (trace.channel) this.traceState(state);
    this.current = state;
    this.onState(state);
  }

  private traceState(state: ConnectivityState): void {
    const why = state === "TRANSIENT_FAILURE" || (this.current === "READY" && state === "IDLE")
      ? `: ${this.lastFailure}`
      : "";
    this.trace(`${this.current} to ${state}${why}`);
  }

  private trace(line: string): void {
    const { reporter = defaultReporter } = this.options;
    reporter.trace("channel", `${formatAddress(this.target)}: ${line}`);
  }
}

/** Whether a GOAWAY says so; the words are gRPC's. */
function forbidsPings({ code, reason }: Http2Error): boolean {
  return code === ErrorCode.ENHANCE_YOUR_CALM && reason.includes('"too_many_pings"');
}
