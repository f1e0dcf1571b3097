// One address, the connection to it, made when it is asked for, and its backoff.
//
// States and transitions are gRPC's (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md):
//
//   from               event                                              to
//   IDLE               connect()                                          CONNECTING
//   CONNECTING         SETTINGS of the server                             READY
//   CONNECTING         the attempt failed                                 TRANSIENT_FAILURE
//   CONNECTING         giveUp()                                           IDLE
//   READY              GOAWAY or lost, and it may be replaced at once     IDLE
//   READY              GOAWAY or lost, and the backoff must be kept       TRANSIENT_FAILURE
//   TRANSIENT_FAILURE  the backoff is over                                IDLE
//   any                close()                                            SHUTDOWN
//
// The backoff counts from the start of an attempt, and it keeps growing until a connection has proved useful: it
// answered a call, or stood for USEFUL_AFTER_MS; that nobody called need only stand as long as the backoff, for there was
// nothing to answer, unless it was asked for its health. (Other libraries start it anew with the server's SETTINGS, and
// reconnect in a loop to a server that hangs up after them.) A useful connection that ends is replaced at once; so is the
// first useless one, because that is what a client sees of a server that restarts or drains.
//
// Where the service config allows several connections and calls use up the streams of all, another one is made beside
// them (gRFC A105). It is READY while it has one, and only what becomes of the last one changes the state.

import {
  defaultReporter,
  describeThrown,
  type ErrorPlace,
  type EventEngine,
  formatAddress,
  type SocketAddress,
  type TaskHandle,
  trace,
} from "../../pollers/mod.ts";
import {
  type ClientTransport,
  type ConnectionSecurity,
  type Http2Error,
  type RequestTemplate,
  requestTemplate,
} from "../../transport/mod.ts";
import { Combiner } from "../../pollers/core/combiner.ts";
import type { PendingCall } from "../client/call_route.ts";
import { USER_AGENT } from "../version.ts";
import type { Backoff } from "./backoff.ts";
import type { ConnectSettings } from "./connect_settings.ts";
import type { ConnectivityState } from "./connectivity.ts";
import { Link, type LinkOwner } from "./link.ts";
import { OwnConnection } from "./own_connection.ts";
import { WaitingCalls } from "./waiting_calls.ts";

/** A connection that stood this long has proved useful, answers or not: gRPC's minimum connect timeout. */
const USEFUL_AFTER_MS = 20_000;

/** Receives the states of a subchannel, each once and in their order. */
export interface SubchannelWatcher {
  /** `subchannel` is in `state` now; what it has done since may have changed it again. */
  onSubchannelState(subchannel: Subchannel, state: ConnectivityState): void;
  /** Calls may take its connection, or may not any more: see `healthOf` of a policy's helper. */
  onSubchannelHealth(subchannel: Subchannel): void;
  /** A connection of `subchannel` takes no more streams, and others do: what the library runs on it goes on on one of them. */
  onSubchannelMoved?(subchannel: Subchannel): void;
  /** The poller threw `error`: there will be no other state. */
  onSubchannelThrew(error: unknown): void;
  /** Its server was asked for its health, and has not said it: no call may take the connection. */
  readonly awaitsHealth?: boolean;
}

/** The connections to one address: one, unless the service config allows more. */
export class Subchannel implements LinkOwner {
  /** Connections that take new streams. */
  private readonly links: Link[] = [];
  /** Connections that take no new streams but still have calls. */
  private readonly draining = new Set<Link>();
  private attempt: Link | undefined = undefined;
  private startedAt = 0;
  private current: ConnectivityState = "IDLE";
  private uselessBefore = false;
  private backoffTask: TaskHandle | undefined = undefined;
  private readonly waiting = new WaitingCalls();
  /** What changes the state: what is called meanwhile may call back, and waits for its end. */
  private readonly combiner: Combiner;
  private readonly giveStreams = (): void => {
    this.attachWaiting();
    this.connectBeside();
  };

