// Programs that are started in a process group of their own, which ends with whoever started it, however that ends.
import { spawn } from "node:child_process";
import process from "node:process";

const running = new Set();

/** What a shell does beside a group: when its input ends, and so the process that holds it, it ends the group. */
const UNTIL_INPUT_ENDS = 'read -r _; kill -s KILL -- "-$0"';

/** As `spawn`; `endGroup` ends the program and what it started, and so does the end of this process. */
export function startGroup(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  if (child.pid === undefined) return child; // `error` says why
  const guard = spawn("sh", ["-c", UNTIL_INPUT_ENDS, String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // what ends this process's group leaves it
  });
  guard.on("error", () => {}); // no shell: the group ends by endGroup alone
  guard.unref();
  running.add(child);
  child.on("close", () => {
    running.delete(child);
    guard.kill("SIGKILL");
  });
  return child;
}

/** Ends a program that `startGroup` started, and what it started. */
export function endGroup({ pid }) {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // nobody of the group is left
  }
}

/** Ends all that are left. */
export function endGroups() {
  for (const child of running) endGroup(child);
}
