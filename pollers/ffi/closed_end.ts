// Whether nobody reads a pipe any more: what a program that writes seldom would else find out by its next write.

import { platform } from "../native/detect.ts";
import { DARWIN_NAMES } from "./darwin_libc.ts";
import { LIBC_NAMES } from "./libc.ts";
import { openLibrary } from "./library.ts";
import { C, POLLFD } from "./linux_layouts.ts";

/** What poll(2) says of a pipe without a reader, and of a socket whose peer has closed it; the numbers are macOS' too. */
const CLOSED = C.POLLERR | C.POLLHUP;

/**
 * A function that says whether the other end of the pipe or socket `descriptor` is closed, as long as the program runs; undefined
 * where there is no FFI for it: on Node, on Windows, without permission.
 */
export function endWatch(descriptor: number): (() => boolean) | undefined {
  const names = platform === "darwin" ? DARWIN_NAMES : LIBC_NAMES;
  const opened = openLibrary(names, { poll: { parameters: ["buffer", "address", "i32"], result: "i32" } });
  if (!opened.ok) return undefined;
  const entry = new Uint8Array(POLLFD.size);
  const view = new DataView(entry.buffer);
  view.setInt32(POLLFD.fd, descriptor, true); // and no events: that the end is closed is said in any case
  return () => {
    view.setUint16(POLLFD.returned, 0, true);
    return opened.functions.poll(entry, 1, 0) > 0 && (view.getUint16(POLLFD.returned, true) & CLOSED) !== 0;
  };
}
