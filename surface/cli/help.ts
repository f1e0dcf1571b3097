// The text of help: of the program, and of each command.

import type { AnyCommand, CommandEntry } from "./command.ts";
import type { Flag, FlagTable } from "./flags.ts";
import type { Output } from "./terminal.ts";
import { fold, styleOf, widthOf } from "./text.ts";

/** Lines are no longer than this, however wide the terminal is. */
const MOST_COLUMNS = 100;
/** Names of flags longer than this have their help on a line of its own. */
const MOST_NAME = 30;

/** Help of the program. */
export function programHelp(commands: readonly CommandEntry[], output: Output): string {
  const { bold, cyan, dim } = styleOf(output);
  const width = Math.min(output.columns, MOST_COLUMNS);
  const column = Math.max(...commands.map(({ name }) => name.length)) + 4;
  const rows = [
    ...commands.map(({ name, summary }) => [cyan(name), summary] as const),
    [cyan("help"), "says what a command does, with its flags and examples"] as const,
  ];
  return [
    `${bold("pollwire")}: gRPC from the command line`,
    "",
    `${bold("Usage:")} pollwire COMMAND [FLAGS] [ARGUMENTS]`,
    "",
    bold("Commands:"),
    ...flagLines(rows, column, width),
    "",
    fold(`${bold("Flags:")} --help, --version; flags have one dash or two, and may stand anywhere`, width),
    "",
    dim("  pollwire list localhost:50051"),
    dim(`  pollwire call localhost:50051 helloworld.Greeter/SayHello -d '{"name": "you"}'`),
    "",
  ].join("\n");
}

/** Help of one command. */
export function commandHelp(entry: CommandEntry, command: AnyCommand, output: Output): string {
  const { bold, dim } = styleOf(output);
  const width = Math.min(output.columns, MOST_COLUMNS);
  const parts = [
    fold(`${bold(`pollwire ${entry.name}`)} ${entry.summary}`, width),
    `${bold("Usage:")} pollwire ${entry.name} [FLAGS] ${command.usage}`.trimEnd(),
    ...command.about.map((paragraph) => fold(paragraph, width)),
  ];
  const groups = [...groupsOf(command.flags)].map(([group, flags]) => ({ group, rows: flags.map(flagRow) }));
  const names = groups.flatMap(({ rows }) => rows.map(([left]) => left.length));
  const column = Math.min(MOST_NAME, Math.max(0, ...names)) + 4;
  for (const { group, rows } of groups) {
    parts.push([bold(`${group}:`), ...flagLines(rows, column, width)].join("\n"));
  }
  if (command.examples.length > 0) {
    const lines = command.examples.flatMap(({ says, line }) => [dim(`  # ${says}`), `  pollwire ${line}`]);
    parts.push([bold("Examples:"), ...lines].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

function groupsOf(flags: FlagTable): Map<string, [string, Flag][]> {
  const groups = new Map<string, [string, Flag][]>();
  for (const [name, flag] of Object.entries(flags)) {
    const group = flag.group ?? "Flags";
    const list = groups.get(group) ?? [];
    list.push([name, flag]);
    groups.set(group, list);
  }
  return groups;
}

/** Names, and what the flag does. */
function flagRow([name, flag]: [string, Flag]): [string, string] {
  const short = (flag.aliases ?? []).filter((one) => one.length === 1);
  const long = [name, ...flag.aliases ?? []].filter((one) => one.length > 1);
  const names = [...short.map((one) => `-${one}`), ...long.map((one) => `--${one}`)].join(", ");
  const choices = flag.kind === "switch" || flag.choices === undefined ? "" : `: ${flag.choices.join(", ")}`;
  const indented = short.length === 0 ? `    ${names}` : names;
  return [flag.kind === "switch" ? indented : `${indented} ${flag.value}`, flag.help + choices];
}

function flagLines(rows: readonly (readonly [string, string])[], column: number, width: number): string[] {
  const indent = " ".repeat(column);
  return rows.map(([left, right]) => {
    const first = `  ${left}`;
    const room = column - widthOf(first);
    const start = first + (room < 2 ? `\n${indent}` : " ".repeat(room));
    return start + fold(right, width - column).replaceAll("\n", `\n${indent}`);
  });
}
