/**
 * What the pollers of this package are made of, for authors of others. docs/pollers.md walks through it.
 *
 * - `BaseEngine`, `BaseEndpoint` and `BaseListener` keep the parts of the contract that are the same for all engines.
 * - `PollingEngine` is for engines that block in a system call: give it an `EventSource` and an `EventTarget`, and it has
 *   both thread shapes. `pollUntilQuit` is the life of its poller thread, `startData` what that thread was given.
 * - `openLibrary` is one face over the FFI of Deno and Bun, and `Arena` memory that does not move.
 *
 * @module
 */

export * from "./mod.ts";
export { BaseEndpoint } from "./core/base_endpoint.ts";
export { BaseEngine, type ConnectAttempt, type Loop } from "./core/base_engine.ts";
export { BaseListener } from "./core/base_listener.ts";
export type { Closable, OpenSet } from "./core/open_set.ts";
export type { Anchor, ProcessHold } from "./core/process_hold.ts";
export type { TimerTask } from "./core/timer_heap.ts";
export type { Clock, Timers } from "./core/timers.ts";
export {
  addressOf,
  functionAt,
  type NativeArgument,
  type NativeArguments,
  type NativeFunction,
  type NativeFunctions,
  type NativeParameter,
  type NativePointer,
  type Opened,
  openLibrary,
  pointerTo,
  type Signature,
  type Signatures,
  viewMemory,
} from "./ffi/library.ts";
export { Arena, type NativeMemory } from "./ffi/memory.ts";
export type { WholeTurn } from "./ffi/whole_turn.ts";
export { runtimeLoop } from "./native/runtime_loop.ts";
export { startData, whyNoThread } from "./native/thread.ts";
export type { ActivityLoop } from "./threads/activity_loop.ts";
export { type Handover, pollUntilQuit } from "./threads/handover.ts";
export { type Polled, PollingEngine } from "./threads/polling_engine.ts";
export type { PollerThread } from "./threads/thread_waiting.ts";
export type { EventSource, EventTarget } from "./threads/waiting.ts";
