// The .proto files that a run of the generator is given: files, folders of them, and where their imports are.

import {
  currentDirectory,
  fromCurrentDirectory,
  isDirectory,
  treeBelow,
} from "../../../pollers/native/file_sets.ts";
import { readTextFile } from "../../../pollers/native/files.ts";
import { placeStamp } from "../../../pollers/native/watch_places.ts";
import { loadSources, type SourceSet } from "../../proto/load_sources.ts";
import { normalise } from "../../proto/paths.ts";
import { CommandError } from "../exit_codes.ts";

/** What was loaded, and what it was loaded from. */
export interface Inputs extends SourceSet {
  /** By place: how the file was when it was read, or "" where there is none. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Folders of which all files count, with those below them; each ends with "/". */
  readonly folders: ReadonlySet<string>;
}

/**
 * Loads the .proto files at `paths`, where a folder means all below it, and what they import. Imports are looked up below
 * `includeDirs`, or below the current directory where there are none. Throws CommandError where no file is meant.
 */
export async function loadInputs(
  paths: readonly string[],
  includeDirs: readonly string[],
): Promise<Inputs> {
  const here = currentDirectory();
  const dirs = includeDirs.length === 0 ? [""] : includeDirs.map(fromHere);
  const entries: string[] = [];
  const folders = new Set<string>();
  for (const path of paths.map(fromHere)) {
    if (await isDirectory(path === "" ? "." : path)) entries.push(...await protosBelow(path, folders));
    else entries.push(path);
  }
  const stamps = new Map<string, string>();
  const read = async (location: string): Promise<string | undefined> => {
    stamps.set(location, placeStamp(location));
    try {
      return await readTextFile(location);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(String((error as { code?: unknown }).code))) {
        return undefined;
      }
      throw error;
    }
  };
  const sources = await loadSources(entries, { includeDirs: dirs, read, here });
  return { ...sources, stamps, folders };
}

/** A path as it is from the current directory, also where that was reached by a link. */
function fromHere(path: string): string {
  return normalise(fromCurrentDirectory(normalise(path)));
}

/** Names that begin with a dot are those of what editors and systems put beside files: Emacs' locks are links to nothing. */
const PROTO = /(?:^|\/)[^./][^/]*\.proto$/;

async function protosBelow(folder: string, folders: Set<string>): Promise<string[]> {
  const prefix = folder === "" ? "" : `${folder}/`;
  folders.add(prefix);
  const { files, folders: inner } = await treeBelow(folder === "" ? "." : folder);
  const found = files.filter((path) => PROTO.test(path));
  if (found.length === 0) {
    throw new CommandError(`Cannot generate of ${folder || "."}: no .proto file is below it`);
  }
  for (const path of inner) folders.add(`${prefix}${path}/`);
  return found.map((path) => prefix + path);
}
