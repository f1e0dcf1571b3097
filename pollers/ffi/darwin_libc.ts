// The C library of macOS under the names and with the numbers of Linux's: what is above knows one of them.
//
// This was written by the headers and never ran on macOS. What differs:
//
// - struct sockaddr begins with a byte of length and one of family, where Linux has two of family;
// - constants and error numbers (darwin_layouts.ts);
// - there are no SOCK_NONBLOCK, SOCK_CLOEXEC, accept4 and pipe2: fcntl does it after the call;
// - there is no MSG_NOSIGNAL: a socket has SO_NOSIGPIPE, and whatever else is written to F_SETNOSIGPIPE. So there is
//   nothing for sigprocmask and sigtimedwait to do;
// - there is no ppoll: waits are as long as whole milliseconds are;
// - unix sockets have no abstract names, and one without a name has a name of NULs;
// - fcntl is variadic, and on arm64 such arguments are on the stack, where others are in registers: see FCNTL.

import { architecture, platform } from "../native/detect.ts";
import { DARWIN, DARWIN_SOCKADDR, darwinOption, linuxErrno } from "./darwin_layouts.ts";
import { type Libc, type OpenedLibc, SOCKET_CALLS } from "./libc.ts";
import { type NativeFunctions, type NativeParameter, openLibrary, viewMemory } from "./library.ts";
import { C, TIMESPEC } from "./linux_layouts.ts";
import { Arena } from "./memory.ts";
import { openWholeTurn } from "./whole_turn.ts";

/** The C library by name. */
export const DARWIN_NAMES = ["libSystem.B.dylib"];

/** Calls that Linux has with flags. */
const OWN_CALLS = {
  accept: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  pipe: { parameters: ["buffer"], result: "i32" },
  __error: { parameters: [], result: "address" },
} as const;

/**
 * Parameters of fcntl by architecture. arm64 passes eight arguments in registers, and the ninth is the first on the stack,
 * where a variadic function looks for its first unnamed one; so six that nobody reads stand between. On x86-64 an unnamed
 * argument is where a named one would be.
 */
export const FCNTL: Readonly<Record<string, readonly NativeParameter[]>> = {
  x64: ["i32", "i32", "i64"],
  arm64: ["i32", "i32", "i64", "i64", "i64", "i64", "i64", "i64", "i64"],
};

const { accept4: _accept4, pipe2: _pipe2, fcntl: _fcntl, ppoll: _ppoll, ...SAME } = SOCKET_CALLS;
const { sigprocmask: _mask, sigtimedwait: _wait, ...CALLS } = { ...SAME, ...OWN_CALLS };

/** Darwin's calls as one thread uses them. */
export interface DarwinCalls extends Omit<NativeFunctions<typeof CALLS>, "__error"> {
  /** fcntl with one argument. */
  fcntl(fd: number, command: number, value: number): number;
}

let opened: OpenedLibc<Libc> | undefined = undefined;

/** Opens the C library of macOS, once a thread; it stays open. */
export function openDarwinLibc(): OpenedLibc<Libc> {
  return opened ??= open();
}

function open(): OpenedLibc<Libc> {
  const parameters = FCNTL[architecture];
  if (platform !== "darwin" || parameters === undefined) {
    return {
      ok: false,
      because: `it needs macOS on x64 or arm64, and this is ${platform} on ${architecture}`,
    };
  }
  const library = openLibrary(DARWIN_NAMES, CALLS);
  if (!library.ok) return library;
  const variadic = openLibrary(DARWIN_NAMES, { fcntl: { parameters, result: "i32" } });
  if (!variadic.ok) return variadic;
  const { __error, ...functions } = library.functions;
  const fcntl = variadic.functions.fcntl as (...values: number[]) => number;
  const between = parameters.slice(3).map(() => 0);
  const calls = {
    ...functions,
    fcntl: (...[fd, command, value]: number[]) => fcntl(fd!, command!, ...between, value!),
  };
  const errno = new Int32Array(viewMemory(__error(), 4));
  return passesArguments(calls)
    ? { ok: true, libc: asLinux(calls, errno) }
    : { ok: false, because: "this runtime's FFI does not pass the last argument of fcntl as macOS wants it" };
}

