/**
 * The poller on Windows' completion ports, for those who give a channel or server its poller instead of a name. A list may
 * say what is used where it cannot run: `poller: [iocp, native]`.
 *
 * @module
 */

export * from "../contract/types.ts";
export { iocpFactory as iocp } from "./mod.ts";
