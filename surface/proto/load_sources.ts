// Loads several .proto files with all that they import, for tools: with every error, and with where was looked.

import { ProtoError } from "./errors.ts";
import { linkFiles } from "./language/link_files.ts";
import type { FileNode, ImportNode } from "./language/nodes.ts";
import { parseFile } from "./language/parse_file.ts";
import { attempt } from "./language/report.ts";
import { directory, directoryOf, type FoundFile, importCandidates, isAbsolute, normalise } from "./paths.ts";
import { importedBy, STANDARD_OPTIONS, wellKnownFile } from "./well_known.ts";

/** Reads a file; undefined where there is none. Rejects with an Error that names it. */
export type ReadSource = (location: string) => Promise<string | undefined>;

/** How `loadSources` finds files. */
export interface SourceOptions {
  /** Directories that imports are looked up in first, as `protoc -I`; files are named by their path below the first that has them. */
  readonly includeDirs: readonly string[];
  /** Reads one. */
  readonly read: ReadSource;
  /** The current directory, which relative paths are meant from; there is one file at one place. */
  readonly here?: string;
}

/** Files that were loaded together. */
export interface SourceSet {
  /** Those that were asked for, in that order, each once. */
  readonly entries: readonly FileNode[];
  /** The entries, and all that they import but google/protobuf's. */
  readonly files: readonly FileNode[];
  /** What is wrong, by file and place; the files are of use where there is nothing. */
  readonly errors: readonly ProtoError[];
  /** Where files were read, and where they were looked for and are not. */
  readonly places: ReadonlySet<string>;
}

/** Loads the .proto files at the paths `entries`, and what they import. Rejects where a file cannot be read that is there. */
export async function loadSources(entries: readonly string[], options: SourceOptions): Promise<SourceSet> {
  const loader = new SourceLoader(options);
  for (const entry of entries) await loader.entry(entry);
  await loader.imports();
  return loader.finish();
}

class SourceLoader {
  readonly #includeDirs: readonly string[];
  readonly #read: ReadSource;
  readonly #here: string;
  readonly #entries = new Set<FileNode>();
  readonly #errors: ProtoError[] = [];
  readonly #places = new Set<string>();
  /** By location; null where a file is missing or cannot be parsed. */
  readonly #known = new Map<string, FileNode | null>();
  /** By name: the location of the file that has it. */
  readonly #names = new Map<string, string>();
  /** Files that import what is missing, or what cannot be parsed. */
  readonly #wrong = new Set<FileNode>();
  readonly #pending: [FoundFile, FileNode][] = [];
  /** All that was parsed, in order. */
  readonly #files: FileNode[] = [];

  constructor({ includeDirs, read, here = "" }: SourceOptions) {
    this.#includeDirs = includeDirs.map(directory);
    this.#read = read;
    this.#here = directory(here);
  }

  async entry(path: string): Promise<void> {
    const location = this.#fromHere(path);
    const name = this.#nameOf(location) ?? location.slice(directoryOf(location).length);
    const standard = wellKnownFile(name);
    if (standard !== undefined) { // as others import it
      this.#entries.add(standard);
      return;
    }
    const root = location.endsWith(name)
      ? location.slice(0, location.length - name.length)
      : directoryOf(location);
    const file = await this.#load({ location, root }, name);
    if (file === undefined) this.#errors.push(new ProtoError(`Cannot load "${location}": no such file`));
    else if (file !== null) this.#entries.add(file);
  }

  /** Loads what the entries import, and what that imports. */
  async imports(): Promise<void> {
    for (const [place, file] of this.#pending) { // grows meanwhile
      for (const line of file.imports) await this.#import(line, place, file);
    }
  }

