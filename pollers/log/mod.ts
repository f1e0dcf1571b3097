// Logging, traces and error reports.

export * from "./application.ts";
export * from "./describe.ts";
export { defaultLogger, type Logger, type LogLevel } from "./logger.ts";
export { isInstance, propertyOf } from "./values.ts";
export { trace, type TraceName, type Traces } from "./trace.ts";
