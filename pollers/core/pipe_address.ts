// Named pipes as addresses: their paths, and the error of engines without pipes.

import type { NamedPipeAddress, SocketAddress } from "../contract/address.ts";
import { IoError, type IoSyscall } from "../contract/io_error.ts";

/** The address of a pipe's other end: only the end that listens has a name. */
export const UNNAMED_PIPE: SocketAddress = { family: "npipe", name: "" };

/** Where the system has the pipe. */
export function pipePath({ name }: NamedPipeAddress): string {
  return `\\\\.\\pipe\\${name}`;
}

/** The error of an engine without pipes where `address` is a pipe, and of every one for what has no socket; else undefined. */
export function pipeError(
  engine: { readonly name: string; readonly hasPipes: boolean },
  address: SocketAddress,
  syscall: IoSyscall,
): IoError | undefined {
  if (address.family === "inprocess") {
    return new IoError(
      "unsupported",
      syscall,
      address,
      undefined,
      "it has no socket, so no poller can reach it",
    );
  }
  if (address.family !== "npipe" || engine.hasPipes) return undefined;
  const detail = `poller "${engine.name}" has no named pipes; "iocp" has, on Windows`;
  return new IoError("unsupported", syscall, address, undefined, detail);
}
