// Scripts that have shells complete commands and flags; everything in them comes from the tables of the commands.

import type { AnyCommand } from "./command.ts";
import type { Flag } from "./flags.ts";

/** A command with its name and summary. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly command: AnyCommand;
  /** Its arguments, where there are only so many: the shells of `completions`. */
  readonly words?: readonly string[];
}

/** The shells there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type Shell = typeof SHELLS[number];

/** The script of `shell`. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

interface CompletedFlag {
  /** With their dashes. */
  readonly names: readonly string[];
  readonly flag: Flag;
}

const HELP: CompletedFlag = {
  names: ["--help"],
  flag: { kind: "switch", help: "prints what the command does" },
};

function flagsOf({ flags }: AnyCommand): CompletedFlag[] {
  const own = Object.entries(flags as Record<string, Flag>).map(([name, flag]) => ({
    names: [name, ...flag.aliases ?? []].map((one) => (one.length === 1 ? "-" : "--") + one),
    flag,
  }));
  return [...own, HELP];
}

/** Whether its arguments are files and folders; those of others are names that only servers know. */
function takesPaths({ usage }: AnyCommand): boolean {
  return usage.startsWith("PATH");
}

/** What stands behind a flag: words, a file, a directory, or what no shell can know. */
type Value = { readonly words: readonly string[] } | "file" | "directory" | "any" | undefined;

function valueOf(flag: Flag): Value {
  if (flag.kind === "switch") return undefined;
  if (flag.choices !== undefined) return { words: flag.choices };
  return flag.value === "FILE" ? "file" : flag.value === "DIR" ? "directory" : "any";
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, command, words = [] }) => {
    const flags = flagsOf(command);
    const values = flags.flatMap(({ names, flag }) => {
      const value = valueOf(flag);
      if (value === undefined) return [];
      const patterns = names.flatMap((one) => one.startsWith("--") ? [one, one.slice(1)] : [one]);
      return [`        ${patterns.join("|")}) ${bashReply(value)} ;;`];
    });
    return [
      `    ${name})`,
      ...(values.length === 0 ? [] : ['      case "$prev" in', ...values, "      esac"]),
      ...(takesPaths(command) ? ['      case "$cur" in -*) ;; *) return ;; esac'] : []),
      `      words="${[...words, ...flags.flatMap(({ names }) => names)].join(" ")}"`,
      "      ;;",
    ].join("\n");
  });
  const names = [...commands.map(({ name }) => name), "help"].join(" ");
  return `# bash completion of pollwire; to have it: source <(pollwire completions bash)
_pollwire() {
  local cur prev command="" words=""
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$cur" = "=" ]; then
    cur=""
  elif [ "$prev" = "=" ]; then
    prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if [ "$COMP_CWORD" -gt 1 ]; then command="\${COMP_WORDS[1]}"; fi
  case "$command" in
    "") words="${names} --help --version" ;;
    help) words="${names}" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _pollwire pollwire
`;
}

/** Of files the function says nothing: bash then completes them itself, and quotes what is odd in their names. */
function bashReply(value: NonNullable<Value>): string {
  if (value === "file" || value === "any") return "return";
  if (value === "directory") return "compopt -o dirnames +o default 2>/dev/null; return";
  return `COMPREPLY=($(compgen -W "${value.words.join(" ")}" -- "$cur")); return`;
}

/** Text inside single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const spec = (text: string): string => text.replace(/[\\[\]:]/g, "\\$&");
  const action = (flag: Flag): string => {
    const value = valueOf(flag);
    if (value === undefined) return "";
    const what = flag.kind === "switch" ? "" : spec(flag.value.replaceAll('"', ""));
    if (value === "file") return `:${what}:_files`;
    if (value === "directory") return `:${what}:_files -/`;
    return value === "any" ? `:${what}: ` : `:${what}:(${value.words.join(" ")})`;
  };
  const cases = commands.map(({ name, command, words }) => {
    const lines = flagsOf(command).flatMap(({ names, flag }) => {
      const many = flag.kind === "list" ? "*" : "";
      // Values in the same word too: --proto=FILE, -IDIR.
      const inline = (one: string): string => flag.kind === "switch" ? "" : one.startsWith("--") ? "=" : "+";
      return names.map((one) => quoted(`${many}${one}${inline(one)}[${spec(flag.help)}]${action(flag)}`));
    });
    const rest = takesPaths(command)
      ? "'*:PATH:_files'"
      : words === undefined
      ? "'*: :'"
      : quoted(`*: :(${words.join(" ")})`);
    return `    ${name})\n      _arguments -S \\\n        ${
      [...lines, rest].join(" \\\n        ")
    }\n      ;;`;
  });
  const described = [...commands, { name: "help", summary: "says what a command does" }]
    .map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef pollwire
# zsh completion of pollwire; to have it: pollwire completions zsh > "\${fpath[1]}/_pollwire"
_pollwire() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
    help) _describe command commands ;;
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_pollwire" ]; then _pollwire "$@"; else compdef _pollwire pollwire; fi
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = [`# fish completion of pollwire; to have it: pollwire completions fish | source
function __pollwire_runs
  set -l words (commandline -opc)
  test (count $words) -gt 1; and test $words[2] = $argv[1]
end
complete -c pollwire -f`];
  for (const { name, summary } of [...commands, { name: "help", summary: "says what a command does" }]) {
    lines.push(`complete -c pollwire -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
  }
  lines.push(
    `complete -c pollwire -n "__pollwire_runs help" -a "${commands.map(({ name }) => name).join(" ")}"`,
  );
  for (const { name, command, words } of commands) {
    const seen = `complete -c pollwire -n "__pollwire_runs ${name}"`;
    if (takesPaths(command)) lines.push(`${seen} -F`);
    if (words !== undefined) lines.push(`${seen} -a "${words.join(" ")}"`);
    for (const { names, flag } of flagsOf(command)) {
      const options = names.map((one) => one.startsWith("--") ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`);
      const value = valueOf(flag);
      const more = value === undefined
        ? ""
        : value === "file" || value === "directory"
        ? " -r -F"
        : value === "any"
        ? " -x"
        : ` -x -a "${value.words.join(" ")}"`;
      lines.push(`${seen} ${options.join(" ")}${more} -d ${quoted(flag.help)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
