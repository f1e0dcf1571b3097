// Flags of server, client and the other examples: `--port=50051` or `--port 50051`, and `--help`.
import process from "node:process";
import { parseArgs } from "node:util";
import { parseAddress, selectPoller } from "pollwire";

/** What `--help` says of a flag, its value where none is given, and what throws where a value cannot be used. */
export type Flag = readonly [fallback: string, help: string, check?: (value: string) => unknown];

/** The values of `flags`; prints `usage` and ends the process for `--help`, and for what it cannot read. */
export function readFlags<T extends Record<string, Flag>>(usage: string, flags: T): Record<keyof T, string> {
  const options: Record<string, { type: "string" | "boolean" }> = { help: { type: "boolean" } };
  for (const name of Object.keys(flags)) options[name] = { type: "string" };
  const lines = Object.entries(flags).map(([name, [fallback, help]]) =>
    `  --${name}=${fallback}`.padEnd(28) + help
  );
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(`${usage}\n\n${lines.join("\n")}`);
      process.exit(0);
    }
    const read = Object.entries(flags).map(([name, [fallback, , check]]) => {
      const value = String(values[name] ?? fallback);
      check?.(value);
      return [name, value];
    });
    return Object.fromEntries(read);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}\n\n${lines.join("\n")}`);
    process.exit(2);
  }
}

/** Throws where `port` is none. */
export function checkPort(port: string): void {
  parseAddress(`127.0.0.1:${port}`);
}

/** Flags that most examples take. */
export const COMMON = {
  poller: [
    process.env.POLLWIRE_POLLER || "native",
    "pollers to choose from, in order: epoll,native",
    selectPoller,
  ],
  host: ["127.0.0.1", "host of the server"],
  port: ["50051", "port of the server", checkPort],
} as const satisfies Record<string, Flag>;

/** Flag of those that speak TLS. */
export const TLS = {
  tls: ["", "folder with certificates, as tls/certificates.ts makes it; else plaintext"],
} as const satisfies Record<string, Flag>;
