// Installs what package-lock.json names, unless it is there: with npm, else with whichever runtime is at hand.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { root } from "./runtimes.mjs";

const lockFile = `${root}package-lock.json`;
const stamp = `${root}node_modules/.installed-lock`;

/** Made while somebody installs; outside node_modules, which `npm ci` removes. */
const busy = `${os.tmpdir()}/pollwire-install-${
  createHash("sha256").update(root).digest("hex").slice(0, 16)
}`;

/** An installation that takes longer than this is dead, whatever its process id says. */
const BUSY_LIMIT_MS = 15 * 60_000;

/** In order of preference; `--no-save` and `--no-lock` keep package-lock.json the only lock file. */
const INSTALLERS = [
  ["npm", "ci", "--include=dev", "--no-audit", "--no-fund"],
  ["bun", "install", "--no-save", "--trust"],
  ["deno", "install", "--no-lock", "--allow-scripts"],
];

/** Makes sure that node_modules is what package-lock.json says. Ends the process where that cannot be had. */
export function ensureInstalled() {
  const lock = readFileSync(lockFile, "utf8");
  if (isInstalled(lock)) return;
  takeTurn();
  process.once("exit", endTurn);
  try {
    if (isInstalled(lock)) return; // somebody else did while this process waited
    if (!alreadyMatches(lock)) install();
    writeFileSync(stamp, lock);
  } finally {
    endTurn();
    process.removeListener("exit", endTurn);
  }
}

function isInstalled(lock) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === lock;
}

function install() {
  const tried = [];
  for (const [command, ...args] of INSTALLERS) {
    console.error(`Installing with ${command} ...`);
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
    if (status === 0) return;
    tried.push(`${command}: ${error ? error.message : `exit ${status}`}`);
    if (!error) break; // it is there and failed: another installer would only hide why
  }
  console.error(`Cannot install the dependencies: ${tried.join("; ")}`);
  process.exit(1);
}

/** Waits until nobody else installs; whoever makes the folder has the turn. */
function takeTurn() {
  for (let told = false;;) {
    try {
      mkdirSync(busy);
      return writeFileSync(`${busy}/pid`, String(process.pid));
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isDead()) {
      endTurn();
      continue;
    }
    if (!told) console.error("Waiting for another installation of the dependencies ...");
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function endTurn() {
  rmSync(busy, { recursive: true, force: true });
}

/** Whether the process that made the folder is gone. */
function isDead() {
  try {
    if (Date.now() - statSync(busy).mtimeMs > BUSY_LIMIT_MS) return true;
    process.kill(Number(readFileSync(`${busy}/pid`, "utf8")) || process.pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
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