  finish(): SourceSet {
    const files = this.#files;
    const report = (error: ProtoError) => this.#errors.push(error);
    linkFiles(files, importedBy(files), STANDARD_OPTIONS, report, this.#wrong);
    const errors = inOrder(this.#errors, [...this.#places]);
    return { entries: [...this.#entries], files, errors, places: this.#places };
  }

  async #import(line: ImportNode, place: FoundFile, file: FileNode): Promise<void> {
    line.file = wellKnownFile(line.path);
    if (line.file !== undefined) return;
    const candidates = importCandidates(line.path, place, this.#includeDirs);
    for (const candidate of candidates) {
      const location = this.#fromHere(candidate.location);
      // As others import it; what is found otherwise, is named as if it were not.
      const isIncluded = this.#includeDirs.includes(candidate.root);
      const name = (isIncluded ? undefined : this.#nameOf(location)) ?? normalise(line.path);
      const found = await this.#load({ location, root: candidate.root }, name);
      if (found === undefined) continue;
      if (found !== null) line.file = found;
      else this.#wrong.add(file);
      return;
    }
    if (line.kind === "weak" || line.kind === "option") return;
    const tried = candidates.map(({ location }) => `"${location}"`).join(", ");
    const message = `Cannot import "${line.path}": no such file; tried ${tried}; name its directory by -I`;
    this.#errors.push(file.source.error(line.at, message));
    this.#wrong.add(file);
  }

  /** Undefined: there is no such file. Null: something is wrong with it, which is among the errors. */
  async #load(place: FoundFile, wanted: string): Promise<FileNode | null | undefined> {
    const { location } = place;
    const known = this.#known.get(location);
    if (known !== undefined) return known;
    if (this.#places.has(location)) return undefined;
    this.#places.add(location);
    const text = await this.#read(location);
    if (text === undefined) return undefined;
    this.#known.set(location, null);
    const name = this.#free(wanted, location);
    const other = this.#names.get(name);
    if (other !== undefined) {
      const message = `Cannot load "${location}": "${other}" is ${name} too; name one of both, or another -I`;
      this.#errors.push(new ProtoError(message));
      return null;
    }
    this.#names.set(name, location);
    attempt((error) => this.#errors.push(error), () => {
      const file = parseFile(location, text, name);
      this.#files.push(file);
      this.#known.set(location, file);
      this.#pending.push([place, file]);
    });
    return this.#known.get(location)!;
  }

  /** Of two files that would have one name, as only those have that no include directory names, the second has its location's. */
  #free(wanted: string, location: string): string {
    return this.#includeDirs.length === 0 && this.#names.has(wanted) ? location : wanted;
  }

  /** The path of a location below the first include directory that it is in. */
  #nameOf(location: string): string | undefined {
    const whole = this.#whole(location);
    const dirs = this.#includeDirs.map((dir) => directory(this.#whole(dir)));
    const root = dirs.find((dir) =>
      dir === "" ? !isAbsolute(whole) && !whole.startsWith("../") : whole.startsWith(dir)
    );
    return root === undefined ? undefined : whole.slice(root.length);
  }

  #whole(location: string): string {
    return isAbsolute(location) ? normalise(location) : normalise(this.#here + location);
  }

  /** A location as it is from the current directory where it is below that, so that one file has one. */
  #fromHere(location: string): string {
    const whole = this.#whole(location);
    const below = this.#here !== "" && whole.startsWith(this.#here);
    return below ? whole.slice(this.#here.length) : normalise(location);
  }
}

const PLACE = /^(.*?):(\d+):(\d+): /;

/** Errors in the order of files, and in each in that of their places; those of no file first. */
function inOrder(errors: readonly ProtoError[], files: readonly string[]): ProtoError[] {
  const order = new Map(files.map((file, i) => [file, i]));
  const placed = errors.map((error) => {
    const [, file = "", line, column] = PLACE.exec(error.message) ?? [];
    return { error, at: [order.get(file) ?? -1, Number(line), Number(column)] as const };
  });
  placed.sort(({ at: a }, { at: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return placed.map(({ error }) => error);
}
