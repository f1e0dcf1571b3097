import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "../../harness.ts";
import { noEpoll, startProgram } from "./setup.ts";

const skip = noEpoll ??
  (spawnSync("sh", ["-c", "ulimit -n 64"]).status === 0 ? undefined : "the shell cannot lower a limit");

for (const shape of ["thread", "own"]) {
  test(`without descriptors a listener rests, says so, and goes on (${shape})`, async () => {
    // Runtimes raise the soft limit to the hard one: both are lowered.
    const { code, output } = await startProgram("accept_until_full.ts", [shape], [
      "sh",
      "-c",
      'ulimit -n 64 && exec "$0" "$@"',
    ]).ended;
    assertEquals(output.trim().split("\n"), [
      "full: EMFILE",
      "accepted: 1, paused: 1 kind of error: too-many-files accept EMFILE",
      "heard: hello",
      "connect: too-many-files EMFILE",
      "then: late",
      "shutdown: undefined",
      "few descriptors: true",
    ]);
    assertEquals(code, 0);
  }, { skip });
}
