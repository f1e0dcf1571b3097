// What can go wrong with a socket, as a value: its kind, the system call, the address and the system's own code.

import { formatAddress, type Target } from "./address.ts";

/** What went wrong, the same on every platform and engine. */
export type IoErrorKind =
  | "refused"
  | "reset"
  | "timed-out"
  | "unreachable"
  | "address-in-use"
  | "address-not-available"
  | "permission"
  | "not-found"
  | "too-many-files"
  | "end-of-stream"
  | "closed"
  | "cancelled"
  | "unsupported"
  | "insecure"
  | "other";

/** The operation that failed, by the name of its system call. */
export type IoSyscall =
  | "connect"
  | "bind"
  | "listen"
  | "accept"
  | "read"
  | "write"
  | "getaddrinfo"
  | "resolveTxt"
  | "socketpair";

/** An error of an engine. It is handed on as a value; only the surface turns it into something thrown. */
export class IoError {
  /** "connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)". */
  readonly message: string;

  /** `code` is the system's name ("ECONNREFUSED") where there is one; `detail` replaces the kind's own words. */
  constructor(
    readonly kind: IoErrorKind,
    readonly syscall: IoSyscall,
    readonly address?: Target,
    readonly code?: string,
    detail?: string,
  ) {
    const where = address === undefined ? "" : ` ${PREPOSITIONS[syscall] ?? "on"} ${formatAddress(address)}`;
    const what = detail ?? WORDS[kind];
    this.message = `${syscall}${where} failed: ${what}${code === undefined ? "" : ` (${code})`}`;
  }

  /** The message. */
  toString(): string {
    return this.message;
  }
}

const PREPOSITIONS: Partial<Record<IoSyscall, string>> = {
  connect: "to",
  bind: "to",
  getaddrinfo: "of",
  resolveTxt: "of",
};

const WORDS: Record<IoErrorKind, string> = {
  "refused": "connection refused",
  "reset": "connection reset by peer",
  "timed-out": "timed out",
  "unreachable": "host or network unreachable",
  "address-in-use": "address already in use",
  "address-not-available": "address not available on this machine",
  "permission": "permission denied",
  "not-found": "not found",
  "too-many-files": "too many open files",
  "end-of-stream": "end of stream",
  "closed": "closed on this side",
  "cancelled": "cancelled",
  "unsupported": "not supported here",
  "insecure": "no secure connection",
  "other": "unexpected error",
};

const KINDS: ReadonlyMap<string, IoErrorKind> = new Map<string, IoErrorKind>(Object.entries({
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timed-out",
  ETIMEOUT: "timed-out",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  ENODEV: "address-not-available",
  EACCES: "permission",
  EPERM: "permission",
  ENOENT: "not-found",
  ENOTFOUND: "not-found",
  EAI_AGAIN: "not-found",
  ENODATA: "not-found",
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
  ECANCELED: "cancelled",
  EAFNOSUPPORT: "unsupported",
  EINVAL: "unsupported",
}));

/** The error for a system code ("ECONNREFUSED"); an unknown one is of kind "other". */
export function ioErrorFromCode(
  code: string | undefined,
  syscall: IoSyscall,
  address?: Target,
  detail?: string,
): IoError {
  const kind = code === undefined ? "other" : KINDS.get(code) ?? "other";
  return new IoError(kind, syscall, address, code, kind === "other" ? detail : undefined);
}

/** The peer has sent everything it will send. */
export function endOfStream(address?: Target): IoError {
  return new IoError("end-of-stream", "read", address);
}
