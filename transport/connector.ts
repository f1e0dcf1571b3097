// From the addresses of a target to one transport: attempts begin one after another and may overlap.
//
// An address that does not answer must not keep the others waiting. The next attempt begins when the one before it
// failed, or after CONNECTION_ATTEMPT_DELAY_MS without a result; the first whose handshake completes is taken and the
// others are cancelled. That is the racing half of RFC 8305 (section 5), as gRPC's pick_first has it (gRFC A61); the
// order of the addresses is the caller's.

import { formatAddress, type SocketAddress } from "../pollers/contract/address.ts";
import type { EventEngine, TaskHandle } from "../pollers/contract/engine.ts";
import { type ConnectOptions, Handshake, type HandshakeOwner } from "./handshake.ts";
import type { ClientTransport, ClientTransportSink } from "./transport.ts";

/** How long an attempt has before the next address is tried beside it (RFC 8305, section 8; gRFC A61). */
export const CONNECTION_ATTEMPT_DELAY_MS = 250;

/** Addresses that a message names; a name with more says how many. */
const NAMED_ADDRESSES = 5;

/** Receives exactly one of the two results, and after `onConnected` the events of the transport. */
export interface ConnectSink extends ClientTransportSink {
  /** The server's SETTINGS came: calls may be made. */
  onConnected(transport: ClientTransport): void;
  /** Every address failed; a line each, which says how far the attempt came and why it ended. */
  onConnectFailed(reason: string): void;
}

/** One pass over the addresses of a target. */
export class Connector implements HandshakeOwner {
  private readonly running = new Set<Handshake>();
  private readonly failures = new Set<string>();
  private delay: TaskHandle | undefined = undefined;
  private next = 0;
  private settled = false;

  /** Begins at once. `sink` is never called on the caller's stack. */
  constructor(
    private readonly engine: EventEngine,
    private readonly addresses: readonly SocketAddress[],
    private readonly options: ConnectOptions,
    readonly sink: ConnectSink,
  ) {
    if (addresses.length > 0) this.tryNext();
    else engine.run(() => this.failed("no address"));
  }

  /** Gives up and releases every socket; the sink is not called any more. */
  cancel(): void {
    if (!this.settled) this.settle(undefined);
  }

  /** Which addresses are being tried: "10.0.0.1:80, 10.0.0.2:80". */
  describe(): string {
    return shortList([...this.running].map(({ address }) => formatAddress(address)), ", ");
  }

  /** Why addresses have failed so far; "" where none has. */
  get failure(): string {
    return shortList([...this.failures], "\n");
  }

  /** From a handshake: it is complete. */
  onHandshakeDone(handshake: Handshake, transport: ClientTransport): void {
    this.settle(handshake);
    this.sink.onConnected(transport);
  }

  /** From a handshake: it failed. */
  onHandshakeFailed(handshake: Handshake, reason: string): void {
    this.running.delete(handshake);
    this.failures.add(reason);
    if (this.next < this.addresses.length) this.tryNext();
    else if (this.running.size === 0) this.failed(this.failure);
  }

  private readonly tryNext = (): void => {
    this.cancelDelay();
    const address = this.addresses[this.next++]!;
    this.running.add(new Handshake(this.engine, address, this.options, this));
    if (this.next === this.addresses.length) return;
    this.delay = this.engine.runAt(this.engine.now() + CONNECTION_ATTEMPT_DELAY_MS, this.tryNext);
  };

  /** Every address failed. */
  private failed(reason: string): void {
    if (this.settled) return;
    this.settle(undefined);
    this.sink.onConnectFailed(reason);
  }

  /** One attempt won, or none will: the others are cancelled. */
  private settle(winner: Handshake | undefined): void {
    this.settled = true;
    this.cancelDelay();
    for (const handshake of this.running) if (handshake !== winner) handshake.cancel();
    this.running.clear();
  }

  /** The next attempt no longer waits. */
  private cancelDelay(): void {
    if (this.delay !== undefined) this.engine.cancel(this.delay);
    this.delay = undefined;
  }
}

function shortList(items: readonly string[], separator: string): string {
  const more = items.length - NAMED_ADDRESSES;
  if (more <= 0) return items.join(separator);
  return [...items.slice(0, NAMED_ADDRESSES), `and ${more} more`].join(separator);
}
