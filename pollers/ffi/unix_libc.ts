// The C library of whichever Unix this is.

import { platform } from "../native/detect.ts";
import { openDarwinLibc } from "./darwin_libc.ts";
import { type Libc, type OpenedLibc, openLibc } from "./libc.ts";

/** Opens it, once a thread, or says why not. */
export function openUnixLibc(): OpenedLibc<Libc> {
  return platform === "darwin" ? openDarwinLibc() : openLibc();
}

/** What to know of pollers over it that were written by the headers alone; undefined where they have run. */
export function unixCaution(on: string = platform): string | undefined {
  return on === "darwin" ? "written for macOS but never run there" : undefined;
}