  /** When the backoff is over; engine time. */
  retryAt = 0;
  /** Why there is no connection, with the address; "" before the first failure and while there is one. */
  failure = "";
  /** When a useful connection was lost whose server had not asked its clients to leave; -1: never. */
  servedUntil = -1;
  /** When a connection ended that had served nothing; -1: never. */
  uselessAt = -1;

  /** Nothing happens before `connect`. */
  constructor(
    private readonly engine: EventEngine,
    readonly address: SocketAddress,
    private readonly settings: ConnectSettings,
    private readonly backoff: Backoff,
    private readonly watcher: SubchannelWatcher,
  ) {
    this.combiner = new Combiner(engine);
  }

  /** The present state. */
  get state(): ConnectivityState {
    return this.current;
  }

  /** Takes new streams; that of the first link. */
  private get transport(): ClientTransport | undefined {
    return this.links[0]?.transport;
  }

  /** What the TLS handshake of its connection established; undefined in plaintext and without one. */
  get security(): ConnectionSecurity | undefined {
    return this.transport?.security;
  }

  /** What calls of `path` begin with that the library makes itself on it. */
  template(path: string): RequestTemplate {
    const { template } = this.settings.options;
    return template?.(path) ?? requestTemplate(path, formatAddress(this.address), "http", USER_AGENT);
  }

  /** Its connections, those that drain too. */
  get transports(): ClientTransport[] {
    return [...this.links, ...this.draining].map(({ transport }) => transport);
  }

  /** Gives an error of the application, or of its poller, to whom the channel reports to. */
  report(error: unknown, where: ErrorPlace): void {
    const { reporter = defaultReporter } = this.settings.options;
    reporter.report(error, { where, level: "error", peer: formatAddress(this.address) });
  }

  /** Gives `call` a stream, if there is one now and no other call waits for it. */
  attach(call: PendingCall): boolean {
    const { transport } = this;
    if (transport === undefined || this.waiting.size > 0) return false;
    const free = transport.canOpen ? transport : this.transportWithRoom();
    if (free === undefined) return false;
    call.attach(free);
    return true;
  }

  /** The first connection that has a stream free. */
  private transportWithRoom(): ClientTransport | undefined {
    for (const { transport } of this.links) if (transport.canOpen) return transport;
    return undefined;
  }

  /** Whether calls can take it: they get a stream, or wait for one. */
  get isConnected(): boolean {
    return this.transport !== undefined;
  }

  /** Whether `attach` would give a call a stream. */
  get canAttach(): boolean {
    return this.waiting.size === 0 && this.transportWithRoom() !== undefined;
  }

  /** It is closed, and so are all its connections. */
  get isOver(): boolean {
    return this.current === "SHUTDOWN" && this.links.length === 0 && this.draining.size === 0;
  }

  /** Connections that it has left to others, and has no calls on any more, are let go. */
  sweep(): void {
    for (const link of this.draining) link.endIfUnused();
  }

  /** Whether `call` waits for a stream of this connection. */
  holds(call: PendingCall): boolean {
    return call.waitsIn === this.waiting;
  }

  /** Gives `call` a stream as soon as there is one, or has it pick again where there will be none. */
  submit(call: PendingCall): void {
    if (this.transport === undefined) return call.pickAgain();
    if (this.attach(call)) return;
    this.waiting.add(call);
    if (this.settings.maxConnections > 1) this.combiner.run(() => this.connectBeside());
  }

  /** Begins to connect, where it is IDLE. */
  connect(): void {
    this.combiner.run(() => {
      if (this.current === "IDLE") this.startAttempt();
    });
  }

  /** Ends an attempt that is not wanted any more, or the connection it has made since. */
  giveUp(): void {
    this.combiner.run(() => {
      this.cancelAttempt();
      const { current } = this;
      for (const link of this.links.splice(0)) {
        this.draining.add(link);
        link.drain("another connection was taken");
      }
      if (current === "CONNECTING" || current === "READY") this.setState("IDLE");
      this.releaseWaiting();
    });
  }

