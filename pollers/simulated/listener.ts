// A simulated listening socket.

import { formatAddress, type SocketAddress } from "../contract/address.ts";
import type { Endpoint, IoResult, Listener } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import type { ConnectionEnd, Host, NetworkListener } from "./network.ts";

/** Listens on addresses of one simulated host. */
export class SimulatedListener implements Listener, NetworkListener {
  private readonly addresses: SocketAddress[] = [];
  private readonly backlog: ConnectionEnd[] = [];
  private started = false;
  private stopped = false;

  /** Counts as open in `engine` until `shutdown`, and holds the process until `onShutdown`. */
  constructor(
    readonly engine: Host,
    private readonly onAccept: (endpoint: Endpoint) => void,
    private readonly onShutdown: (error?: IoError) => void,
  ) {
    engine.opened.add(this);
    engine.hold();
  }

  bind(at: SocketAddress): Promise<IoResult<number>> {
    if (this.started || this.stopped) {
      return Promise.reject(new TypeError("Cannot bind: the listener was started or shut down"));
    }
    const over = this.engine.overError("bind", at);
    if (over !== undefined) return Promise.resolve({ ok: false, error: over });
    const { hostAddress, simulation: { network } } = this.engine;
    const bound = network.take(hostAddress, this.engine.own(at), this);
    if (bound === undefined) {
      return Promise.resolve({ ok: false, error: new IoError("address-in-use", "bind", at, "EADDRINUSE") });
    }
    this.addresses.push(bound);
    return Promise.resolve({ ok: true, value: "port" in bound ? bound.port : 0 });
  }

  start(): void {
    if (this.started || this.stopped) {
      throw new TypeError("Cannot start: the listener was started or shut down");
    }
    this.started = true;
    for (const endpoint of this.backlog.splice(0)) this.engine.run(() => this.accept(endpoint));
  }

  shutdown(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.engine.opened.delete(this);
    const { hostAddress, simulation: { network } } = this.engine;
    for (const address of this.addresses) network.release(hostAddress, address);
    for (const endpoint of this.backlog.splice(0)) endpoint.close();
    this.engine.run(() => {
      this.engine.release();
      this.onShutdown();
    });
  }

  /** The same as `shutdown`. */
  close(): void {
    this.shutdown();
  }

  /** A connection has arrived. */
  accept(endpoint: ConnectionEnd): void {
    if (this.stopped) endpoint.close();
    else if (this.started) this.engine.enter(this.onAccept, endpoint);
    else this.backlog.push(endpoint);
  }

  /** "listener on 10.0.0.1:80". */
  describe(): string {
    return `listener on ${this.addresses.map(formatAddress).join(" and ") || "no address"}`;
  }
}
