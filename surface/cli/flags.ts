// Reads a command line by a table of flags, as grpcurl and other programs in Go do: one dash or two, everywhere.

import { hint } from "../nearest.ts";
import { UsageError } from "./exit_codes.ts";

/** What every flag has. */
interface FlagBase {
  /** What it does, in a line. */
  readonly help: string;
  /** Other names of it: "d" for "data". */
  readonly aliases?: readonly string[];
  /** The heading that help lists it under; "Flags" by default. */
  readonly group?: string;
}

/** A flag without a value; `-name=false` switches it off. */
export interface SwitchFlag extends FlagBase {
  readonly kind: "switch";
}

/** What flags with a value have. */
interface ValuedBase extends FlagBase {
  /** What the value is, in help: "FILE". */
  readonly value: string;
  /** All values there are. */
  readonly choices?: readonly string[];
}

/** A flag with a value. */
export interface TextFlag extends ValuedBase {
  readonly kind: "text";
}

/** A flag whose value is a number, 0 or above. */
export interface NumberFlag extends ValuedBase {
  readonly kind: "number";
}

/** A flag that may be given several times. */
export interface ListFlag extends ValuedBase {
  readonly kind: "list";
}

/** One flag. */
export type Flag = SwitchFlag | TextFlag | NumberFlag | ListFlag;

/** Flags by name. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** The values of the flags of `Table`. */
export type FlagValues<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends { kind: "switch" } ? boolean
    : Table[Name] extends { kind: "number" } ? number | undefined
    : Table[Name] extends { kind: "list" } ? readonly string[]
    : string | undefined;
};

/** What a command line says. */
export interface ReadLine<Table> {
  readonly flags: FlagValues<Table>;
  /** What is no flag, in order. */
  readonly args: readonly string[];
}

/** Reads what was `given`; throws UsageError. After "--" nothing is a flag, and "-" is none. */
export function readFlags<Table extends FlagTable>(table: Table, given: readonly string[]): ReadLine<Table> {
  const names = namesOf(table);
  const values: Record<string, boolean | number | string | string[] | undefined> = {};
  for (const [name, { kind }] of Object.entries(table)) {
    values[name] = kind === "switch" ? false : kind === "list" ? [] : undefined;
  }
  const args: string[] = [];
  for (let i = 0; i < given.length; i++) {
    const arg = given[i]!;
    if (arg === "--") {
      args.push(...given.slice(i + 1));
      break;
    }
    if (!/^-[^-]|^--./.test(arg)) {
      args.push(arg);
      continue;
    }
    const { name, written, inline } = splitFlag(arg, table, names);
    const flag = table[name]!;
    if (flag.kind === "switch") {
      values[name] = readSwitch(written, inline);
      continue;
    }
    const value = inline ?? given[++i];
    if (value === undefined) {
      throw new UsageError(`Cannot read ${written}: it needs a value, as ${written} ${flag.value}`);
    }
    checkValue(written, value, flag);
    if (flag.kind === "list") (values[name] as string[]).push(value);
    else values[name] = flag.kind === "number" ? readNumber(written, value) : value;
  }
  return { flags: values as FlagValues<Table>, args };
}

/** The flag's name in the table, by each of its names. */
function namesOf(table: FlagTable): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { aliases = [] }] of Object.entries(table)) {
    for (const one of [name, ...aliases]) names.set(one, name);
  }
  return names;
}

interface SplitFlag {
  readonly name: string;
  /** As the user wrote it, for messages. */
  readonly written: string;
  readonly inline: string | undefined;
}

function splitFlag(arg: string, table: FlagTable, names: Map<string, string>): SplitFlag {
  const dashes = arg.startsWith("--") ? 2 : 1;
  const equals = arg.indexOf("=");
  const end = equals < 0 ? arg.length : equals;
  const name = names.get(arg.slice(dashes, end));
  if (name !== undefined) {
    return { name, written: arg.slice(0, end), inline: equals < 0 ? undefined : arg.slice(equals + 1) };
  }
  // As protoc has it: -Iprotos.
  const letter = names.get(arg.slice(1, 2));
  if (dashes === 1 && letter !== undefined && table[letter]!.kind !== "switch") {
    return { name: letter, written: arg.slice(0, 2), inline: arg.slice(2) };
  }
  const known = [...names.keys()].filter((one) => one.length > 1).map((one) => `--${one}`);
  throw new UsageError(`There is no flag ${arg.slice(0, end)}${hint(`--${arg.slice(dashes, end)}`, known)}`);
}

function readSwitch(written: string, value: string | undefined): boolean {
  if (value === undefined || value === "true") return true;
  if (value === "false") return false;
  throw new UsageError(`Cannot read ${written}=${value}: expected no value, true or false`);
}

function readNumber(written: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && number >= 0 && number !== Infinity) return number;
  throw new UsageError(`Cannot read ${written} ${value}: expected a number, 0 or above`);
}

/** An empty file is most often a variable of a shell that is not set. */
function checkValue(written: string, value: string, { choices, value: what }: ValuedBase): void {
  if (value === "" && what === "FILE") throw new UsageError(`Cannot read ${written} "": expected a file`);
  if (choices === undefined || choices.includes(value)) return;
  throw new UsageError(`Cannot read ${written} ${value}: expected one of ${choices.join(", ")}`);
}
