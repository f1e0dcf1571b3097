// Where messages of grpc-js's API go: to the application's logger, or to stderr.

import { environmentVariable } from "../../../pollers/native/env.ts";
import { defaultLogger, type Logger } from "../../../pollers/mod.ts";
import { logVerbosity } from "./constants.ts";

/** Takes messages: `console` is one. */
export type PartialLogger = Partial<Pick<Console, "error" | "info" | "debug">>;

let given: PartialLogger | undefined = undefined;
let verbosity: logVerbosity | undefined = undefined;

/** Has `logger` take the messages of all channels and servers. */
export function setLogger(logger: PartialLogger): void {
  given = logger;
}

/** Leaves out what is below `least`. */
export function setLogVerbosity(least: logVerbosity): void {
  verbosity = least;
}

/** What the environment says, where the application does not. */
function leastSeverity(): logVerbosity {
  if (verbosity !== undefined) return verbosity;
  const word = environmentVariable("GRPC_NODE_VERBOSITY") ?? environmentVariable("GRPC_VERBOSITY") ?? "";
  const least = (logVerbosity as unknown as Record<string, unknown>)[word.toUpperCase()];
  return typeof least === "number" ? least : logVerbosity.ERROR;
}

type Level = "error" | "warn" | "info" | "debug";

function write(level: Level, severity: logVerbosity, message: string, details: readonly unknown[]): void {
  if (given === undefined && verbosity === undefined) return defaultLogger[level](message, ...details);
  if (severity < leastSeverity()) return;
  if (given === undefined) return defaultLogger[level](message, ...details);
  const name = level === "warn" ? "error" : level;
  const log = given[name] ?? given.error;
  log?.call(given, message, ...details);
}

/** The logger of channels and servers. */
export const appLogger: Logger = {
  error: (message, ...details) => write("error", logVerbosity.ERROR, message, details),
  warn: (message, ...details) => write("warn", logVerbosity.ERROR, message, details),
  info: (message, ...details) => write("info", logVerbosity.INFO, message, details),
  debug: (message, ...details) => write("debug", logVerbosity.DEBUG, message, details),
};