/** Whether fcntl gets what it is given: else every call would block. */
export function passesArguments({ pipe, fcntl, close }: DarwinCalls): boolean {
  const ends = new Arena(8).allocate(8);
  if (pipe(ends.bytes) < 0) return false;
  const fds = [ends.view.getInt32(0, true), ends.view.getInt32(4, true)] as const;
  const before = fcntl(fds[0], C.F_GETFL, 0);
  const set = fcntl(fds[0], C.F_SETFL, before | DARWIN.O_NONBLOCK);
  const after = fcntl(fds[0], C.F_GETFL, 0);
  for (const fd of fds) close(fd);
  return set === 0 && (before & DARWIN.O_NONBLOCK) === 0 && after === (before | DARWIN.O_NONBLOCK);
}

/** `calls` as Linux has them; `errno` is the word of this thread. */
export function asLinux(calls: DarwinCalls, errno: Int32Array): Libc {
  const sockets = new Descriptors(calls);
  const fails = (number: number): -1 => {
    errno[0] = number;
    return -1;
  };
  return {
    ...calls,
    ...descriptorCalls(calls, sockets),
    ...addressCalls(calls, sockets, fails),
    ...optionCalls(calls, fails),
    send: (fd, bytes, length) => calls.send(fd, bytes, length, 0),
    sendmsg: (fd, message) => calls.sendmsg(fd, message, 0),
    sigprocmask: () => 0,
    sigtimedwait: () => fails(EAGAIN),
    getrlimit: (resource, limits) =>
      calls.getrlimit(resource === C.RLIMIT_NOFILE ? DARWIN.RLIMIT_NOFILE : resource, limits),
    ppoll: (entries, count, timeout) => calls.poll(entries, count, millisecondsOf(timeout)),
    openWholeTurn: () => openWholeTurn(DARWIN_NAMES, "sched_yield"),
    pollHalfClose: 0,
    errno: () => linuxErrno(errno[0]!),
  };
}

/** Darwin's numbers of what fails here and not in the kernel. */
const EAGAIN = 35;
const ENOPROTOOPT = 42;
const EAFNOSUPPORT = 47;

/** What Linux's calls do to a descriptor that they make. */
class Descriptors {
  private readonly one = new Arena(4).allocate(4);

  constructor(private readonly calls: DarwinCalls) {
    this.one.view.setInt32(0, 1, true);
  }

  /** `fd`, of a call with Linux's `flags`; a negative one stays what it is. */
  made(fd: number, flags: number, isSocket: boolean): number {
    if (fd < 0) return fd;
    const { calls, one } = this;
    if (isSocket) calls.setsockopt(fd, DARWIN.SOL_SOCKET, DARWIN.SO_NOSIGPIPE, one.bytes, 4);
    if ((flags & C.SOCK_CLOEXEC) !== 0) calls.fcntl(fd, DARWIN.F_SETFD, DARWIN.FD_CLOEXEC);
    if ((flags & C.SOCK_NONBLOCK) !== 0) {
      calls.fcntl(fd, C.F_SETFL, calls.fcntl(fd, C.F_GETFL, 0) | DARWIN.O_NONBLOCK);
    }
    return fd;
  }

  /** The same for the two in `fds`, where `result` says that they were made. */
  madeTwo(result: number, fds: Uint8Array, flags: number, isSocket: boolean): number {
    if (result < 0) return result;
    const view = new DataView(fds.buffer, fds.byteOffset, 8);
    for (const at of [0, 4]) this.made(view.getInt32(at, true), flags, isSocket);
    return result;
  }
}

function descriptorCalls(calls: DarwinCalls, descriptors: Descriptors): Pick<Libc, "pipe2" | "fcntl"> {
  return {
    pipe2: (fds, flags) => descriptors.madeTwo(calls.pipe(fds!), fds!, flags, false),
    fcntl: (fd, command, value) => {
      if (command === C.F_DUPFD_CLOEXEC) return calls.fcntl(fd, DARWIN.F_DUPFD_CLOEXEC, value);
      const flags = calls.fcntl(fd, C.F_GETFL, 0);
      if (flags < 0) return flags;
      if (command === C.F_GETFL) return (flags & DARWIN.O_NONBLOCK) !== 0 ? C.O_NONBLOCK : 0;
      calls.fcntl(fd, DARWIN.F_SETNOSIGPIPE, 1); // whoever changes its flags writes to it
      const others = flags & ~DARWIN.O_NONBLOCK;
      return calls.fcntl(fd, C.F_SETFL, (value & C.O_NONBLOCK) !== 0 ? others | DARWIN.O_NONBLOCK : others);
    },
  };
}

