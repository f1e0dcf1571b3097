// The schema of files that are there as a whole: .proto files, descriptor sets.

import { isDirectory } from "../../../pollers/native/file_sets.ts";
import { assemble, type Assembled } from "../../proto/assemble.ts";
import { descriptorCodecs } from "../../proto/descriptor/descriptor_types.ts";

import type { FileNode, Named } from "../../proto/language/nodes.ts";
import { loadSources } from "../../proto/load_sources.ts";
import { directory, normalise } from "../../proto/paths.ts";
import { importedBy, wellKnownFile } from "../../proto/well_known.ts";
import { CommandError } from "../exit_codes.ts";
import type { Terminal } from "../terminal.ts";
import { linkDescribed } from "./link_described.ts";
import type { Schema } from "./schema.ts";

/** Files of protobuf itself, with all but what describes types. */
const IN_ANYS = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"] as const;

/** A schema of linked files, and of what they import. */
export class FilesSchema implements Schema {
  readonly #entries: readonly FileNode[];
  readonly #files: readonly FileNode[];
  #types: Promise<Assembled> | undefined;
  #symbols: Map<string, Named | FileNode> | undefined;

  /** `entries` are the files whose services count; `files` are those, and others they need. */
  constructor(readonly origin: string, entries: readonly FileNode[], files: readonly FileNode[]) {
    this.#entries = entries;
    this.#files = files;
  }

  services(): Promise<readonly string[]> {
    return Promise.resolve(this.#entries.flatMap(({ services }) => services.map(({ fullName }) => fullName)));
  }

  find(symbol: string): Promise<Named | FileNode | undefined> {
    this.#symbols ??= new Map(
      [...this.#files, ...importedBy(this.#files)].flatMap((file): [string, Named | FileNode][] => [
        [file.path, file],
        ...file.declared.map((node): [string, Named] => [node.fullName, node]),
      ]),
    );
    return Promise.resolve(this.#symbols.get(symbol));
  }

  types(): Promise<Assembled> {
    return this.#types ??= Promise.resolve(this.#assemble());
  }

  /** With the messages of protobuf itself, which an Any may have in it though no file imports them. */
  #assemble(): Assembled {
    const imported = importedBy(this.#files);
    const names = new Set(this.#files.flatMap(({ declared }) => declared.map(({ fullName }) => fullName)));
    for (const name of IN_ANYS) {
      const file = wellKnownFile(`google/protobuf/${name}.proto`)!;
      if (!file.declared.some(({ fullName }) => names.has(fullName))) imported.add(file);
    }
    return assemble(this.#files, imported);
  }
}

/** The schema of .proto files, which are looked for as they are, then below each of `includeDirs`. */
export async function protoSchema(
  paths: readonly string[],
  includeDirs: readonly string[],
  terminal: Terminal,
): Promise<FilesSchema> {
  const texts = new Map<string, Promise<string | undefined>>();
  // Once: what a pipe has (<(...) of a shell) is there for the first who reads it.
  const read = (path: string): Promise<string | undefined> => {
    const location = normalise(path);
    let text = texts.get(location);
    if (text === undefined) texts.set(location, text = textOf(location, terminal));
    return text;
  };
  const entries = await Promise.all(paths.map(async (path) => {
    const candidates = ["", ...includeDirs.map(directory)].map((dir) => dir + path);
    for (const candidate of candidates) if (await read(candidate) !== undefined) return candidate;
    for (const candidate of candidates) {
      if (!await isDirectory(candidate)) continue;
      throw new CommandError(
        `Cannot load ${candidate}: it is a folder; give each .proto file in it by --proto`,
      );
    }
    return path;
  }));
  const { entries: roots, files, errors } = await loadSources(entries, { includeDirs, read });
  if (errors.length > 0) {
    throw new CommandError(
      errors.map(({ message }) => message.replace("in includeDirs", "by -I")).join("\n"),
    );
  }
  return new FilesSchema(paths.join(", "), roots, files);
}

/** The schema of descriptor sets. */
export async function protosetSchema(paths: readonly string[], terminal: Terminal): Promise<FilesSchema> {
  try {
    const descriptors: Uint8Array[] = [];
    for (const path of paths) {
      descriptors.push(...descriptorCodecs().fileSet.decode(await terminal.readFile(path)).file ?? []);
    }
    const files = linkDescribed(descriptors);
    return new FilesSchema(paths.join(", "), files, files);
  } catch (error) {
    throw new CommandError(`Cannot use ${paths.join(", ")}: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}

/** The text of a file; undefined where there is none. */
async function textOf(path: string, terminal: Terminal): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await terminal.readFile(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new CommandError((error as Error).message);
  }
}

/** Nothing is there, or what is there is a directory. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes(String((error as { code?: unknown }).code));
}