  /** The backoff is over now, and the next one is the first again. */
  resetBackoff(): void {
    this.combiner.run(() => {
      this.backoff.reset();
      this.endBackoff();
    });
  }

  /** Ends the connection: its calls fail. */
  close(reason: string): void {
    this.shutDown((link) => link.close(reason));
  }

  /** Ends the connection when its calls have ended. */
  drain(reason: string): void {
    this.shutDown((link) => link.drain(reason));
  }

  private shutDown(end: (link: Link) => void): void {
    this.combiner.run(() => {
      if (this.current !== "SHUTDOWN") this.setState("SHUTDOWN");
      this.cancelBackoff();
      this.cancelAttempt();
      for (const link of [...this.links, ...this.draining]) end(link);
      this.releaseWaiting();
    });
  }

  // From an attempt and its transport.

  /** Calls may be made. */
  onConnected(link: Link): void {
    this.combiner.run(() => {
      this.attempt = undefined;
      if (this.current === "SHUTDOWN") return link.close("channel closed by the application");
      link.readyAt = this.engine.now();
      if (this.links.push(link) === 1) this.becomeReady();
      this.giveStreams();
    });
  }

  /** The attempt failed. */
  onConnectFailed(reason: string): void {
    this.combiner.run(() => {
      this.attempt = undefined;
      if (this.current !== "SHUTDOWN") this.attemptFailed(reason);
    });
  }

  /** A stream is free, or more connections are allowed: the calls that waited longest get theirs. */
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

  private startAttempt(): void {
    this.setState("CONNECTING");
    this.beginHandshake();
  }

  /** Another connection, where calls wait, one more is allowed, and none is on its way. */
  private connectBeside(): void {
    const { length } = this.links;
    if (length === 0 || length >= this.settings.maxConnections || this.waiting.size === 0) return;
    if (this.attempt === undefined && this.backoffTask === undefined) this.beginHandshake();
  }

  private beginHandshake(): void {
    this.startedAt = this.engine.now();
    const refusal = this.settings.options.refusal?.([this.address]);
    if (refusal !== undefined) {
      return this.attemptFailed(`cannot connect to ${formatAddress(this.address)}: ${refusal}`);
    }
    try {
      const { engine, address, settings: { channel, options } } = this;
      const link = new Link(this, channel, options.keepalive);
      if (options.shared === undefined) new OwnConnection(link).begin(engine, address, options);
      else options.shared.connect(engine, link, address, options);
      this.attempt = link;
    } catch (error) { // a poller of the application's
      this.report(error, "connection");
      this.attemptFailed(`cannot connect to ${formatAddress(this.address)}: ${describeThrown(error)}`);
    }
  }

  private cancelAttempt(): void {
    this.attempt?.cancel();
    this.attempt = undefined;
  }

  private attemptFailed(reason: string): void {
    const retryAt = this.startedAt + this.backoff.next();
    if (this.links.length > 0) return void this.awaitBackoff(retryAt); // it was to be one more
    this.failure = reason;
    this.retryAt = retryAt;
    this.backOff();
  }

  private becomeReady(): void {
    this.retryAt = this.startedAt + this.backoff.next();
    this.failure = "";
    this.setState("READY");
  }

  private attachWaiting(): void {
    for (const call of this.waiting) {
      const transport = this.transportWithRoom();
      if (transport === undefined) return;
      this.waiting.delete(call); // one that is over its deadline says that it waited here
      call.attach(transport);
    }
  }

  private drained(link: Link, reason: Http2Error | undefined): void {
    if (reason !== undefined) this.settings.onGoAway(this.address, reason, link.keepalive);
    if (!this.links.includes(link)) return;
    this.draining.add(link);
    this.detach(link, reason, reason === undefined);
  }

  private closed(link: Link, error: Http2Error | undefined): void {
    const isTaken = this.links.includes(link);
    if (!isTaken && !this.draining.delete(link)) return;
    this.settings.options.connectionLeft?.(this, link.transport);
    if (isTaken) return this.detach(link, error, true);
    if (link.useful || !link.transport.answered) return;
    // It answered after all, while it was draining: its successor need not wait.
    this.proved(false);
    this.endBackoff();
  }

