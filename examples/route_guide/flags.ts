// The flags that server and client take: --poller=native --host=127.0.0.1 --port=50051.
import process from "node:process";

/** Values of `--name=value` arguments, over `defaults`; ends the process on an argument it does not know. */
export function readFlags<T extends Record<string, string>>(defaults: T): T {
  const values: Record<string, string> = { ...defaults };
  for (const argument of process.argv.slice(2)) {
    const [, name = "", value = ""] = /^--([a-z-]+)=(.*)$/.exec(argument) ?? [];
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.entries(defaults).map(([flag, value]) => `--${flag}=${value}`).join(" ");
      console.error(`Cannot read argument ${JSON.stringify(argument)}; there are ${known}`);
      process.exit(2);
    }
    values[name] = value;
  }
  return values as T;
}