function addressCalls(
  calls: DarwinCalls,
  descriptors: Descriptors,
  fails: (number: number) => -1,
): Pick<Libc, "socket" | "socketpair" | "bind" | "connect" | "accept4" | "getsockname" | "getpeername"> {
  const TYPE = 0xf;
  return {
    socket: (family, type, protocol) =>
      descriptors.made(calls.socket(toDarwinFamily(family), type & TYPE, protocol), type, true),
    socketpair: (family, type, protocol, fds) =>
      descriptors.madeTwo(calls.socketpair(family, type & TYPE, protocol, fds), fds!, type, true),
    bind: (fd, address, length) =>
      toDarwinAddress(address!, length) ? calls.bind(fd, address, length) : fails(EAFNOSUPPORT),
    connect: (fd, address, length) =>
      toDarwinAddress(address!, length) ? calls.connect(fd, address, length) : fails(EAFNOSUPPORT),
    accept4: (fd, address, length, flags) =>
      descriptors.made(named(calls.accept(fd, address, length), address!, length!), flags, true),
    getsockname: (fd, address, length) => named(calls.getsockname(fd, address, length), address!, length!),
    getpeername: (fd, address, length) => named(calls.getpeername(fd, address, length), address!, length!),
  };
}

function optionCalls(
  calls: DarwinCalls,
  fails: (number: number) => -1,
): Pick<Libc, "getsockopt" | "setsockopt"> {
  return {
    getsockopt: (fd, level, name, value, length) => {
      const option = darwinOption(level, name);
      if (option === undefined) return fails(ENOPROTOOPT);
      const result = calls.getsockopt(fd, option.level, option.name, value, length);
      if (result === 0 && option.name === DARWIN.SO_ERROR) {
        const view = new DataView(value!.buffer, value!.byteOffset, 4);
        view.setInt32(0, linuxErrno(view.getInt32(0, true)), true);
      }
      return result;
    },
    setsockopt: (fd, level, name, value, length) => {
      const option = darwinOption(level, name);
      return option === undefined
        ? fails(ENOPROTOOPT)
        : calls.setsockopt(fd, option.level, option.name, value, length);
    },
  };
}

function toDarwinFamily(family: number): number {
  return family === C.AF_INET6 ? DARWIN.AF_INET6 : family;
}

/** Makes Darwin's address of Linux's; false where Darwin has none, which is one with an abstract name. */
export function toDarwinAddress(address: Uint8Array, length: number): boolean {
  const family = address[0]!; // its other byte is 0
  if (family === C.AF_UNIX && length > DARWIN_SOCKADDR.data && address[DARWIN_SOCKADDR.data] === 0) {
    return false;
  }
  address[DARWIN_SOCKADDR.length] = length;
  address[DARWIN_SOCKADDR.family] = toDarwinFamily(family);
  return true;
}

/** Makes Linux's address of Darwin's, where `result` says that there is one; `length` is where its length stands. */
function named(result: number, address: Uint8Array, length: Uint8Array): number {
  if (result >= 0) fromDarwinAddress(address, new DataView(length.buffer, length.byteOffset, 4));
  return result;
}

/** Makes Linux's address of Darwin's, and its length. */
export function fromDarwinAddress(address: Uint8Array, length: DataView): void {
  if (length.getUint32(0, true) < DARWIN_SOCKADDR.data) return;
  const family = address[DARWIN_SOCKADDR.family]!;
  address[0] = family === DARWIN.AF_INET6 ? C.AF_INET6 : family;
  address[1] = 0;
  if (family === C.AF_UNIX && address[DARWIN_SOCKADDR.data] === 0) {
    length.setUint32(0, DARWIN_SOCKADDR.data, true);
  }
}

/** Whole milliseconds of a timespec, none too few; -1, without a limit, for none. */
function millisecondsOf(timeout: Uint8Array | null): number {
  if (timeout === null) return -1;
  const view = new DataView(timeout.buffer, timeout.byteOffset, TIMESPEC.size);
  const nanoseconds = view.getUint32(TIMESPEC.nanoseconds, true);
  return view.getUint32(TIMESPEC.seconds, true) * 1000 + Math.ceil(nanoseconds / 1e6);
}
