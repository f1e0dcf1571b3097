// Programs that are started in a process group of their own, which ends with whoever started it, however that ends.
import { spawn } from "node:child_process";
import process from "node:process";

const running = new Set();

/** What a shell does beside a group it is told of: when its input ends, and so the process that holds it, it ends the group. */
const UNTIL_INPUT_ENDS = 'read -r group && { read -r _; kill -s KILL -- "-$group"; }';

/** As `spawn`; `endGroup` ends the program and what it started, and so does the end of this process. */
export function startGroup(command, args, options) {
  const guard = startGuard(); // before the program: a process may end while it starts another
  const child = spawn(command, args, { ...options, detached: true });
  if (child.pid === undefined) {
    guard.kill("SIGKILL");
    return child; // `error` says why
  }
  guard.stdin?.write(`${child.pid}\n`);
  running.add(child);
  child.on("close", () => {
    running.delete(child);
    guard.kill("SIGKILL");
  });
  return child;
}

function startGuard() {
  const guard = spawn("sh", ["-c", UNTIL_INPUT_ENDS], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // what ends this process's group leaves it
  });
  guard.on("error", () => {}); // no shell: the group ends by endGroup alone
  guard.stdin?.on("error", () => {});
  guard.unref();
  return guard;
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
