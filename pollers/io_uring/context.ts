// What the endpoints, listeners and connects of an io_uring engine use of it.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint } from "../contract/engine.ts";
import type { ActivityLoop } from "../threads/activity_loop.ts";
import type { SocketContext } from "../readiness/context.ts";
import type { BufferRing } from "./buffer_ring.ts";
import type { Descriptors } from "./descriptors.ts";
import type { OperationTable } from "./operations.ts";
import type { Ring } from "./ring.ts";
import type { SendMemory } from "./send_memory.ts";

/** An io_uring engine as its sockets see it. */
export interface IoUringContext extends SocketContext {
  /** The ring that operations go into. */
  readonly ring: Ring;
  /** Operations whose completions are awaited. */
  readonly operations: OperationTable;
  /** Memory of receives. */
  readonly buffers: BufferRing;
  /** Memory of sends. */
  readonly sends: SendMemory;
  /** What is open. */
  readonly descriptors: Descriptors;
  /** Where work is recorded that was done without an event. */
  readonly activity: ActivityLoop;
  /** An endpoint over a connected, non-blocking socket. */
  adoptSocket(fd: number, local: SocketAddress, peer: SocketAddress): Endpoint;
}
