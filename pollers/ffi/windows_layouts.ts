// Windows' structs and constants on x86-64 as C has them; tests/windows compares them with what a C program prints.

/** OVERLAPPED: one operation in progress. `internal` is its NTSTATUS, `internalHigh` the bytes it moved. */
export const OVERLAPPED = { size: 32, internal: 0, internalHigh: 8, offset: 16, event: 24 } as const;

/** OVERLAPPED_ENTRY: one packet of a completion port. */
export const OVERLAPPED_ENTRY = { size: 32, key: 0, overlapped: 8, internal: 16, bytes: 24 } as const;

/** WSABUF. */
export const WSABUF = { size: 16, length: 0, base: 8 } as const;

/** struct sockaddr_in. */
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const;

/** struct sockaddr_in6. */
export const SOCKADDR_IN6 = { size: 28, family: 0, port: 2, address: 8, scope: 24 } as const;

/** struct sockaddr_un. */
export const SOCKADDR_UN = { size: 110, family: 0, path: 2 } as const;

/** struct linger. */
export const LINGER = { size: 4, on: 0, seconds: 2 } as const;

/** struct tcp_keepalive. */
export const TCP_KEEPALIVE = { size: 12, on: 0, idleMs: 4, intervalMs: 8 } as const;

/** TCP_INITIAL_RTO_PARAMETERS. */
export const TCP_INITIAL_RTO = { size: 4, rtt: 0, retransmissions: 2 } as const;

/** WSADATA. */
export const WSADATA = { size: 408 } as const;

/** Constants. */
export const C = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 23,
  SOCK_STREAM: 1,
  IPPROTO_TCP: 6,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 27,
  TCP_NODELAY: 1,
  SOL_SOCKET: 0xffff,
  SO_EXCLUSIVEADDRUSE: -5,
  SO_LINGER: 0x80,
  SO_UPDATE_ACCEPT_CONTEXT: 0x700b,
  SO_UPDATE_CONNECT_CONTEXT: 0x7010,
  SD_SEND: 1,
  SOMAXCONN: 0x7fff_ffff,
  FIONBIO: 0x8004_667e,
  SIO_GET_EXTENSION_FUNCTION_POINTER: 0xc800_0006,
  SIO_KEEPALIVE_VALS: 0x9800_0004,
  SIO_TCP_INITIAL_RTO: 0x9800_0011,
  WSA_FLAG_OVERLAPPED: 0x01,
  WSA_FLAG_NO_HANDLE_INHERIT: 0x80,
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: 1,
  FILE_SKIP_SET_EVENT_ON_HANDLE: 2,
  ERROR_INVALID_HANDLE: 6,
  PIPE_ACCESS_DUPLEX: 3,
  FILE_FLAG_OVERLAPPED: 0x4000_0000,
  FILE_FLAG_FIRST_PIPE_INSTANCE: 0x0008_0000,
  PIPE_REJECT_REMOTE_CLIENTS: 8,
  PIPE_UNLIMITED_INSTANCES: 255,
  GENERIC_READ: 0x8000_0000,
  GENERIC_WRITE: 0x4000_0000,
  OPEN_EXISTING: 3,
  SECURITY_SQOS_PRESENT: 0x0010_0000,
  SECURITY_IDENTIFICATION: 0x0001_0000,
  INFINITE: 0xffff_ffff,
  MEM_COMMIT: 0x1000,
  MEM_RESERVE: 0x2000,
  MEM_RELEASE: 0x8000,
  SYNCHRONIZE: 0x10_0000,
  PAGE_READWRITE: 4,
  PAGE_EXECUTE_READ: 0x20,
} as const;

/** Bytes that AcceptEx wants beyond each address. */
export const ACCEPT_ADDRESS_EXTRA = 16;

/** WSAID_ACCEPTEX and WSAID_CONNECTEX: the functions' GUIDs as they lie in memory. */
export const GUIDS = {
  acceptEx: [0xf1, 0x7d, 0x36, 0xb5, 0xac, 0xcb, 0xcf, 0x11, 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92],
  connectEx: [0xb9, 0x07, 0xa2, 0x25, 0xf3, 0xdd, 0x60, 0x46, 0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e],
} as const;
