// Many files at once, for programs that generate files: what lies below a folder, and writes of all or none.

import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cwd, pid } from "node:process";

/** The current directory, as the system writes it. */
export function currentDirectory(): string {
  return cwd();
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

/** The paths of all files below `folder`, but for those in folders that are closed to this process; see `treeBelow`. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  return (await treeBelow(folder, ["ENOENT", "EACCES", "EPERM"])).files;
}

/**
 * The paths of all files and folders below `folder`, sorted; none where there is no such folder. Folders that begin with a
 * dot, and node_modules, are passed over, and those that cannot be listed for one of the system's errors in `passed`.
 */
export async function treeBelow(folder: string, passed: readonly string[] = ["ENOENT"]): Promise<Tree> {
  const files: string[] = [];
  const folders: string[] = [];
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((error) => {
      if (passed.includes(String((error as { code?: unknown }).code))) return [];
      throw new Error(`Cannot list ${join(folder, below)}: ${(error as Error).message}`, { cause: error });
    });
    for (const entry of entries) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (!entry.name.startsWith(".") && entry.name !== "node_modules") {
        folders.push(path);
        await walk(path);
      }
    }
  };
  await walk("");
  return { files: files.sort(), folders: folders.sort() };
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
      await mkdir(dirname(path), { recursive: true });
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

/** Removes files; those that are not there are passed over. */
export async function removeFiles(paths: Iterable<string>): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}
