// Whether a unix socket is served, by a system call: for a runtime that does not pass on why a connect failed.

import { Sockets } from "../readiness/sockets.ts";
import { openLibc } from "../ffi/libc.ts";
import { ECONNREFUSED, ENOENT } from "../ffi/linux_errno_table.ts";

/** Whether a process listens at `path`; undefined on other systems than Linux, and where there is no FFI. */
export function isServedOnLinux(path: string): boolean | undefined {
  const opened = openLibc();
  if (!opened.ok) return undefined;
  const sockets = new Sockets(opened.libc);
  const at = { family: "unix", path } as const;
  const fd = sockets.socket(at);
  if (fd < 0) return true; // no descriptor is left to find it out
  const result = sockets.connect(fd, at);
  opened.libc.close(fd);
  return result !== -ECONNREFUSED && result !== -ENOENT;
}
