// What a command is: its name, its flags, what it does.

import type { FlagTable, FlagValues } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** What a command runs with. */
export interface CommandLine<Table> {
  readonly flags: FlagValues<Table>;
  /** What was given besides flags. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, and where whoever reads the output has closed it. */
  readonly signal: AbortSignal;
  /** All commands there are. */
  readonly commands: readonly CommandEntry[];
}

/** An example in a command's help. */
export interface Example {
  /** What it does, in a few words. */
  readonly says: string;
  /** What is typed after "pollwire ". */
  readonly line: string;
}

/** One command. */
export interface Command<Table extends FlagTable = FlagTable> {
  /** What is typed after "pollwire ", besides flags: "TARGET [SERVICE]". */
  readonly usage: string;
  /** Paragraphs of help, without line breaks inside; they are folded to the terminal's width. */
  readonly about: readonly string[];
  readonly flags: Table;
  readonly examples: readonly Example[];
  /** Does it; resolves with the exit code. Throws UsageError and CommandError for what the user should know. */
  run(line: CommandLine<Table>): Promise<number>;
}

/** A command of any flags. */
// deno-lint-ignore no-explicit-any
export type AnyCommand = Command<any>;

/** A command as the list has it: its module is loaded when it is used. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in a line that completes "pollwire NAME": "lists the services of a server". */
  readonly summary: string;
  /** Imports the command. */
  load(): Promise<AnyCommand>;
}

/** A command, with its flags' types. */
export function defineCommand<const Table extends FlagTable>(command: Command<Table>): Command<Table> {
  return command;
}
