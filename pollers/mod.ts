// Event engines, and how to choose one.

export * from "./contract/address.ts";
export * from "./contract/engine.ts";
export * from "./contract/exec_ctx.ts";
export * from "./contract/extension.ts";
export * from "./contract/io_error.ts";
export { canonicalIpv6, formatIpv6, parseIpv6 } from "./contract/ipv6.ts";
export * from "./contract/slice_buffer.ts";
export * from "./log/mod.ts";
export { choosePoller, type PollerChoice, PollerError } from "./choose.ts";
export {
  createEngine,
  describePollers,
  type PollerDescription,
  registerPoller,
  selectPoller,
} from "./select.ts";
export {
  Executor,
  ExecutorError,
  type ExecutorErrorReason,
  type ExecutorOptions,
  type JobOptions,
} from "./threads/executor.ts";
export { type Transferable, transferring } from "./threads/job.ts";
