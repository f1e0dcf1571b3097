// How a connection to an address is attempted: by a socket, or inside the process.

import type { SocketAddress } from "../pollers/contract/address.ts";
import type { EventEngine } from "../pollers/contract/engine.ts";
import { type ConnectAttempt, type ConnectOptions, Handshake, type HandshakeOwner } from "./handshake.ts";
import { InProcessAttempt } from "./in_process/listener.ts";

/** Begins to connect to `address` at once; `owner` gets the result, on no caller's stack. */
export function beginConnect(
  engine: EventEngine,
  address: SocketAddress,
  options: ConnectOptions,
  owner: HandshakeOwner,
): ConnectAttempt {
  return address.family === "inprocess"
    ? new InProcessAttempt(engine, address, options, owner)
    : new Handshake(engine, address, options, owner);
}
