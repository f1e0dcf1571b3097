/**
 * The poller on Linux's io_uring, for those who give a channel or server its poller instead of a name. A list may say what
 * is used where it cannot run: `poller: [ioUring, epoll, native]`.
 *
 * @module
 */

export * from "../contract/types.ts";
export { ioUringFactory as ioUring } from "./mod.ts";
