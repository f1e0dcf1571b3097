// The types of the engine contract in one list: entry points export it, since their signatures name them.

export type {
  DnsTarget,
  InetAddress,
  InProcessAddress,
  NamedPipeAddress,
  SocketAddress,
  Target,
  UnixAbstractAddress,
  UnixAddress,
} from "./address.ts";
export type * from "./engine.ts";
export type { ApplicationCallback, AtIterationEnd, ExecCtx, Flushable } from "./exec_ctx.ts";
export type { IoError, IoErrorKind, IoSyscall } from "./io_error.ts";
export type { SliceBuffer } from "./slice_buffer.ts";
