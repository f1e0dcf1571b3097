// Errors of the runtime's own sockets and resolver as IoErrors.

import type { Target } from "../contract/address.ts";
import { IoError, ioErrorFromCode, type IoSyscall } from "../contract/io_error.ts";
import { trueCode } from "./descriptors.ts";

/** What runtimes reject with; `code` is the system's, or one of node's own. */
interface RuntimeError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** An error of an open socket. `codes`: the system's codes for codes and names that are the runtime's own. */
export function toIoError(
  error: unknown,
  syscall: IoSyscall,
  address: Target,
  codes: Readonly<Record<string, string>> = {},
): IoError {
  const { name, message, code } = error as RuntimeError;
  if (name === "NotCapable") return new IoError("permission", syscall, address, undefined, message);
  return ioErrorFromCode(codes[code ?? name] ?? code, syscall, address, message);
}

/**
 * An error of what opens a descriptor: runtimes blame something else where there is none left for it. `otherwise` is the
 * code of an error that has none.
 */
export function toOpenError(
  error: unknown,
  syscall: IoSyscall,
  address: Target,
  otherwise?: string,
): IoError {
  const { name, message, code } = error as RuntimeError;
  if (name === "NotCapable") return new IoError("permission", syscall, address, undefined, message);
  return ioErrorFromCode(trueCode(code ?? otherwise), syscall, address, message);
}
