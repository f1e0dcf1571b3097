// The command line of every program here: `--name=value` or `--name value`, `--help`, and errors that say what there is.
import process from "node:process";
import { parseArgs } from "node:util";

/** Values that are one or several of `names`, with commas between them. */
export function listOf(names) {
  return { each: names };
}

/** Pollers, in the library's order; `describePollers()` says which of them can be used. */
export const POLLERS = listOf(["native", "epoll", "iocp", "poll", "io_uring", "node"]);
/** Pollers that are measured: each may say threads ("epoll/2"), and it may be none of them. */
export const MEASURED_POLLERS = { ...POLLERS, threads: true, none: true };
/** Runtimes that run the sources. */
export const RUNTIMES = listOf(["deno", "bun"]);
/** Words of `names`, or whole numbers, with commas between them. */
export function listOfNumbers(names = []) {
  return { each: names, numbers: true };
}

/** How many of what there has to be one of at least. */
export const COUNT = { least: 1 };
/** A whole number of what there may be none of. */
export const WHOLE = { least: 0 };
/** How long or how much, of what none would say nothing. */
export const POSITIVE = { above: 0 };
/** Where a server is: "host:port", "[::1]:port". */
export const HOST_AND_PORT = { place: true };
/** A port to connect to or to listen on; 0 where the system chooses one. */
export const PORT = { least: 0, most: 65_535 };

/** What is wrong with a command line, in a sentence for whoever typed it. */
export class ArgumentError extends Error {}

/**
 * The values of `options` on the command line of this process. `--help` prints `usage` with every option and ends the
 * process with 0; an argument that cannot be read ends it with 2.
 *
 * @param {string} usage the program in one sentence, and examples where they help
 * @param {Record<string, unknown>} options by name the default, or `[default, help, choices]`; the default's type is
 *   the value's. `choices` are all values there are, or {@linkcode listOf} them, or what is
 *   above: {@linkcode PORT}, {@linkcode COUNT} and their like
 * @returns {any} values by name
 */
export function readArguments(usage, options, given = process.argv.slice(2)) {
  try {
    const values = parseArguments(options, given);
    if (!values.help) return values;
    console.log(helpText(usage, options));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** Ends the process because of what was asked of it. */
export function refuse(message) {
  console.error(message);
  process.exit(2);
}

/**
 * As {@linkcode readArguments}, without an effect on the process: throws ArgumentError, and gives `help` as a value.
 *
 * @param {Record<string, unknown>} options
 * @param {readonly string[]} given
 * @returns {any} values by name
 */
export function parseArguments(options, given) {
  const specs = { help: [false, "prints this"], ...options };
  const types = Object.fromEntries(
    Object.keys(specs).map((name) => [name, { type: isFlag(specs[name]) ? "boolean" : "string" }]),
  );
  const { tokens } = parseArgs({
    args: given,
    options: types,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = {};
  for (const name of Object.keys(specs)) values[name] = defaultOf(specs[name]);
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(specs, token.name)) {
      throw unknown(given[token.index], specs);
    }
    values[token.name] = convert(token, specs[token.name]);
  }
  return values;
}

/** `usage`, and a line for each option. */
export function helpText(usage, options) {
  const rows = Object.entries({ ...options, help: [false, "prints this"] }).map(([name, spec]) => {
    const [, help = "", choices] = Array.isArray(spec) ? spec : [spec];
    const value = defaultOf(spec);
    const shown = isFlag(spec) || value === "" ? "" : `=${value}`;
    return [`--${name}${shown}`, Array.isArray(choices) ? `${help} (${choices.join(", ")})` : help];
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
  return `${usage}\n\nOptions, with their defaults:\n${lines.join("\n")}`;
}

function convert({ rawName, name, value }, spec) {
  const [, , choices] = Array.isArray(spec) ? spec : [];
  const fallback = defaultOf(spec);
  if (typeof fallback === "boolean") {
    if (value === undefined || value === "true" || value === "false") return value !== "false";
    throw new ArgumentError(`Cannot read ${rawName}=${value}: expected no value, true or false`);
  }
  if (value === undefined) {
    throw new ArgumentError(`Cannot read ${rawName}: expected a value, as --${name}=${fallback}`);
  }
  const wrong = whatIsWrong(value, fallback, choices);
  if (wrong !== undefined) throw new ArgumentError(`Cannot read ${rawName}=${value}: ${wrong}`);
  return typeof fallback === "string" ? value : Number(value);
}

/** Why `value` cannot be one of `choices`, or of the type of `fallback`; undefined where it can. */
function whatIsWrong(value, fallback, choices) {
  if (Array.isArray(choices)) {
    return choices.includes(value) ? undefined : `expected one of ${choices.join(", ")}`;
  }
  if (choices?.each !== undefined) return wrongInList(value, choices);
  if (choices?.place) return isPlace(value) ? undefined : 'expected "host:port"';
  if (typeof fallback === "string") return undefined;
  const number = value.trim() === "" ? NaN : Number(value);
  if (choices?.least !== undefined) return wrongInWhole(number, choices);
  if (choices?.above !== undefined) {
    return number > choices.above && number !== Infinity
      ? undefined
      : `expected a number above ${choices.above}`;
  }
  return number >= 0 && number !== Infinity ? undefined : "expected a number, 0 or above";
}

function wrongInWhole(number, { least, most = Number.MAX_SAFE_INTEGER }) {
  if (Number.isInteger(number) && number >= least && number <= most) return undefined;
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or above` : ` from ${least} to ${most}`;
  return `expected a whole number${range}`;
}

function isPlace(value) {
  const [, host = "", port] = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]\s]+):(\d+)$/.exec(value) ?? [];
  return host !== "" && port > 0 && port <= PORT.most;
}

function wrongInList(value, { each, threads = false, none = false, numbers = false }) {
  if (none && value === "") return undefined;
  const words = value.split(",").map((word) => threads ? word.replace(/\/[1-9]\d*$/, "") : word);
  const unknown = words.find((word) => !each.includes(word) && !(numbers && /^\d+$/.test(word)));
  if (unknown === undefined) return undefined;
  if (numbers) {
    const others = each.length === 0 ? "" : `, or ${each.join(", ")}`;
    return `${JSON.stringify(unknown)} is no whole number; give one or more of them${others}`;
  }
  return `there is no ${JSON.stringify(unknown)}; give one or more of ${each.join(", ")}`;
}

function unknown(argument, specs) {
  const names = Object.keys(specs).map((name) => `--${name}`).join(" ");
  return new ArgumentError(`Cannot read argument ${JSON.stringify(argument)}; there are ${names}`);
}

function defaultOf(spec) {
  return Array.isArray(spec) ? spec[0] : spec;
}

function isFlag(spec) {
  return typeof defaultOf(spec) === "boolean";
}
