// How a connection to an address is attempted: by a socket, or inside the process.

import { formatAddress, type SocketAddress } from "../pollers/contract/address.ts";
import type { EventEngine } from "../pollers/contract/engine.ts";
import { type ConnectAttempt, type ConnectOptions, Handshake, type HandshakeOwner } from "./handshake.ts";

/**
 * Begins to connect to `address` at once; `owner` gets the result, on no caller's stack.
 *
 * @throws {Error} for an address inside the process, where `options` cannot connect there
 */
export function beginConnect(
  engine: EventEngine,
  address: SocketAddress,
  options: ConnectOptions,
  owner: HandshakeOwner,
): ConnectAttempt {
  if (address.family !== "inprocess") return new Handshake(engine, address, options, owner);
  const { connectInProcess } = options;
  if (connectInProcess !== undefined) return connectInProcess(engine, address, options, owner);
  throw new Error(`there is no way to ${formatAddress(address)} without the feature inProcess`);
}
