// io_uring's structs and constants as C has them; tests/pollers/ffi compares them with what a C program prints.

/** struct io_uring_params: what the kernel is asked for, and where it put things. */
export const URING_PARAMS = {
  size: 120,
  sqEntries: 0,
  cqEntries: 4,
  flags: 8,
  features: 20,
  sqHead: 40,
  sqTail: 44,
  sqMask: 48,
  sqFlags: 56,
  sqArray: 64,
  cqHead: 80,
  cqTail: 84,
  cqMask: 88,
  cqes: 100,
} as const;

/** struct io_uring_sqe: an operation that is asked for. */
export const SQE = {
  size: 64,
  opcode: 0,
  flags: 1,
  ioprio: 2,
  fd: 4,
  offset: 8,
  address: 16,
  length: 24,
  operationFlags: 28,
  userData: 32,
  bufferGroup: 40,
} as const;

/** struct io_uring_cqe: what became of an operation. */
export const CQE = { size: 16, userData: 0, result: 8, flags: 12 } as const;

/** struct io_uring_buf: one buffer of a ring of provided buffers. The ring's tail stands in the first one's last field. */
export const URING_BUFFER = { size: 16, address: 0, length: 8, id: 12, tail: 14 } as const;

/** struct io_uring_buf_reg. */
export const URING_BUFFER_RING = { size: 40, address: 0, entries: 8, group: 12 } as const;

/** struct io_uring_getevents_arg. */
export const URING_WAIT = { size: 24, signals: 0, timeout: 16 } as const;

/** Constants, the same on x86-64 and arm64. */
export const U = {
  SYS_SETUP: 425,
  SYS_ENTER: 426,
  SYS_REGISTER: 427,
  OFF_SQ_RING: 0,
  OFF_SQES: 0x10000000,
  SETUP_CQSIZE: 1 << 3,
  SETUP_CLAMP: 1 << 4,
  SETUP_SUBMIT_ALL: 1 << 7,
  SETUP_TASKRUN_FLAG: 1 << 9,
  SETUP_SINGLE_ISSUER: 1 << 12,
  SETUP_DEFER_TASKRUN: 1 << 13,
  SQ_CQ_OVERFLOW: 1 << 1,
  SQ_TASKRUN: 1 << 2,
  ENTER_GETEVENTS: 1 << 0,
  ENTER_EXT_ARG: 1 << 3,
  REGISTER_EVENTFD: 4,
  REGISTER_PBUF_RING: 22,
  OP_POLL_ADD: 6,
  OP_ACCEPT: 13,
  OP_ASYNC_CANCEL: 14,
  OP_CONNECT: 16,
  OP_SEND: 26,
  OP_RECV: 27,
  IOSQE_BUFFER_SELECT: 1 << 5,
  IOSQE_CQE_SKIP_SUCCESS: 1 << 6,
  ACCEPT_MULTISHOT: 1 << 0,
  CQE_F_BUFFER: 1 << 0,
  CQE_F_MORE: 1 << 1,
  CQE_F_SOCK_NONEMPTY: 1 << 2,
  CQE_BUFFER_SHIFT: 16,
} as const;
