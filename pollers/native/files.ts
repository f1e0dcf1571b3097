// Text files, for .proto sources.

import { readFile } from "node:fs/promises";

/** The text of a file, UTF-8; rejects with an Error that names it. `url`: a file URL, or a path. */
export async function readTextFile(url: URL | string): Promise<string> {
  try {
    return await readFile(url, "utf8");
  } catch (cause) {
    throw new Error(`Cannot read ${String(url)}: ${(cause as Error).message}`, { cause });
  }
}
