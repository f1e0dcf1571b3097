// Where the runtimes are: the project's own copies from npm first, then PATH.
import { existsSync, statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** The program of `name`: "deno", "bun", "node", "esbuild" or "tsc". */
export function program(name) {
  const { POLLWIRE_TEST_RUNTIMES: others } = process.env; // a folder like node_modules, for tests on other versions
  const folders = others === undefined ? [`${root}node_modules`] : [others, `${root}node_modules`];
  // Deno's package may come with a script under .bin, which passes no signal on to the Deno that it starts.
  const locals = folders.flatMap((folder) => [`${folder}/${name}/${name}`, `${folder}/.bin/${name}`]);
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
