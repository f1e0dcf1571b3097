// One connection to one target, made when a call wants it and made again when it is lost.
//
//   IDLE ──call──▶ CONNECTING ──▶ READY ──GOAWAY or lost──▶ IDLE
//                      │ ▲
//                      ▼ └── backoff over, and a call wants it
//             TRANSIENT_FAILURE                              SHUTDOWN from any of them
//
// States and transitions are gRPC's (https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md).

import {
  type EventEngine,
  formatAddress,
  type SocketAddress,
  type Target,
  type TaskHandle,
} from "../../pollers/mod.ts";
import {
  type ClientTransport,
  type ConnectOptions,
  Connector,
  type ConnectSink,
} from "../../transport/mod.ts";
import type { Backoff } from "./backoff.ts";

/** States of a channel. */
export type ConnectivityState = "IDLE" | "CONNECTING" | "READY" | "TRANSIENT_FAILURE" | "SHUTDOWN";

/** A call that wants a transport. */
export interface PendingCall {
  /** Whether it waits through connection failures. */
  readonly waitForReady: boolean;
  /** A stream is free: open it now. */
  attach(transport: ClientTransport): void;
  /** It will get none: the connection failed. */
  onUnavailable(reason: string): void;
}

/** One attempt and the connection that comes of it: says to the subchannel which of its connections it speaks of. */
class Link implements ConnectSink {
  private transport: ClientTransport | undefined = undefined;

  constructor(private readonly owner: Subchannel) {}

  onConnected(transport: ClientTransport): void {
    this.transport = transport;
    this.owner.onConnected(transport);
  }
  onConnectFailed(reason: string): void {
    this.owner.onConnectFailed(reason);
  }
  onCanOpen(): void {
    this.owner.onCanOpen();
  }
  onDraining(): void {
    this.owner.onDraining(this.transport!);
  }
  onClosed(): void {
    this.owner.onClosed(this.transport!);
  }
}

/** The connection of a channel. */
export class Subchannel {
  private current: ConnectivityState = "IDLE";
  private transport: ClientTransport | undefined = undefined;
  /** Transports that take no new streams but still have calls. */
  private readonly draining = new Set<ClientTransport>();
  private attempt: Connector | undefined = undefined;
  private readonly waiting = new Set<PendingCall>();
  private lastFailure = "";
  private retryAt = 0;
  private retryTask: TaskHandle | undefined = undefined;

  /** Connects to `target`; `onState` hears of every change. */
  constructor(
    private readonly engine: EventEngine,
    private readonly target: Target,
    private readonly options: ConnectOptions,
    private readonly backoff: Backoff,
    private readonly onState: (state: ConnectivityState) => void,
  ) {}

  /** The present state. */
  get state(): ConnectivityState {
    return this.current;
  }

  /** Gives `call` a transport as soon as there is one. */
  submit(call: PendingCall): void {
    if (this.transport !== undefined && this.waiting.size === 0 && this.transport.canOpen) {
      return call.attach(this.transport);
    }
    if (this.current === "SHUTDOWN") return call.onUnavailable("channel is closed");
    if (this.current === "TRANSIENT_FAILURE" && !call.waitForReady && this.engine.now() < this.retryAt) {
      return call.onUnavailable(this.lastFailure);
    }
    this.waiting.add(call);
    if (this.transport === undefined) this.connect();
  }

  /** `call` wants no transport any more. */
  withdraw(call: PendingCall): void {
    this.waiting.delete(call);
    if (this.waiting.size === 0) this.cancelRetry();
  }

  /** Begins to connect, now or when the backoff allows it. */
  connect(): void {
    if (this.current === "READY" || this.current === "CONNECTING" || this.current === "SHUTDOWN") return;
    if (this.engine.now() >= this.retryAt) return this.startAttempt();
    this.retryTask ??= this.engine.runAt(this.retryAt, () => {
      this.retryTask = undefined;
      this.startAttempt();
    });
  }

  /** Ends every call and connection. */
  close(): void {
    if (this.current === "SHUTDOWN") return;
    this.setState("SHUTDOWN");
    this.cancelRetry();
    this.attempt?.cancel();
    for (const call of this.takeWaiting()) call.onUnavailable("channel is closed");
    this.transport?.close("channel closed by the application");
    for (const transport of this.draining) transport.close("channel closed by the application");
  }

  // From an attempt and its transport.

  /** Calls may be made. */
  onConnected(transport: ClientTransport): void {
    this.attempt = undefined;
    this.transport = transport;
    this.backoff.reset();
    this.retryAt = 0;
    this.setState("READY");
    this.onCanOpen();
  }

  /** The attempt failed. */
  onConnectFailed(reason: string): void {
    this.attempt = undefined;
    if (this.current === "SHUTDOWN") return;
    this.lastFailure = reason;
    this.setState("TRANSIENT_FAILURE");
    for (const call of this.takeWaiting()) {
      if (call.waitForReady) this.waiting.add(call);
      else call.onUnavailable(reason);
    }
    if (this.waiting.size > 0) this.connect();
  }

  /** A stream is free: the calls that waited longest get theirs. */
  onCanOpen(): void {
    for (const call of this.waiting) {
      if (this.transport === undefined || !this.transport.canOpen) return;
      this.waiting.delete(call);
      call.attach(this.transport);
    }
  }

  /** `transport` takes no new streams; those that run go on. */
  onDraining(transport: ClientTransport): void {
    if (transport !== this.transport) return;
    this.draining.add(transport);
    this.detach();
  }

  /** `transport`'s connection is gone; its calls have had their status. */
  onClosed(transport: ClientTransport): void {
    this.draining.delete(transport);
    if (transport === this.transport) this.detach();
  }

  private detach(): void {
    this.transport = undefined;
    if (this.current === "SHUTDOWN") return;
    this.setState("IDLE");
    if (this.waiting.size > 0) this.connect();
  }

  private startAttempt(): void {
    // The backoff counts from here, not from the attempt's failure (connection-backoff.md).
    this.retryAt = this.engine.now() + this.backoff.next();
    this.setState("CONNECTING");
    const { target } = this;
    if (target.family !== "dns") return this.attemptAt([target]);
    this.engine.resolver().lookup(target.host, target.port, (result) => {
      if (this.current !== "CONNECTING") return;
      if (result.ok) this.attemptAt(result.value);
      else this.onConnectFailed(`cannot resolve ${formatAddress(target)}: ${result.error.message}`);
    });
  }

  private attemptAt(addresses: readonly SocketAddress[]): void {
    this.attempt = new Connector(this.engine, addresses, this.options, new Link(this));
  }

  private takeWaiting(): PendingCall[] {
    const calls = [...this.waiting];
    this.waiting.clear();
    return calls;
  }

  private cancelRetry(): void {
    if (this.retryTask !== undefined) this.engine.cancel(this.retryTask);
    this.retryTask = undefined;
  }

  private setState(state: ConnectivityState): void {
    if (this.current === state) return;
    this.current = state;
    this.onState(state);
  }
}
