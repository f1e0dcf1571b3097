/**
 * The poller on Linux's poll, for those who give a channel or server its poller instead of a name. A list may say what is
 * used where it cannot run: `poller: [poll, native]`.
 *
 * @module
 */

export * from "../contract/types.ts";
export { pollFactory as poll } from "./mod.ts";
