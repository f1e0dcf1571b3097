// Command-line arguments, read the same way by the bench and by every process it starts.
import process from "node:process";

/** `--name=value` arguments over `defaults`; a default that is a number or boolean makes the value one. */
export function readArguments(defaults, given = process.argv.slice(2)) {
  const values = { ...defaults };
  for (const argument of given) {
    const match = /^--([a-z-]+)(?:=(.*))?$/.exec(argument);
    if (!match || !Object.hasOwn(defaults, match[1])) throw unknown(argument, defaults);
    const [, name, text] = match;
    values[name] = convert(argument, typeof defaults[name], text);
  }
  return values;
}

function convert(argument, type, text) {
  if (type === "boolean" && (text === undefined || text === "true" || text === "false")) {
    return text !== "false";
  }
  if (type === "string" && text !== undefined) return text;
  const number = Number(text);
  if (type === "number" && text !== undefined && text !== "" && number >= 0) return number;
  throw new Error(
    `Cannot read argument ${JSON.stringify(argument)}: expected ${
      type === "boolean" ? "no value" : `a ${type}`
    }`,
  );
}

function unknown(argument, defaults) {
  const names = Object.keys(defaults).map((name) => `--${name}`).join(" ");
  return new Error(`Cannot read argument ${JSON.stringify(argument)}; there are ${names}`);
}
