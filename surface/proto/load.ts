// loadProto: a .proto file and all that it imports in, services and codecs out.

import { readTextFile } from "../../pollers/native/files.ts";
import { Assembly, type ImportLine, type ProtoTypes } from "./assemble.ts";
import { ProtoError } from "./errors.ts";
import { directory, directoryOf, type FoundFile, importCandidates, isUrl, normalise } from "./paths.ts";
import type { LoadedProto } from "./parse.ts";

/** Files given as text, by the path they are imported as. */
export interface ProtoFiles {
  /** Source texts by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The path of the file to load; others are taken in as it imports them. */
  readonly entry: string;
}

/** How `loadProto` finds imports. */
export interface LoadProtoOptions {
  /** Directories (paths or URLs) that imports are looked up in first, as `protoc -I`. */
  readonly includeDirs?: readonly (string | URL)[];
}

/** Imports that one file may bring in, itself included: a bound against runaway sets of generated files. */
const MAX_FILES = 5000;

/**
 * Loads a .proto file with all that it imports. The result holds each service by its simple name and by its full
 * name; `messages` and `enums` hold the codecs of all message types and the values of all enums, by full name.
 * `google/protobuf/*.proto` need not be there. Throws ProtoError, which names file and line.
 *
 * @param source a URL, a path, or `{ files, entry }` with the texts themselves
 * @example
 * ```ts
 * import { loadProto, type ServiceOf, type Unary } from "pollwire";
 * interface Greeting { Greeter: ServiceOf<{ greet: Unary<{ name: string }, { text: string }> }> }
 * const { Greeter } = await loadProto<Greeting>(new URL("./greeter.proto", import.meta.url));
 * ```
 */
export async function loadProto<T = LoadedProto>(
  source: URL | string | ProtoFiles,
  options: LoadProtoOptions = {},
): Promise<T & ProtoTypes> {
  const inMemory = typeof source === "object" && "files" in source;
  const read = inMemory ? memoryReader(source.files) : readLocation;
  const location = inMemory ? source.entry : String(source);
  const includeDirs = (options.includeDirs ?? []).map((dir) => directory(String(dir)));
  const entry: FoundFile = { location: normalise(location), root: rootOf(normalise(location), includeDirs) };
  const assembly = new Assembly();
  const known = new Set([entry.location]);
  const pending: [FoundFile, string][] = [[entry, await readEntry(read, entry.location)]];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [file, text] = next;
    for (const wanted of assembly.add(file.location, text)) {
      if (assembly.addBundled(wanted.path)) continue;
      const candidates = importCandidates(wanted.path, file, includeDirs);
      const found = await findImport(read, candidates, known);
      if (found === undefined && !wanted.weak) throw importNotFound(wanted, file.location, candidates);
      if (typeof found === "object") pending.push(found);
      if (known.size > MAX_FILES) {
        throw new ProtoError(`Cannot load ${entry.location}: it imports more than ${MAX_FILES} files`);
      }
    }
  }
  return assembly.finish() as T & ProtoTypes;
}

/** Reads a file; undefined where there is none. */
type ReadSource = (location: string) => Promise<string | undefined>;

function memoryReader(files: Readonly<Record<string, string>>): ReadSource {
  const texts = new Map(Object.entries(files).map(([path, text]) => [normalise(path), text]));
  return (location) => Promise.resolve(texts.get(location));
}

async function readLocation(location: string): Promise<string | undefined> {
  try {
    return await readTextFile(isUrl(location) ? new URL(location) : location);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new ProtoError(
      `Cannot read ${location}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Deno says NotFound, node and Bun say ENOENT (or ENOTDIR, for a path through a file). */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return error.name === "NotFound" || code === "ENOENT" || code === "ENOTDIR" ||
    error.name === "NotADirectory";
}

async function readEntry(read: ReadSource, location: string): Promise<string> {
  const text = await read(location);
  if (text === undefined) throw new ProtoError(`Cannot load "${location}": no such file`);
  return text;
}

/** The include directory that holds the entry, else the entry's own directory. */
function rootOf(location: string, includeDirs: readonly string[]): string {
  return includeDirs.find((dir) => dir !== "" && location.startsWith(dir)) ?? directoryOf(location);
}

/** The first candidate that exists: with its text, or "known" where it was loaded before. */
async function findImport(
  read: ReadSource,
  candidates: readonly FoundFile[],
  known: Set<string>,
): Promise<[FoundFile, string] | "known" | undefined> {
  for (const candidate of candidates) {
    if (known.has(candidate.location)) return "known";
    const text = await read(candidate.location);
    if (text === undefined) continue;
    known.add(candidate.location);
    return [candidate, text];
  }
  return undefined;
}

function importNotFound(wanted: ImportLine, file: string, tried: readonly FoundFile[]): ProtoError {
  const places = tried.map(({ location }) => `"${location}"`).join(", ");
  return new ProtoError(
    `${file}:${wanted.line}: Cannot import "${wanted.path}": no such file; tried ${places}; name its directory in includeDirs`,
  );
}
