// The file of a unix socket: its identity, whether a stale one is in the way, and its removal.
//
// A process that dies leaves its socket's file behind, and no other can bind that path until it is removed. It is
// removed here, but never the file of a socket that is served, and never another kind of file. Processes that do this
// at the same moment must do it one after another, by a lock of `takeoverName`.

import { setTimeout } from "node:timers";
import { builtin, hostProcess } from "./builtin.ts";
import { platform } from "./detect.ts";
import { isGranted } from "./permission.ts";

/** How often a path is probed before its file is removed: a process that has just bound it listens a moment later. */
const TIMES_ASKED = 3;

/** The pause between two probes. */
const BETWEEN_MS = 10;

/** See `unixPathError`. */
const MAX_NAME_BYTES = 107;

/** Identifies the file at `path` among others that have its name later; undefined where that cannot be determined. */
export function fileIdentity(path: string): string | undefined {
  if (platform === "win32") return "by a file, which is not removed on Windows";
  if (!isGranted({ name: "read", path })) return undefined;
  try {
    const { dev, ino, birthtimeMs } = builtin("node:fs").lstatSync(path);
    return `${dev} ${ino} ${birthtimeMs}`;
  } catch {
    return undefined;
  }
}

/** Whether two paths lead to one file, through whatever folders and links; false where they may not be looked at. */
export function isSameFile(one: string, other: string): boolean {
  if (!isGranted({ name: "read", path: one }) || !isGranted({ name: "read", path: other })) return false;
  try {
    const { statSync } = builtin("node:fs");
    const [first, second] = [statSync(one, { bigint: true }), statSync(other, { bigint: true })];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

/**
 * Makes room for a socket at `path`, where `isServed` says whether a process answers. Undefined where nothing is in the
 * way any more, else what it is.
 */
export async function clearSocketFile(
  path: string,
  isServed: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (!isGranted({ name: "read", path }) || !isGranted({ name: "write", path })) {
    return "and its file may not be looked at";
  }
  for (let asked = 0; asked < TIMES_ASKED; asked++) {
    if (asked > 0) await new Promise<void>((resolve) => setTimeout(resolve, BETWEEN_MS));
    const kind = kindOf(path);
    if (kind === "nothing") return undefined;
    if (kind === "other") return "by a file that is no socket";
    if (await isServed(path)) return "by a socket that is served";
  }
  try {
    builtin("node:fs").unlinkSync(path);
    return undefined;
  } catch (error) {
    if (kindOf(path) === "nothing") return undefined; // another process was faster
    return `by a stale socket that cannot be removed: ${(error as Error).message}`;
  }
}

/**
 * Names the path among all processes of this machine, however they write it, in at most 107 bytes; undefined where Deno
 * would ask whether an abstract unix socket may have that name.
 */
export function takeoverName(path: string): string | undefined {
  if (!isGranted({ name: "read" }) || !isGranted({ name: "write" })) return undefined;
  const slash = path.lastIndexOf("/") + 1;
  const folder = fileIdentity(path.slice(0, slash) || ".");
  const name = folder === undefined ? path : `${folder} ${path.slice(slash)}`;
  return `pollwire takes over ${name.replace(/[^ -~]/g, "?")}`.slice(0, MAX_NAME_BYTES);
}

/** Removes the file at `path` where it is that of `identity`. */
export function removeFile(path: string, identity: string | undefined): void {
  if (fileIdentity(path) !== identity) return;
  try {
    builtin("node:fs").unlinkSync(path);
  } catch {
    // It is gone already, or may not be removed.
  }
}

/**
 * Renames the file at `path`, until the returned function is called: for runtimes that remove whatever is at the
 * path of a socket which they close.
 */
export function putAside(path: string): () => void {
  const aside = nameBeside(path);
  try {
    builtin("node:fs").renameSync(path, aside);
  } catch {
    return () => {}; // there is none
  }
  return () => {
    try {
      builtin("node:fs").renameSync(aside, path);
    } catch {
      // It went meanwhile, with its folder for example.
    }
  };
}

/** The same, unless it is the file of `identity`, which may go. */
export function putAsideUnless(identity: string | undefined, path: string): () => void {
  return fileIdentity(path) === identity ? () => {} : putAside(path);
}

function kindOf(path: string): "nothing" | "socket" | "other" {
  try {
    return builtin("node:fs").lstatSync(path).isSocket() ? "socket" : "other";
  } catch (error) {
    return (error as { code?: string }).code === "ENOENT" ? "nothing" : "other";
  }
}

let names = 0;

/** A name in the same folder that no other process uses. */
function nameBeside(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return `${folder}.pollwire-${hostProcess().pid}-${names++}`;
}
