// Where the runtimes are: the project's own copies from npm first, then PATH.
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** The program of `name`: "deno", "bun", "node", "esbuild" or "tsc". */
export function program(name) {
  // Deno's package may come with a script under .bin, which passes no signal on to the Deno that it starts.
  const locals = [`${root}node_modules/${name}/${name}`, `${root}node_modules/.bin/${name}`];
  return locals.find((path) => existsSync(path) && statSync(path).isFile()) ?? name;
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
