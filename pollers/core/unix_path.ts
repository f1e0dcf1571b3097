// What runtimes do not report of unix sockets: a path that is too long, and that a client has no path.

import type { SocketAddress } from "../contract/address.ts";
import { IoError, type IoSyscall } from "../contract/io_error.ts";

/** Bytes of `sun_path` in sockaddr_un without the NUL (Linux: 108; macOS: 104, and EINVAL for longer paths). */
const MAX_PATH_BYTES = 107;

/** The address of a unix socket that was bound to none: a connecting one. */
export const UNNAMED: SocketAddress = { family: "unix", path: "" };

/** The error of a unix address whose path or name is too long, or whose path has a NUL; undefined for every other. */
export function unixPathError(address: SocketAddress, syscall: IoSyscall): IoError | undefined {
  if (address.family !== "unix" && address.family !== "unix-abstract") return undefined;
  const path = address.family === "unix" ? address.path : address.name;
  if (address.family === "unix" && path.includes("\0")) {
    const detail = "the path has a NUL, at which the system would cut it off or take it for an abstract name";
    return new IoError("unsupported", syscall, address, "EINVAL", detail);
  }
  const bytes = new TextEncoder().encode(path).length;
  if (bytes <= MAX_PATH_BYTES) return undefined;
  const detail = `the path has ${bytes} bytes, a unix socket takes at most ${MAX_PATH_BYTES}`;
  return new IoError("unsupported", syscall, address, "ENAMETOOLONG", detail);
}
