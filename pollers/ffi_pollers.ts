// The pollers whose sockets are not the runtime's own, by name.

import type { EngineFactory } from "./contract/engine.ts";
import { epollFactory } from "./epoll/mod.ts";
import { ioUringFactory } from "./io_uring/mod.ts";
import { iocpFactory } from "./iocp/mod.ts";
import { pollFactory } from "./poll/mod.ts";

const POLLERS = {
  epoll: epollFactory,
  iocp: iocpFactory,
  poll: pollFactory,
  io_uring: ioUringFactory,
};

/** What they are called. */
export type FfiPollerName = keyof typeof POLLERS;

/** The poller of a name. */
export function ffiPoller(name: FfiPollerName): EngineFactory {
  return POLLERS[name];
}
