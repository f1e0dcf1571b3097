// What the program ends with; docs/cli.md has the table.

/** Exit codes of the program. */
export const ExitCode = {
  /** It did what was asked. */
  OK: 0,
  /** It could not: the server cannot be reached, a file cannot be read, a check did not hold. */
  FAILED: 1,
  /** The command line cannot be read. */
  USAGE: 2,
  /** A call ended with a status: this and the status code, as grpcurl has it (NOT_FOUND is 69). */
  STATUS: 64,
  /** Ctrl-C, as shells have it: 128 and the number of SIGINT. */
  INTERRUPTED: 130,
  /** It was asked to end: 128 and the number of SIGTERM. */
  TERMINATED: 143,
  /** Whoever read the output has closed it (`| head`): 128 and the number of SIGPIPE. */
  OUTPUT_CLOSED: 141,
} as const;

/** The command line cannot be read: the message says why. Ends the program with 2. */
export class UsageError extends Error {}

/** What was asked cannot be done, for a reason that is the user's to know. Ends the program with `exitCode`. */
export class CommandError extends Error {
  /** `message` may have several lines: what was tried, what was found, what to do. */
  constructor(message: string, readonly exitCode: number = ExitCode.FAILED, options?: ErrorOptions) {
    super(message, options);
  }
}
