// Many files at once, for programs that generate files: what lies below a folder, and writes of all or none.

import { realpathSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, sep } from "node:path";
import { cwd, pid } from "node:process";

/** The current directory, as the system writes it. */
export function currentDirectory(): string {
  return cwd();
}

/**
 * A path that leads to the current directory by another name, such as a shell's $PWD behind a link, or below it, as it is from
 * there; others as they are. Parts are separated by "/".
 */
export function fromCurrentDirectory(path: string): string {
  const here = cwd();
  if (!isAbsolute(path) || `${path}/`.startsWith(`${here.replaceAll("\\", "/")}/`)) return path;
  const place = realPath(here);
  const parts = path.split("/");
  for (let count = 2; count <= parts.length; count++) {
    if (realPath(parts.slice(0, count).join("/")) === place) return parts.slice(count).join("/") || ".";
  }
  return path;
}

/** Where a path leads; undefined where nothing is. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Whether `path` is a directory. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** What lies below a folder: paths from there, with "/" between their parts. */
export interface Tree {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** The paths of all files below `folder` itself, without links' and those in folders that are closed to this process. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  return (await new TreeWalk(folder, ["ENOENT", "EACCES", "EPERM"], false).tree()).files;
}

/**
 * The paths of all files and folders below `folder`, sorted; none where there is no such folder. Folders that begin with a
 * dot, and node_modules, are passed over. Links are followed to folders that would not be found otherwise, so that each has
 * one path, and not to those that `folder` is in.
 */
export async function treeBelow(folder: string): Promise<Tree> {
  return await new TreeWalk(folder, ["ENOENT"], true).tree();
}

class TreeWalk {
  readonly #files: string[] = [];
  readonly #folders: string[] = [];
  /** Links that are still to be looked at. */
  readonly #links: string[] = [];
  /** Where the folders are that were listed. */
  readonly #listed = new Set<string | undefined>();

  /** Folders that cannot be listed for one of the system's errors in `passed` are passed over. */
  constructor(
    private readonly folder: string,
    private readonly passed: readonly string[],
    private readonly followsLinks: boolean,
  ) {}

  async tree(): Promise<Tree> {
    const root = this.#placeOf("");
    this.#listed.add(root);
    await this.#list("");
    for (const path of this.#links) { // grows meanwhile
      const place = this.#placeOf(path);
      if (place === undefined || !await isDirectory(place)) this.#files.push(path);
      else if (!`${root}${sep}`.startsWith(place.endsWith(sep) ? place : place + sep)) {
        await this.#enter(path);
      }
    }
    return { files: this.#files.sort(), folders: this.#folders.sort() };
  }

  #placeOf(path: string): string | undefined {
    return this.followsLinks ? realPath(join(this.folder, path)) : path;
  }

  async #enter(path: string): Promise<void> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const place = this.#placeOf(path);
    if (name.startsWith(".") || name === "node_modules" || this.#listed.has(place)) return;
    this.#listed.add(place);
    this.#folders.push(path);
    await this.#list(path);
  }

  async #list(below: string): Promise<void> {
    const folder = join(this.folder, below);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      if (this.passed.includes(String((error as { code?: unknown }).code))) return [];
      throw new Error(`Cannot list ${folder}: ${(error as Error).message}`, { cause: error });
    });
    for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await this.#enter(path);
      else (this.followsLinks && entry.isSymbolicLink() ? this.#links : this.#files).push(path);
    }
  }
}

/**
 * Writes `texts` by path, and their folders where these are missing. Each file is replaced at once, and none before all
 * are on the disk: where one cannot be written, none is. Rejects with an Error that names it.
 */
export async function replaceFiles(texts: ReadonlyMap<string, string>): Promise<void> {
  const written = new Map<string, string>();
  let current = "";
  try {
    for (const [path, text] of texts) {
      current = path;
      if (await isDirectory(path)) throw new Error("it is a directory");
      await makeFolder(dirname(path));
      const beside = `${path}.${pid}.tmp`;
      written.set(path, beside);
      await writeFile(beside, text);
    }
    for (const [path, beside] of written) {
      current = path;
      await rename(beside, path);
      written.delete(path);
    }
  } catch (cause) {
    await Promise.all([...written.values()].map((beside) => rm(beside, { force: true })));
    throw new Error(`Cannot write ${current}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Makes `folder`, and those that it lies in. Not by `recursive` of mkdir: where a file system has no room for folders and
 * says that they are not there, as /proc does, Node tries for ever, deaf to signals.
 */
async function makeFolder(folder: string): Promise<void> {
  const make = async (): Promise<unknown> => await mkdir(folder).then(() => undefined, (error) => error);
  const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;
  let error = await make();
  if (codeOf(error) === "ENOENT" && dirname(folder) !== folder) {
    await makeFolder(dirname(folder));
    error = await make();
  }
  if (error !== undefined && !await isDirectory(folder)) throw error;
}

/** Removes files; those that are not there are passed over. */
export async function removeFiles(paths: Iterable<string>): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}
