/**
 * The poller on Linux's epoll, for those who give a channel or server its poller instead of a name. A list may say what is
 * used where it cannot run: `poller: [epoll, native]`.
 *
 * @module
 */

export * from "../contract/types.ts";
export { epollFactory as epoll } from "./mod.ts";
