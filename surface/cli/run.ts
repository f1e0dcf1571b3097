// What one command line does: the command runs, and what it throws becomes a message and an exit code.

import { RpcError } from "../call/rpc_error.ts";
import { hint } from "../nearest.ts";
import { VERSION } from "../version.ts";
import type { AnyCommand, CommandEntry } from "./command.ts";
import { CommandError, ExitCode, UsageError } from "./exit_codes.ts";
import { readFlags, type SwitchFlag } from "./flags.ts";
import { commandHelp, programHelp } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { printable, styleOf } from "./text.ts";
import { failureLines } from "./rpc_failure.ts";

/** Why a command's signal was aborted. */
class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super("interrupted");
  }
}

/** `pollwire help help` says what `pollwire help` does; scripts for shells offer "help" behind "help", too. */
const HELP_WORDS: readonly string[] = ["help", "--help", "-help", "-h"];
const HELP: SwitchFlag = { kind: "switch", help: "prints this", aliases: ["h"] };

/** Runs the command that was `given`; resolves with the exit code, and throws nothing. */
export async function run(
  given: readonly string[],
  terminal: Terminal,
  commands: readonly CommandEntry[],
): Promise<number> {
  const controller = new AbortController();
  const takeBack = terminal.onInterrupt((exitCode) => controller.abort(new Interrupted(exitCode)));
  terminal.onOutputClosed((error) => controller.abort(whyClosed(error)));
  const { signal } = controller;
  try {
    const code = await runCommand(given, terminal, commands, signal);
    signal.throwIfAborted();
    return code;
  } catch (error) {
    const why: unknown = signal.aborted ? signal.reason : error;
    return why instanceof Interrupted ? why.exitCode : report(why, terminal, given, commands);
  } finally {
    takeBack();
  }
}

function whyClosed(error: Error | undefined): Error {
  return error === undefined
    ? new Interrupted(ExitCode.OUTPUT_CLOSED)
    : new CommandError(`Cannot write the output: ${error.message}`, undefined, { cause: error });
}

async function runCommand(
  given: readonly string[],
  terminal: Terminal,
  commands: readonly CommandEntry[],
  signal: AbortSignal,
): Promise<number> {
  const [name, ...rest] = given;
  const print = (text: string): number => {
    terminal.out.write(text);
    return ExitCode.OK;
  };
  switch (name) {
    case undefined:
      terminal.err.write(programHelp(commands, terminal.err));
      return ExitCode.USAGE;
    case "--version":
    case "-version":
    case "-V":
    case "version":
      return print(`pollwire ${VERSION} (${terminal.runtime})\n`);
    case "--help":
    case "-help":
    case "-h":
      return print(programHelp(commands, terminal.out));
    case "help":
      return print(await helpOf(rest, terminal, commands));
  }
  const entry = find(name, given, commands);
  const command = await entry.load();
  const { flags, args } = readFlags({ ...command.flags, help: HELP }, rest);
  if (flags.help) return print(commandHelp(entry, command, terminal.out));
  checkCount(entry.name, command, args);
  return await command.run({ flags, args, terminal, signal, commands });
}

/** What `pollwire help` and the words behind it print: of a command, else of the program. */
async function helpOf(
  given: readonly string[],
  { out }: Terminal,
  commands: readonly CommandEntry[],
): Promise<string> {
  const words = given.filter((word) => !HELP_WORDS.includes(word));
  if (words.length === 0) return programHelp(commands, out);
  const entry = find(words[0]!, words, commands);
  checkMost("help", words, 1);
  return commandHelp(entry, await entry.load(), out);
}

function find(name: string, given: readonly string[], commands: readonly CommandEntry[]): CommandEntry {
  const entry = commands.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  // As grpcurl has it: flags and address first, the verb behind them.
  const verb = given.find((one) => commands.some((known) => known.name === one));
  const other = verb === undefined
    ? hint(name, [...commands.map((one) => one.name), "help"])
    : `; the command comes first: pollwire ${[verb, ...given.filter((one) => one !== verb)].join(" ")}`;
  throw new UsageError(`There is no command ${JSON.stringify(name)}${other}`);
}

/** Too few arguments, or too many, by the words of `usage`: "TARGET [SERVICE]", "FILE...". */
function checkCount(name: string, { usage }: AnyCommand, args: readonly string[]): void {
  const words = usage === "" ? [] : usage.split(" ");
  const least = words.filter((word) => !word.startsWith("[")).length;
  const most = words.some((word) => word.includes("...")) ? Infinity : words.length;
  if (args.length < least) throw new UsageError(`Cannot run ${name}: ${words[args.length]} is missing`);
  checkMost(name, args, most);
}

function checkMost(name: string, args: readonly string[], most: number): void {
  if (args.length <= most) return;
  throw new UsageError(`Cannot run ${name}: ${JSON.stringify(args[most])} is one argument too many`);
}

/** Prints what is wrong on stderr; returns the exit code. */
function report(
  error: unknown,
  terminal: Terminal,
  given: readonly string[],
  commands: readonly CommandEntry[],
): number {
  const { err } = terminal;
  const { bold, red, dim } = styleOf(err);
  if (error instanceof RpcError) {
    err.write(`${failureLines(error, err).join("\n")}\n`);
    return ExitCode.STATUS + error.code;
  }
  const message = error instanceof Error ? error.message : String(error);
  err.write(`${red(bold("error:"))} ${printable(message)}\n`);
  if (error instanceof UsageError) {
    const known = commands.find(({ name }) => name === given[0]);
    err.write(dim(`Try: pollwire help${known === undefined ? "" : ` ${known.name}`}`) + "\n");
    return ExitCode.USAGE;
  }
  if (error instanceof CommandError) return error.exitCode;
  if (terminal.variable("POLLWIRE_STACK") !== undefined && error instanceof Error) {
    err.write(`${error.stack}\n`);
  }
  return ExitCode.FAILED;
}
