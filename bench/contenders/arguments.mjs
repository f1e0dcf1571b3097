// Command-line arguments of a contender process, the same in every runtime.

/** `--name=value` arguments over `defaults`; a default that is a number makes the value one. */
export function readArguments(defaults) {
  const values = { ...defaults };
  for (const argument of process.argv.slice(2)) {
    const match = /^--([a-z-]+)=(.*)$/.exec(argument);
    if (!match || !(match[1] in defaults)) {
      throw new Error(
        `Cannot read argument ${JSON.stringify(argument)}: known are ${
          Object.keys(defaults).map((name) => `--${name}=`).join(" ")
        }`,
      );
    }
    values[match[1]] = typeof defaults[match[1]] === "number" ? Number(match[2]) : match[2];
  }
  return values;
}
