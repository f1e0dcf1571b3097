// What a report says of where it was made.
import { spawnSync } from "node:child_process";
import os from "node:os";
import { program, root } from "../../.ci/runtimes.mjs";
import { pinned } from "./processes.mjs";

/** Processor, system, commit, versions of the runtimes, date. */
export function machine() {
  const version = (name, pattern) =>
    pattern.exec(spawnSync(program(name), ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];
  return {
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model.trim() ?? "unknown processor",
    cores: os.cpus().length,
    system: `${os.type()} ${os.release()}`,
    pinned,
    runtimes: {
      deno: version("deno", /deno (\S+)/),
      bun: version("bun", /(\S+)/),
      node: version("node", /v?(\S+)/),
    },
  };
}

/** The commit that is checked out, with a word where the tree differs from it; undefined where this is no clone. */
function commit() {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
    encoding: "utf8",
    cwd: root,
  });
  return status === 0 ? stdout.trim() : undefined;
}
