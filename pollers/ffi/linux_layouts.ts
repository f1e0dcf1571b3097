// Linux's structs and constants as C has them; tests/pollers/ffi compares them with what a C program prints.

/** Offsets and sizes in bytes. */
export interface LinuxLayouts {
  /** struct epoll_event: packed on x86-64, so that 32-bit programs have the same; naturally aligned elsewhere. */
  readonly epollEvent: { readonly size: number; readonly events: number; readonly data: number };
}

/** What differs between architectures. */
const ARCHITECTURES: Readonly<Record<string, LinuxLayouts>> = {
  x64: { epollEvent: { size: 12, events: 0, data: 4 } },
  arm64: { epollEvent: { size: 16, events: 0, data: 8 } },
};

/** The layouts of an architecture by Node's name for it ("x64"), or undefined where they are not known here. */
export function linuxLayouts(architecture: string): LinuxLayouts | undefined {
  return ARCHITECTURES[architecture];
}

/** Architectures whose layouts are known. */
export const KNOWN_ARCHITECTURES: readonly string[] = Object.keys(ARCHITECTURES);

/** struct iovec. */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

/** struct msghdr. */
export const MSGHDR = {
  size: 56,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovLength: 24,
  control: 32,
  flags: 48,
} as const;

/** struct sockaddr_in. */
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const;

/** struct sockaddr_in6. */
export const SOCKADDR_IN6 = { size: 28, family: 0, port: 2, address: 8, scope: 24 } as const;

/** struct sockaddr_un. */
export const SOCKADDR_UN = { size: 110, family: 0, path: 2 } as const;

/** struct rlimit. */
export const RLIMIT = { size: 16, current: 0, maximum: 8 } as const;

/** sigset_t: a bit a signal, the first is signal 1. */
export const SIGSET = { size: 128 } as const;

/** struct pollfd. */
export const POLLFD = { size: 8, fd: 0, events: 4, returned: 6 } as const;

/** struct timespec. */
export const TIMESPEC = { size: 16, seconds: 0, nanoseconds: 8 } as const;

/** Constants, the same on x86-64 and arm64. */
export const C = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_ERROR: 4,
  SO_KEEPALIVE: 9,
  SO_REUSEPORT: 15,
  SO_ACCEPTCONN: 30,
  IPPROTO_TCP: 6,
  TCP_NODELAY: 1,
  TCP_KEEPIDLE: 4,
  TCP_USER_TIMEOUT: 18,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  SHUT_RDWR: 2,
  MSG_NOSIGNAL: 0x4000,
  SIGPIPE: 13,
  SIG_BLOCK: 0,
  SIG_SETMASK: 2,
  F_DUPFD_CLOEXEC: 1030,
  F_GETFL: 3,
  F_SETFL: 4,
  O_NONBLOCK: 0o4000,
  SEEK_CUR: 1,
  POLLIN: 0x001,
  POLLOUT: 0x004,
  POLLERR: 0x008,
  POLLHUP: 0x010,
  POLLNVAL: 0x020,
  POLLRDHUP: 0x2000,
  EPOLL_CTL_ADD: 1,
  EPOLL_CTL_DEL: 2,
  EPOLL_CTL_MOD: 3,
  EPOLL_CLOEXEC: 0o2000000,
  EPOLLIN: 0x001,
  EPOLLOUT: 0x004,
  EPOLLERR: 0x008,
  EPOLLHUP: 0x010,
  EPOLLRDHUP: 0x2000,
  EPOLLET: 0x80000000,
  EFD_NONBLOCK: 0o4000,
  EFD_CLOEXEC: 0o2000000,
  RLIMIT_NOFILE: 7,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 0x01,
  MAP_PRIVATE: 0x02,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_POPULATE: 0x8000,
} as const;
