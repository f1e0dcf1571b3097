// Event engines, and how to choose one.

export * from "./engine.ts";
export * from "./select.ts";
export * from "./core/address.ts";
export * from "./core/exec_ctx.ts";
export * from "./core/extension.ts";
export * from "./core/io_error.ts";
export * from "./core/slice_buffer.ts";
export * from "./log/mod.ts";
