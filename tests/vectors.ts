// Finds the optional test vectors: POLLWIRE_VECTORS, or a `shared/vectors` folder beside the project.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const directory = process.env.POLLWIRE_VECTORS ??
  fileURLToPath(new URL("../../shared/vectors", import.meta.url));

/** Why there are no vectors of `kind`, or undefined when there are. */
export function vectorsMissing(kind: string): string | undefined {
  if (existsSync(`${directory}/${kind}`)) return undefined;
  return `no ${kind} vectors: set POLLWIRE_VECTORS to a folder that has them`;
}

/** Every JSON file of a folder of vectors, parsed, in the order of names. */
export function readVectors<T>(kind: string): Array<[name: string, content: T]> {
  const folder = `${directory}/${kind}`;
  return readdirSync(folder).filter((name) => name.endsWith(".json")).sort()
    .map((name) => [name, JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as T]);
}

/** Every file below a folder of vectors, as bytes, in the order of names. */
export function readCorpus(kind: string): Uint8Array[] {
  return readdirSync(`${directory}/${kind}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`).sort()
    .map((path) => new Uint8Array(readFileSync(path)));
}
