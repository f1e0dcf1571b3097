// Text files, for .proto sources.

import { readFile } from "node:fs/promises";

/**
 * The text of a file, UTF-8. `url`: a file URL, or a path. Rejects with an Error that names it, whose `code` is that
 * of the system's error ("ENOENT").
 */
export async function readTextFile(url: URL | string): Promise<string> {
  try {
    return await readFile(url, "utf8");
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    throw Object.assign(new Error(`Cannot read ${String(url)}: ${message}`, { cause }), { code });
  }
}
