// Where the library says what nobody is told otherwise. The only module of the library that writes to the console.

import { environmentVariable } from "../native/env.ts";
import { stackOf } from "./describe.ts";

/** Takes what the library has to say; `console` is one, and so are the loggers of most packages. */
export interface Logger {
  /** Something went wrong, and nobody else gets the error. */
  error(message: string, ...details: unknown[]): void;
  /** Something is not as it should be, and the library goes on. */
  warn(message: string, ...details: unknown[]): void;
  /** An error that somebody else gets as well. */
  info(message: string, ...details: unknown[]): void;
  /** Traces; see POLLWIRE_TRACE. */
  debug(message: string, ...details: unknown[]): void;
}

/** The methods of a {@linkcode Logger}. */
export type LogLevel = keyof Logger;

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** What POLLWIRE_VERBOSITY may say, in any case: the words of GRPC_VERBOSITY, and the severity that is still written. */
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
    // console.error for every level, for what a program writes to stdout is its own.
    console.error(parts.join("\n"));
  }
}

function environmentSeverity(): number {
  const word = environmentVariable(VARIABLE);
  const found = word === undefined ? undefined : severityOf(word);
  // Who asks for traces wants to see them.
  return found ?? (environmentVariable("POLLWIRE_TRACE") === undefined ? WORDS.warning! : WORDS.debug!);
}

/** The logger of those who give none: errors and warnings on stderr, or what POLLWIRE_VERBOSITY says. */
export const defaultLogger: Logger = new StderrLogger(environmentSeverity());