  /** A connection takes no more streams. `keep`: its address is as good as before. */
  private detach(link: Link, error: Http2Error | undefined, keep: boolean): void {
    this.links.splice(this.links.indexOf(link), 1);
    if (this.current === "SHUTDOWN") return;
    const now = this.engine.now();
    const { answered, called } = link.transport;
    // The backoff is that of the first connection: one beside others was made because calls waited.
    const hadNothingToAnswer = !called && this.waiting.size === 0 && this.links.length === 0 &&
      this.watcher.awaitsHealth !== true;
    link.useful = answered || now - link.readyAt >= USEFUL_AFTER_MS ||
      (hadNothingToAnswer && now >= this.retryAt);
    if (this.links.length > 0) return this.detachedBeside(link);
    this.cancelAttempt();
    this.cancelBackoff();
    this.failure = `${formatAddress(this.address)}: ${error?.reason ?? "connection closed"}`;
    if (link.useful) this.proved(keep);
    else this.servedNothing(now);
    if (now < this.retryAt) this.backOff();
    else this.setState("IDLE");
    this.releaseWaiting();
  }

  /** Others take streams. After another one that served nothing the next one waits, as after an attempt that failed. */
  private detachedBeside({ useful }: Link): void {
    if (useful) this.backoff.reset();
    else if (this.uselessBefore && this.backoffTask === undefined) {
      this.awaitBackoff(this.startedAt + this.backoff.next());
    }
    this.uselessBefore = !useful;
    this.watcher.onSubchannelMoved?.(this);
    this.connectBeside();
  }

  private proved(keep: boolean): void {
    this.servedUntil = keep ? this.engine.now() : -1;
    this.uselessAt = -1;
    this.uselessBefore = false;
    this.backoff.reset();
    this.retryAt = 0;
  }

  private servedNothing(now: number): void {
    this.servedUntil = -1;
    this.uselessAt = now;
    if (this.uselessBefore) this.failure += ", before it answered a call";
    else this.retryAt = 0;
    this.uselessBefore = true;
  }

  /** Calls that waited for a stream pick again. */
  private releaseWaiting(): void {
    for (const call of this.waiting) {
      this.waiting.delete(call);
      call.waitsIn = undefined;
      call.pickAgain();
    }
  }

  private backOff(): void {
    if (this.awaitBackoff(this.retryAt)) this.setState("TRANSIENT_FAILURE");
  }

  /** False where the poller threw. */
  private awaitBackoff(retryAt: number): boolean {
    this.cancelBackoff(); // that of a further connection which came to nothing while another attempt ran
    try {
      this.backoffTask = this.engine.runAt(retryAt, () => {
        this.backoffTask = undefined;
        this.combiner.run(() => this.backoffOver());
      });
      return true;
    } catch (error) { // a poller of the application's
      this.watcher.onSubchannelThrew(error);
      return false;
    }
  }

  private backoffOver(): void {
    if (this.current === "TRANSIENT_FAILURE") this.setState("IDLE");
    else this.connectBeside();
  }

  private endBackoff(): void {
    this.retryAt = 0;
    this.cancelBackoff();
    this.backoffOver();
  }

  private cancelBackoff(): void {
    if (this.backoffTask !== undefined) this.engine.cancel(this.backoffTask);
    this.backoffTask = undefined;
  }

  private setState(state: ConnectivityState): void {
    if (trace.channel) this.trace(state);
    this.current = state;
    this.watcher.onSubchannelState(this, state);
  }

  private trace(state: ConnectivityState): void {
    const { reporter = defaultReporter } = this.settings.options;
    const why = this.failure === "" || state === "CONNECTING" ? "" : `: ${this.failure}`;
    reporter.trace(
      "channel",
      `connection to ${formatAddress(this.address)}: ${this.current} to ${state}${why}`,
    );
  }
}
