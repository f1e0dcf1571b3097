// loadProto: a .proto file and all that it imports in, services and codecs out.

import { readTextFile } from "../../pollers/native/files.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import { Assembly, type ProtoTypes } from "./assemble.ts";
import { ProtoError } from "./errors.ts";
import type { ReadSource } from "./load_sources.ts";
import { directory, directoryOf, type FoundFile, importCandidates, isUrl, normalise } from "./paths.ts";
import type { FileNode, ImportNode } from "./language/nodes.ts";
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
 * `google/protobuf/*.proto` need not be there.
 *
 * @throws {ProtoError} that names file and line
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
  checkArguments(source, options);
  const inMemory = typeof source === "object" && "files" in source;
  const read = inMemory ? memoryReader(source.files) : readLocation;
  const location = inMemory ? source.entry : String(source);
  const includeDirs = (options.includeDirs ?? []).map((dir) => directory(String(dir)));
  const entry: FoundFile = { location: normalise(location), root: rootOf(normalise(location), includeDirs) };
  const assembly = new Assembly();
  const parsed = new Map<string, FileNode>();
  const found = new Map<ImportNode, string>();
  const known = new Set([entry.location]);
  const paths = new Set<string>();
  const pending: [FoundFile, string][] = [[entry, await readEntry(read, entry.location)]];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [place, text] = next;
    const file = assembly.add(place.location, text, pathOf(place, paths));
    parsed.set(place.location, file);
    for (const line of file.imports) {
      if (assembly.resolveWellKnown(line)) continue;
      const candidates = importCandidates(line.path, place, includeDirs);
      const at = await findImport(read, candidates, known, pending);
      if (at !== undefined) found.set(line, at);
      else if (line.kind === "plain" || line.kind === "public") throw importNotFound(line, file, candidates);
    }
    if (known.size > MAX_FILES) {
      throw new ProtoError(`Cannot load ${entry.location}: it imports more than ${MAX_FILES} files`);
    }
  }
  for (const [line, location] of found) line.file = parsed.get(location);
  return assembly.finish() as T & ProtoTypes;
}

const NAMES: OptionNames<LoadProtoOptions> = { includeDirs: true };

function checkArguments(source: unknown, options: LoadProtoOptions): void {
  const { files, entry } = (typeof source === "object" && source !== null ? source : {}) as Partial<
    ProtoFiles
  >;
  const inMemory = typeof files === "object" && files !== null && typeof entry === "string";
  if (typeof source !== "string" && !(source instanceof URL) && !inMemory) {
    throw new TypeError(`Cannot load ${describe(source)}: give a path, a URL, or { files, entry }`);
  }
  for (const [path, text] of Object.entries(inMemory ? files : {})) {
    if (typeof text === "string") continue;
    throw new TypeError(
      `Cannot load ${entry}: files[${JSON.stringify(path)}] is ${describe(text)}, not a text`,
    );
  }
  checkOptions(`load ${inMemory ? entry : source}`, options, NAMES);
  const { includeDirs } = options;
  if (includeDirs === undefined) return;
  if (Array.isArray(includeDirs)) {
    const wrong = includeDirs.findIndex((dir) => typeof dir !== "string" && !(dir instanceof URL));
    if (wrong < 0) return;
    throw new TypeError(
      `Cannot load ${inMemory ? entry : source}: includeDirs[${wrong}] is ${
        describe(includeDirs[wrong])
      }, neither a path nor a URL`,
    );
  }
  throw new TypeError(
    `Cannot load ${inMemory ? entry : source}: includeDirs is ${
      describe(includeDirs)
    }, not an array of directories`,
  );
}

function memoryReader(files: Readonly<Record<string, string>>): ReadSource {
  const texts = new Map(Object.entries(files).map(([path, text]) => [normalise(path), text]));
  return (location) => Promise.resolve(texts.get(location));
}

async function readLocation(location: string): Promise<string | undefined> {
  if (isUrl(location) && !location.startsWith("file:")) {
    throw new ProtoError(
      `Cannot load "${location}": URLs are those of files; fetch the texts and give them as { files, entry }`,
    );
  }
  try {
    return await readTextFile(isUrl(location) ? new URL(location) : location);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new ProtoError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Nothing is there, or what is there is a directory, or no directory. */
function isNotFound(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes(String((error as { code?: unknown }).code));
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

/** What a file is imported as: its path below the root; its whole location where another file is imported so. */
function pathOf({ location, root }: FoundFile, taken: Set<string>): string {
  let path = location.startsWith(root) ? location.slice(root.length) : location;
  if (isUrl(root) && !/%(?![0-9a-f]{2})/i.test(path)) path = decodeURIComponent(path);
  if (taken.has(path)) path = location;
  taken.add(path);
  return path;
}

/** Where the first candidate is that exists; it is added to `pending` unless it is `known`. */
async function findImport(
  read: ReadSource,
  candidates: readonly FoundFile[],
  known: Set<string>,
  pending: [FoundFile, string][],
): Promise<string | undefined> {
  for (const candidate of candidates) {
    const { location } = candidate;
    if (known.has(location)) return location;
    const text = await read(location);
    if (text === undefined) continue;
    known.add(location);
    pending.push([candidate, text]);
    return location;
  }
  return undefined;
}

function importNotFound(line: ImportNode, { source }: FileNode, tried: readonly FoundFile[]): ProtoError {
  const places = tried.map(({ location }) => `"${location}"`).join(", ");
  return source.error(
    line.at,
    `Cannot import "${line.path}": no such file; tried ${places}; name its directory in includeDirs`,
  );
}
