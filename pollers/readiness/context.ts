// What the endpoints, listeners and connects of an epoll engine use of it.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint } from "../contract/engine.ts";
import type { BaseEngine } from "../core/base_engine.ts";
import type { Scatterer } from "../ffi/scatter.ts";
import type { FdTable } from "./fd_table.ts";
import type { Gatherer } from "./gather.ts";
import type { Sockets } from "./sockets.ts";

/** An epoll engine as its sockets see it. */
export interface ReadinessContext extends BaseEngine {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Reads of all endpoints. */
  readonly scatterer: Scatterer<number>;
  /** Writes of all endpoints. */
  readonly gatherer: Gatherer;
  /** Descriptors that are polled. */
  readonly table: FdTable;
  /** An endpoint over a connected, non-blocking socket. The negative error number, and the socket is closed, where the set takes no more. */
  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): Endpoint | number;
}
