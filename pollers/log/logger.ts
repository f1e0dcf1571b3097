// Writes messages that no callback gets. The only module of the library that writes to the console.

import { environmentVariable } from "../native/env.ts";
import { stackOf } from "./describe.ts";

/** Takes the library's messages; `console` is one, and so are the loggers of most packages. */
export interface Logger {
  /** Something went wrong, and the error is reported nowhere else. */
  error(message: string, ...details: unknown[]): void;
  /** Something is not as it should be, and the library goes on. */
  warn(message: string, ...details: unknown[]): void;
  /** An error that is also reported elsewhere. */
  info(message: string, ...details: unknown[]): void;
  /** Traces; see POLLWIRE_TRACE. */
  debug(message: string, ...details: unknown[]): void;
}

/** The methods of a {@linkcode Logger}. */
export type LogLevel = keyof Logger;

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** The values of POLLWIRE_VERBOSITY, in any case: those of GRPC_VERBOSITY, each with the lowest severity that is written. */
const WORDS: Readonly<Record<string, number>> = { debug: 0, info: 1, warning: 2, warn: 2, error: 3, none: 4 };

const VARIABLE = "POLLWIRE_VERBOSITY";

/** The least severity that `word` lets through; undefined where it is no word of GRPC_VERBOSITY. */
export function severityOf(word: string): number | undefined {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
}

/** Writes lines of at least a severity to stderr, each with the time and the stacks of its errors. */
export class StderrLogger implements Logger {
  /** `severity` as {@linkcode severityOf} gives it. */
  constructor(private readonly severity: number) {}

  error(message: string, ...details: unknown[]): void {
    this.write("error", message, details);
  }

  warn(message: string, ...details: unknown[]): void {
    this.write("warn", message, details);
  }

  info(message: string, ...details: unknown[]): void {
    this.write("info", message, details);
  }

  debug(message: string, ...details: unknown[]): void {
    this.write("debug", message, details);
  }

  private write(level: LogLevel, message: string, details: readonly unknown[]): void {
    if (SEVERITY[level] < this.severity) return;
    const parts = [`${new Date().toISOString()} pollwire ${level}: ${message}`, ...details.map(stackOf)];
    // console.error for every level: stdout belongs to the program.
    console.error(parts.join("\n"));
  }
}

const word = environmentVariable(VARIABLE);
const found = word === undefined ? undefined : severityOf(word);

function environmentSeverity(): number {
  // Asking for traces asks for the level they are logged at.
  return found ?? (environmentVariable("POLLWIRE_TRACE") === undefined ? WORDS.warning! : WORDS.debug!);
}

/** The default logger: errors and warnings on stderr, or the level that POLLWIRE_VERBOSITY sets. */
export const defaultLogger: Logger = new StderrLogger(environmentSeverity());

if (word !== undefined && found === undefined) {
  defaultLogger.warn(
    `Cannot log by ${JSON.stringify(word)} (${VARIABLE}): there are debug, info, warning, error and none`,
  );
}
