// What the build reads of the sources before it bundles them.
import { readdirSync } from "node:fs";
import { root } from "./runtimes.mjs";

const FOLDERS = ["pollers", "transport", "surface"];

/** The paths of the library's modules. */
export function librarySources() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true }).filter((name) => name.endsWith(".ts"))
      .map((name) => `${root}${folder}/${name}`)
  );
}
