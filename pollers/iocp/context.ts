// What the endpoints, listeners and connects of an iocp engine use of it.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EndpointOptions } from "../contract/engine.ts";
import type { NativePointer } from "../ffi/library.ts";
import type { Scatterer } from "../ffi/scatter.ts";
import type { PollingEngine } from "../threads/polling_engine.ts";
import type { OperationTable } from "./operations.ts";
import type { Pipes } from "./pipes.ts";
import type { Receiver } from "./receiver.ts";
import type { Sender } from "./sender.ts";
import type { Socket, Sockets } from "./sockets.ts";

/** An iocp engine as its sockets and pipes see it. */
export interface IocpContext extends PollingEngine {
  /** Socket calls. */
  readonly sockets: Sockets;
  /** Operations whose packets are awaited. */
  readonly operations: OperationTable;
  /** Receives of all endpoints. */
  readonly receiver: Receiver;
  /** What receives of all endpoints go into. */
  readonly scatterer: Scatterer<NativePointer>;
  /** Sends of all endpoints. */
  readonly sender: Sender;
  /** Calls of named pipes. */
  readonly pipes: Pipes;
  /** An endpoint over a connected socket, which the endpoint owns from here on. */
  endpointOver(socket: Socket, local: SocketAddress, peer: SocketAddress, options: EndpointOptions): Endpoint;
}
