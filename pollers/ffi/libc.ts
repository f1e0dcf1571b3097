// The C library of Linux: the calls that a poller makes, errno, and why there may be none.

import { architecture, platform, runtime } from "../native/detect.ts";
import { type NativeFunctions, openLibrary, viewMemory } from "./library.ts";
import { openWholeTurn, type WholeTurn } from "./whole_turn.ts";
import { C, KNOWN_ARCHITECTURES, type LinuxLayouts, linuxLayouts } from "./linux_layouts.ts";

/** glibc, then musl by architecture. */
export const LIBC_NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Calls that every Unix has, most of them with flags that are Linux's alone. */
export const SOCKET_CALLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // The length as 32 bits: the high half of its register is zero on x86-64 and arm64, and on Deno it is 0.14 us cheaper.
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "address"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  readv: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "address"], result: "i32" },
  writev: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  sigtimedwait: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "address", "i32"], result: "i32" },
  ppoll: { parameters: ["buffer", "address", "buffer", "buffer"], result: "i32" },
} as const;

/** Calls of Linux alone. */
const LINUX_CALLS = {
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "address" },
} as const;

const SIGNATURES = { ...SOCKET_CALLS, ...LINUX_CALLS };

/** Linux 5.11 and glibc 2.35: epoll_wait with a timeout in nanoseconds. */
const PRECISE_WAIT = {
  epoll_pwait2: { parameters: ["i32", "buffer", "i32", "buffer", "buffer"], result: "i32" },
} as const;

/** The C library as one thread uses it, whichever Unix it is of: with Linux's constants, structs and error numbers. */
export interface Libc extends NativeFunctions<typeof SOCKET_CALLS> {
  /** The error number of this thread's last call that failed. */
  errno(): number;
  /** One whole turn of the runtime's loop, where its iterations are not. */
  openWholeTurn(): WholeTurn | undefined;
  /** What poll(2) is asked for to say that a peer has ended; 0 where it says so by itself. */
  readonly pollHalfClose: number;
}

/** The C library of Linux. */
export interface LinuxLibc extends Libc, NativeFunctions<typeof LINUX_CALLS> {
  /** Structs of this machine's architecture. */
  readonly layouts: LinuxLayouts;
  /** Not there on older systems. */
  readonly epoll_pwait2: NativeFunctions<typeof PRECISE_WAIT>["epoll_pwait2"] | undefined;
}

/** The C library, or a sentence that says why there is none. */
export type OpenedLibc<L extends Libc = LinuxLibc> = { readonly ok: true; readonly libc: L } | {
  readonly ok: false;
  readonly because: string;
};

let opened: OpenedLibc | undefined = undefined;
let users = 0;
let closeLibraries: () => void = () => {};

/**
 * Opens the C library, once a thread. It stays open until the end of the caller's turn, and beyond that while
 * it is retained.
 */
export function openLibc(): OpenedLibc {
  if (opened === undefined) {
    opened = open();
    queueMicrotask(closeUnused);
  }
  return opened;
}

/** Has the C library stay open until as many calls of {@linkcode releaseLibc}. */
export function retainLibc(): void {
  users++;
}

/** Undoes one {@linkcode retainLibc}; its caller must not call the C library any more. */
export function releaseLibc(): void {
  users--;
  queueMicrotask(closeUnused);
}

/** Deno's tests ask what is open. Bun's do not, and there it stays open, for opening it costs milliseconds. */
function closeUnused(): void {
  if (users > 0 || runtime !== "deno" || opened === undefined) return;
  opened = undefined;
  closeLibraries();
  closeLibraries = () => {};
}

function open(): OpenedLibc {
  if (platform !== "linux") {
    return { ok: false, because: `it needs Linux, and this is ${platform}` };
  }
  const layouts = linuxLayouts(architecture);
  if (layouts === undefined) {
    const known = KNOWN_ARCHITECTURES.join(" and ");
    return { ok: false, because: `the layout of structs on ${architecture} is unknown; known are ${known}` };
  }
  const library = openLibrary(LIBC_NAMES, SIGNATURES);
  if (!library.ok) return library;
  const { functions } = library;
  const precise = openLibrary(LIBC_NAMES, PRECISE_WAIT);
  const epoll_pwait2 = precise.ok ? precise.functions.epoll_pwait2 : undefined;
  // errno lies in memory of this thread, where it stays as long as the thread does.
  const errno = new Int32Array(viewMemory(functions.__errno_location(), 4));
  closeLibraries = () => {
    library.close();
    if (precise.ok) precise.close();
  };
  const libc: LinuxLibc = {
    ...functions,
    epoll_pwait2,
    openWholeTurn: () => openWholeTurn(LIBC_NAMES, "sched_yield"),
    layouts,
    pollHalfClose: C.POLLRDHUP,
    errno: () => errno[0]!,
  };
  return { ok: true, libc };
}
