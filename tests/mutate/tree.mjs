// A copy of the tree in a temporary folder, in which files can be changed without harm.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import { root } from "../../.ci/runtimes.mjs";

/** `{ folder, write(file, text), remove() }`: what git knows or would add, with the packages of this tree. */
export function makeCopy() {
  const folder = `${mkdtempSync(`${os.tmpdir()}/pollwire-mutate-`)}/`;
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of listed.split("\n").filter((name) => name !== "" && existsSync(root + name))) {
    cpSync(root + file, folder + file);
  }
  symlinkSync(`${root}node_modules`, `${folder}node_modules`);
  return {
    folder,
    write: (file, text) => writeFileSync(folder + file, text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
