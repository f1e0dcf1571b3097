// Folders of -I: one that is not there is said, as protoc says it.

import { isDirectory } from "../../pollers/native/file_sets.ts";
import { normalise } from "../proto/paths.ts";
import type { Terminal } from "./terminal.ts";
import { printable, styleOf } from "./text.ts";

/** Warns of each of `folders` that is none: nothing is found below it, and whoever mistyped it would not know why. */
export async function warnOfMissing(folders: readonly string[], { err }: Terminal): Promise<void> {
  const { bold, yellow } = styleOf(err);
  for (const folder of new Set(folders)) {
    if (await isDirectory(normalise(folder) || ".")) continue;
    err.write(`${yellow(bold("warning:"))} -I ${printable(folder)} is no folder that is there\n`);
  }
}
