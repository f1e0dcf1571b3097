// Text files, for .proto sources.

import { builtin } from "./builtin.ts";

/** What Deno has of files: its node:fs takes 20 ms to load. */
const denoFiles = (globalThis as unknown as {
  readonly Deno?: {
    readTextFile(path: URL | string): Promise<string>;
    readTextFileSync(path: string): string;
  };
}).Deno;

/**
 * The text of a file, UTF-8. `url`: a file URL, or a path. Rejects with an Error that names it, whose `code` is that
 * of the system's error ("ENOENT").
 */
export async function readTextFile(url: URL | string): Promise<string> {
  try {
    return await (denoFiles?.readTextFile(url) ?? builtin("node:fs").promises.readFile(url, "utf8"));
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    throw Object.assign(new Error(`Cannot read ${String(url)}: ${message}`, { cause }), { code });
  }
}

/** The text of a file, UTF-8, at once. Throws Error that names it. */
export function readTextFileSync(path: string): string {
  try {
    return denoFiles?.readTextFileSync(path) ?? builtin("node:fs").readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** A file that was written so lately may be written again within the same tick of the file system's clock. */
const FRESH_MS = 100;

let fresh = 0;

/**
 * What differs once the file at `path`, behind symbolic links, is another one or was written, and each time while it was
 * written just now. Throws Error that names it.
 */
export function fileStamp(path: string): string {
  try {
    const { dev, ino, size, mtimeMs } = builtin("node:fs").statSync(path);
    const stamp = `${dev} ${ino} ${size} ${mtimeMs}`;
    return Math.abs(Date.now() - mtimeMs) < FRESH_MS ? `${stamp} ${++fresh}` : stamp;
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
