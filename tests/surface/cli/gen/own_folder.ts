// A folder of a test's own, which is gone after it.
import { mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `body` with a new folder, whose path has "/" between its parts. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pollwire-gen-")).replaceAll("\\", "/");
  try {
    await body(folder);
  } finally {
    remove(folder);
  }
}

/** One by one: Bun's rmSync fails on Wine where it is recursive. */
function remove(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) remove(path);
    else unlinkSync(path);
  }
  rmdirSync(folder);
}
