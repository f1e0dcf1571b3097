// Linux's error numbers and their names, the same on x86-64 and arm64 (asm-generic/errno.h).

/** Numbers that code looks for. */
export const EINTR = 4;
/** Nothing there yet, or no room yet. */
export const EAGAIN = 11;
/** The socket is no longer valid: somebody closed it. */
export const EBADF = 9;
/** Not a socket: a pipe, or a file. */
export const ENOTSOCK = 88;
/** A connect is under way. */
export const EINPROGRESS = 115;

const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  17: "EEXIST",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  28: "ENOSPC",
  32: "EPIPE",
  36: "ENAMETOOLONG",
  40: "ELOOP",
  71: "EPROTO",
  88: "ENOTSOCK",
  91: "EPROTOTYPE",
  92: "ENOPROTOOPT",
  93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  106: "EISCONN",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  112: "EHOSTDOWN",
  113: "EHOSTUNREACH",
  114: "EALREADY",
  115: "EINPROGRESS",
};

/** "ECONNREFUSED" for 111; "errno 999" for a number without a name here. */
export function errnoName(errno: number): string {
  return NAMES[errno] ?? `errno ${errno}`;
}
