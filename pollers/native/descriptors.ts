// Whether the process can open anything more: runtimes say of that what is not true, or nothing.

import { builtin } from "./builtin.ts";
import { platform, runtime } from "./detect.ts";
import { isGranted } from "./permission.ts";

/** What every process may read, and what costs nothing to open. */
const OPENED = "/dev/null";

/** What the system says where the process, or the machine, has all the descriptors that it may have. */
const NONE_LEFT: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE"]);

/** The system's code for having no descriptor left; undefined where there is one, and where that cannot be determined. */
export function noDescriptorLeft(): string | undefined {
  if (platform === "win32" || !isGranted({ name: "read", path: OPENED })) return undefined;
  try {
    const { closeSync, openSync } = builtin("node:fs");
    closeSync(openSync(OPENED, "r"));
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    return NONE_LEFT.has(code) ? code : undefined;
  }
}

/** `code`, the reason of a failure by the runtime, unless the reason is that there is no descriptor left. */
export function trueCode(code: string | undefined): string | undefined {
  return noDescriptorLeft() ?? code;
}

/** How many descriptors are left, if fewer than `wanted`; `readable` is a file that this program may read. */
export function descriptorsLeft(wanted: number, readable: URL): number | undefined {
  if (platform === "win32" || readable.protocol !== "file:") return undefined;
  const { closeSync, openSync } = builtin("node:fs");
  const opened: number[] = [];
  try {
    while (opened.length < wanted) opened.push(openSync(readable, "r"));
    return undefined;
  } catch (error) {
    return NONE_LEFT.has((error as { code?: string }).code) ? opened.length : undefined;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/**
 * Whether the stack of an Error may be asked for. Deno opens something to write it, and ends the process where it cannot
 * (2.9.6: "stacker ... left: 24"); an error that is logged without its stack is better than that.
 */
export function stacksAreReadable(): boolean {
  return runtime !== "deno" || noDescriptorLeft() === undefined;
}
