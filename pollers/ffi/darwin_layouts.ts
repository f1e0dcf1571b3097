// Darwin's constants and error numbers beside Linux's, as the headers of macOS have them (sys/socket.h, sys/fcntl.h,
// netinet/tcp.h, netinet6/in6.h, sys/resource.h, sys/errno.h): the same on x86-64 and arm64. struct iovec, pollfd, timespec
// and rlimit are Linux's; of msghdr what is used without control data; sockaddr is not, see darwin_libc.ts.

import { errnoNumber } from "./linux_errno_table.ts";
import { C } from "./linux_layouts.ts";

/** Constants of Darwin that have another value there, or are Darwin's alone. */
export const DARWIN = {
  AF_INET6: 30,
  SOL_SOCKET: 0xffff,
  SO_ACCEPTCONN: 0x0002,
  SO_REUSEADDR: 0x0004,
  SO_KEEPALIVE: 0x0008,
  SO_REUSEPORT: 0x0200,
  SO_ERROR: 0x1007,
  SO_NOSIGPIPE: 0x1022,
  TCP_KEEPALIVE: 0x10,
  IPV6_V6ONLY: 27,
  F_SETFD: 2,
  FD_CLOEXEC: 1,
  F_DUPFD_CLOEXEC: 67,
  F_SETNOSIGPIPE: 73,
  O_NONBLOCK: 0x0004,
  RLIMIT_NOFILE: 8,
} as const;

/** struct sockaddr: a byte of length before the family, which Linux has as two bytes. */
export const DARWIN_SOCKADDR = { length: 0, family: 1, data: 2 } as const;

/** An option of a socket, by its level and name. */
export interface SocketOption {
  /** What has the option. */
  readonly level: number;
  /** Its number. */
  readonly name: number;
}

/** Linux's options of a socket, and Darwin's for the same: TCP_USER_TIMEOUT has none. */
const OPTIONS: ReadonlyArray<readonly [level: number, name: number, darwin: SocketOption]> = [
  [C.SOL_SOCKET, C.SO_REUSEADDR, { level: DARWIN.SOL_SOCKET, name: DARWIN.SO_REUSEADDR }],
  [C.SOL_SOCKET, C.SO_ERROR, { level: DARWIN.SOL_SOCKET, name: DARWIN.SO_ERROR }],
  [C.SOL_SOCKET, C.SO_KEEPALIVE, { level: DARWIN.SOL_SOCKET, name: DARWIN.SO_KEEPALIVE }],
  [C.SOL_SOCKET, C.SO_REUSEPORT, { level: DARWIN.SOL_SOCKET, name: DARWIN.SO_REUSEPORT }],
  [C.SOL_SOCKET, C.SO_ACCEPTCONN, { level: DARWIN.SOL_SOCKET, name: DARWIN.SO_ACCEPTCONN }],
  [C.IPPROTO_TCP, C.TCP_NODELAY, { level: C.IPPROTO_TCP, name: C.TCP_NODELAY }],
  [C.IPPROTO_TCP, C.TCP_KEEPIDLE, { level: C.IPPROTO_TCP, name: DARWIN.TCP_KEEPALIVE }],
  [C.IPPROTO_IPV6, C.IPV6_V6ONLY, { level: C.IPPROTO_IPV6, name: DARWIN.IPV6_V6ONLY }],
];

/** Darwin's for an option of Linux; undefined where it has none. */
export function darwinOption(level: number, name: number): SocketOption | undefined {
  return OPTIONS.find((option) => option[0] === level && option[1] === name)?.[2];
}

/** Names of Darwin's error numbers; those that are not here have no name in messages. */
export const DARWIN_ERRORS: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  9: "EBADF",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  28: "ENOSPC",
  32: "EPIPE",
  35: "EAGAIN",
  36: "EINPROGRESS",
  37: "EALREADY",
  38: "ENOTSOCK",
  41: "EPROTOTYPE",
  42: "ENOPROTOOPT",
  43: "EPROTONOSUPPORT",
  45: "EOPNOTSUPP", // ENOTSUP, of which Linux makes the same
  47: "EAFNOSUPPORT",
  48: "EADDRINUSE",
  49: "EADDRNOTAVAIL",
  50: "ENETDOWN",
  51: "ENETUNREACH",
  53: "ECONNABORTED",
  54: "ECONNRESET",
  55: "ENOBUFS",
  56: "EISCONN",
  57: "ENOTCONN",
  60: "ETIMEDOUT",
  61: "ECONNREFUSED",
  62: "ELOOP",
  63: "ENAMETOOLONG",
  64: "EHOSTDOWN",
  65: "EHOSTUNREACH",
  100: "EPROTO",
  102: "EOPNOTSUPP",
};

/** Errors of Darwin that have no name here are none of Linux's: their numbers are beyond. */
const UNNAMED = 100_000;

/** Linux's error number for one of Darwin's. */
export function linuxErrno(darwin: number): number {
  return darwin === 0 ? 0 : errnoNumber(DARWIN_ERRORS[darwin] ?? "") ?? UNNAMED + darwin;
}
