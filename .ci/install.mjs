// Installs what package-lock.json names, unless it is there: with npm, else with whichever runtime is at hand.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { root } from "./runtimes.mjs";

const lockFile = `${root}package-lock.json`;
const stamp = `${root}node_modules/.installed-lock`;

/** Makes sure that node_modules is what package-lock.json says. Ends the process where that cannot be had. */
export function ensureInstalled() {
  const lock = readFileSync(lockFile, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  if (alreadyMatches(lock)) return writeFileSync(stamp, lock);
  const tried = [];
  for (
    const [command, ...args] of [["npm", "ci"], ["bun", "install"], ["deno", "install", "--allow-scripts"]]
  ) {
    console.error(`Installing with ${command} ...`);
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
    if (status === 0) return writeFileSync(stamp, lock);
    tried.push(`${command}: ${error ? error.message : `exit ${status}`}`);
    if (!error) break; // it is there and failed: another installer would only hide why
  }
  console.error(`Cannot install the dependencies: ${tried.join("; ")}`);
  process.exit(1);
}

/** Whether an `npm install` by hand has put the same packages there. */
function alreadyMatches(lock) {
  try {
    const installed = JSON.parse(readFileSync(`${root}node_modules/.package-lock.json`, "utf8")).packages;
    const wanted = JSON.parse(lock).packages;
    return Object.entries(wanted).every(([path, { version, optional }]) =>
      path === "" || optional || installed[path]?.version === version
    );
  } catch {
    return false;
  }
}
