// What the endpoints, listeners and connects of an engine over the C library use of it.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint } from "../contract/engine.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import type { Scatterer } from "../ffi/scatter.ts";
import type { FdTable } from "./fd_table.ts";
import type { Gatherer } from "./gather.ts";
import type { Sockets } from "./sockets.ts";

/** An engine that makes the system's calls, as its sockets see it. */
export interface SocketContext extends BaseEngine {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Reads of all endpoints. */
  readonly scatterer: Scatterer<number>;
  /** Writes of all endpoints. */
  readonly gatherer: Gatherer;
  /** An endpoint over a connected, non-blocking socket. The negative error number, and the socket is closed, where the set takes no more. */
  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): Endpoint | number;
}

/** The same where descriptors are polled for readiness. */
export interface ReadinessContext extends SocketContext {
  /** Descriptors that are polled. */
  readonly table: FdTable;
}
