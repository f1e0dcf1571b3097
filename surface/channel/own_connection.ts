// A connection that one subchannel alone uses: one attempt, and what comes of it.

import type { EventEngine, SocketAddress } from "../../pollers/mod.ts";
import {
  beginConnect,
  type ClientTransport,
  type ClientTransportSink,
  type ConnectAttempt,
  type ConnectOptions,
  type HandshakeOwner,
  type Http2Error,
} from "../../transport/mod.ts";
import type { Link, LinkedConnection } from "./link.ts";

/** See the head of this file. */
export class OwnConnection implements HandshakeOwner, ClientTransportSink, LinkedConnection {
  private attempt: ConnectAttempt | undefined = undefined;

  /** `link`: its only one. */
  constructor(private readonly link: Link) {
    link.connection = this;
  }

  /** Begins the attempt. Throws what the poller throws. */
  begin(engine: EventEngine, address: SocketAddress, options: ConnectOptions): void {
    this.attempt = beginConnect(engine, address, options, this);
  }

  // From the link.

  cancel(link: Link): void {
    this.attempt?.cancel();
    if (link.isConnected) this.drain(link, "no channel uses it");
  }

  drain({ transport }: Link, reason: string): void {
    transport.drain(reason);
  }

  close({ transport }: Link, reason: string): void {
    transport.close(reason);
  }

  endIfUnused(): void {} // nobody else keeps it

  // From the attempt and the transport.

  get sink(): this {
    return this;
  }

  onHandshakeDone(_attempt: ConnectAttempt, transport: ClientTransport): void {
    this.attempt = undefined;
    this.link.transport = transport;
    this.link.owner.onConnected(this.link);
  }

  onHandshakeFailed(_attempt: ConnectAttempt, reason: string): void {
    this.link.owner.onConnectFailed(reason);
  }

  onCanOpen(): void {
    this.link.owner.onCanOpen();
  }

  onDraining(reason: Http2Error | undefined): void {
    this.link.owner.onDraining(this.link, reason);
  }

  onClosed(error: Http2Error | undefined): void {
    this.link.owner.onClosed(this.link, error);
  }
}
