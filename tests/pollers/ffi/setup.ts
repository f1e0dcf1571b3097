// What tests of native calls share: the C library, or why there is none, and a C compiler where there is one.
import { spawnSync } from "node:child_process";
import type { LinuxLibc } from "../../../pollers/ffi/libc.ts";
import { openLibc, retainLibc } from "../../../pollers/ffi/libc.ts";

const opened = openLibc();
retainLibc(); // as long as tests run

/** Why tests that make native calls cannot run here; undefined where they can. */
export const noLibc: string | undefined = opened.ok ? undefined : opened.because;

/** The C library; only where {@linkcode noLibc} is undefined. */
export function libc(): LinuxLibc {
  if (!opened.ok) throw new Error(opened.because);
  return opened.libc;
}

/** A C compiler that runs here, or undefined. */
export function compiler(): string | undefined {
  return ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);
}
