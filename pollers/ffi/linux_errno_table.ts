// Linux's error numbers and their names, the same on x86-64 and arm64 (asm-generic/errno.h).

/** Not allowed; of epoll: what cannot be polled, as a regular file. */
export const EPERM = 1;
/** There is no such file. */
export const ENOENT = 2;
/** A signal came. */
export const EINTR = 4;
/** The descriptor is not open. */
export const EBADF = 9;
/** Nothing there yet, or no room yet. */
export const EAGAIN = 11;
/** Memory or a buffer that is not there. */
export const EFAULT = 14;
/** It is busy. */
export const EBUSY = 16;
/** It is there already. */
export const EEXIST = 17;
/** There is no such device. */
export const ENODEV = 19;
/** An argument makes no sense to the system. */
export const EINVAL = 22;
/** The process has all the descriptors that it may have. */
export const EMFILE = 24;
/** There is no reader any more. */
export const EPIPE = 32;
/** The kernel has no such call. */
export const ENOSYS = 38;
/** The time is over. */
export const ETIME = 62;
/** The machine is on no network. */
export const ENONET = 64;
/** A protocol error; of accept: of the connection that was about to be accepted. */
export const EPROTO = 71;
/** The protocol does not have the option. */
export const ENOPROTOOPT = 92;
/** It is not for this kind of descriptor. */
export const EOPNOTSUPP = 95;
/** The network's interface is down. */
export const ENETDOWN = 100;
/** There is no way to the network. */
export const ENETUNREACH = 101;
/** The peer ended the connection before it was accepted. */
export const ECONNABORTED = 103;
/** There are no buffers. */
export const ENOBUFS = 105;
/** No socket listens there. */
export const ECONNREFUSED = 111;
/** The host is down. */
export const EHOSTDOWN = 112;
/** There is no way to the host. */
export const EHOSTUNREACH = 113;
/** A connect is in progress. */
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
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  28: "ENOSPC",
  32: "EPIPE",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  40: "ELOOP",
  62: "ETIME",
  64: "ENONET",
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
  125: "ECANCELED",
};

/** "ECONNREFUSED" for 111; "errno 999" for a number without a name here. */
export function errnoName(errno: number): string {
  return NAMES[errno] ?? `errno ${errno}`;
}

/** 111 for "ECONNREFUSED"; undefined for a name that is not here. */
export function errnoNumber(name: string): number | undefined {
  const found = Object.keys(NAMES).find((number) => NAMES[Number(number)] === name);
  return found === undefined ? undefined : Number(found);
}
