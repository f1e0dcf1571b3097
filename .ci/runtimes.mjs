// Where the runtimes are: the project's own copies from npm first, then PATH.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** The program of `name`: "deno", "bun", "node", "esbuild" or "tsc". */
export function program(name) {
  const local = `${root}node_modules/.bin/${name}`;
  return existsSync(local) ? local : name;
}

/** Command and arguments that run a script on `runtime`. */
export function runtimeCommand(runtime) {
  switch (runtime) {
    case "deno":
      return [program("deno"), "run", "-A", "--quiet"];
    case "bun":
      return [program("bun"), "run"];
    case "node":
      return ["node"];
    default:
      throw new Error(`Cannot run on ${JSON.stringify(runtime)}: runtimes are deno, bun and node`);
  }
}
