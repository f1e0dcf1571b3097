// macOS' calls over Linux's, with the numbers and structs of its headers, to try what is written for macOS.
import type { DarwinCalls } from "../../../pollers/ffi/darwin_libc.ts";
import { DARWIN_ERRORS } from "../../../pollers/ffi/darwin_layouts.ts";
import type { Libc } from "../../../pollers/ffi/libc.ts";
import { errnoName } from "../../../pollers/ffi/linux_errno_table.ts";
import { Arena } from "../../../pollers/ffi/memory.ts";

/** Options by level and name, as macOS has them, and Linux's. */
const OPTIONS: Readonly<Record<string, readonly [number, number]>> = {
  "65535 4": [1, 2],
  "65535 8": [1, 9],
  "65535 512": [1, 15],
  "65535 4103": [1, 4],
  "6 1": [6, 1],
  "6 16": [6, 4],
  "41 27": [41, 26],
};

/** The error number of macOS for one of Linux. */
function darwinErrno(linux: number): number {
  const name = errnoName(linux);
  const found = Object.entries(DARWIN_ERRORS).find(([, other]) => other === name);
  if (found !== undefined) return Number(found[0]);
  if (linux > 34) throw new Error(`macOS has no ${name} here`);
  return linux; // the first ones are those of the first Unix
}

/** Calls of macOS; `errno` is its word. What Linux would take and macOS would not is an Error. */
export class Darwin {
  readonly errno = new Int32Array(1);
  /** Calls that leave no trace in Linux. */
  readonly log: string[] = [];
  private readonly address = new Arena(128).allocate(128);

  constructor(private readonly linux: Libc) {}

  /** The calls. */
  calls(): DarwinCalls {
    const { linux } = this;
    const own = {
      socket: (family: number, type: number, protocol: number) =>
        linux.socket(this.family(family), this.plain(type), protocol),
      socketpair: (family: number, type: number, protocol: number, fds: Uint8Array | null) =>
        linux.socketpair(this.family(family), this.plain(type), protocol, fds),
      bind: (fd: number, address: Uint8Array | null, length: number) =>
        linux.bind(fd, this.toLinux(address!, length), length),
      connect: (fd: number, address: Uint8Array | null, length: number) =>
        linux.connect(fd, this.toLinux(address!, length), length),
      accept: (fd: number, address: Uint8Array | null, length: Uint8Array | null) =>
        this.toDarwin(linux.accept4(fd, address, length, 0), address!, length!),
      getsockname: (fd: number, address: Uint8Array | null, length: Uint8Array | null) =>
        this.toDarwin(linux.getsockname(fd, address, length), address!, length!),
      getpeername: (fd: number, address: Uint8Array | null, length: Uint8Array | null) =>
        this.toDarwin(linux.getpeername(fd, address, length), address!, length!),
      setsockopt: (fd: number, level: number, name: number, value: Uint8Array | null, length: number) =>
        this.setOption(fd, level, name, value, length),
      getsockopt: (
        fd: number,
        level: number,
        name: number,
        value: Uint8Array | null,
        length: Uint8Array | null,
      ) => this.getOption(fd, level, name, value!, length),
      send: (fd: number, bytes: Uint8Array | null, length: number, flags: number) =>
        linux.send(fd, bytes, length, this.none(flags) | 0x4000),
      sendmsg: (fd: number, message: Uint8Array | null, flags: number) =>
        linux.sendmsg(fd, message, this.none(flags) | 0x4000),
      pipe: (fds: Uint8Array | null) => linux.pipe2(fds, 0),
      fcntl: (fd: number, command: number, value: number) => this.fcntl(fd, command, value),
      getrlimit: (resource: number, limits: Uint8Array | null) =>
        linux.getrlimit(resource === 8 ? 7 : -1, limits),
    };
    return this.withErrno({ ...linux, ...own });
  }

  private withErrno(calls: object): DarwinCalls {
    const wrapped = Object.entries(calls).map(([name, call]) => [
      name,
      typeof call !== "function" ? call : (...values: unknown[]) => {
        const result = call(...values);
        if (result === -1) this.errno[0] = darwinErrno(this.linux.errno());
        return result;
      },
    ]);
    return Object.fromEntries(wrapped);
  }

  private family(family: number): number {
    if (family === 10) throw new Error("10 is no family of macOS");
    return family === 30 ? 10 : family;
  }

  private plain(type: number): number {
    if (type > 5) throw new Error(`macOS has no flags in a socket's type: ${type}`);
    return type;
  }

  private none(flags: number): number {
    if (flags !== 0) throw new Error(`macOS has no such flags: ${flags}`);
    return flags;
  }

  private toLinux(address: Uint8Array, length: number): Uint8Array {
    if (address[0] !== length) throw new Error(`An address of ${length} bytes says ${address[0]}`);
    const { bytes } = this.address;
    bytes.set(address.subarray(0, length));
    bytes[0] = this.family(address[1]!);
    bytes[1] = 0;
    return bytes;
  }

  private toDarwin(result: number, address: Uint8Array, length: Uint8Array): number {
    if (result < 0) return result;
    const family = address[0]!;
    const isUnnamed = family === 1 && length[0] === 2;
    if (isUnnamed) {
      address.fill(0, 2, 16);
      length[0] = 16;
    }
    address[0] = length[0]!;
    address[1] = family === 10 ? 30 : family;
    return result;
  }

  private setOption(
    fd: number,
    level: number,
    name: number,
    value: Uint8Array | null,
    length: number,
  ): number {
    if (level === 0xffff && name === 0x1022) {
      this.log.push("SO_NOSIGPIPE");
      return 0;
    }
    const option = OPTIONS[`${level} ${name}`];
    if (option === undefined) throw new Error(`macOS has no option ${level} ${name} here`);
    return this.linux.setsockopt(fd, option[0], option[1], value, length);
  }

  private getOption(
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint8Array | null,
  ): number {
    const option = OPTIONS[`${level} ${name}`];
    if (option === undefined) throw new Error(`macOS has no option ${level} ${name} here`);
    const result = this.linux.getsockopt(fd, option[0], option[1], value, length);
    if (name === 0x1007 && value[0] !== 0) value[0] = darwinErrno(value[0]!);
    return result;
  }

  private fcntl(fd: number, command: number, value: number): number {
    const { linux } = this;
    switch (command) {
      case 3: {
        const flags = linux.fcntl(fd, 3, 0);
        return flags < 0 ? flags : (flags & 3) | ((flags & 0o4000) !== 0 ? 4 : 0);
      }
      case 4:
        return linux.fcntl(fd, 4, (value & 4) !== 0 ? 0o4000 : 0);
      case 2:
        return linux.fcntl(fd, 2, value);
      case 67:
        return linux.fcntl(fd, 1030, value);
      case 73:
        this.log.push("F_SETNOSIGPIPE");
        return 0;
      default:
        throw new Error(`macOS has no command ${command} here`);
    }
  }
}
