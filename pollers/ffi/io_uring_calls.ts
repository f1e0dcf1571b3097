// The system calls of io_uring, for which the C library has no functions, and memory that is mapped.

import { runtime } from "../native/detect.ts";
import { LIBC_NAMES, type LinuxLibc } from "./libc.ts";
import { type NativeFunctions, openLibrary } from "./library.ts";
import { C } from "./linux_layouts.ts";
import { U } from "./io_uring_layouts.ts";

/** With addresses, which cost 0.2 us more on Deno: for calls that are rare, or wait. */
const RARE = {
  syscall: {
    parameters: ["i32", "address", "address", "address", "address", "address", "address"],
    result: "i32",
  },
  mmap: { parameters: ["address", "address", "i32", "i32", "i32", "i64"], result: "address" },
  munmap: { parameters: ["address", "address"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const;

/** io_uring_enter without a timeout; the last number is a signal mask that is none. */
const OFTEN = {
  syscall: { parameters: ["i32", "u32", "u32", "u32", "u32", "u32"], result: "i32" },
} as const;

/** Calls of one thread. A result below zero is a negative error number. */
export class UringCalls {
  private constructor(
    readonly libc: LinuxLibc,
    private readonly rare: NativeFunctions<typeof RARE>,
    private readonly often: NativeFunctions<typeof OFTEN>,
    private readonly closeLibraries: () => void,
  ) {}

  /** Opens them, or gives a sentence that says why there are none. */
  static open(libc: LinuxLibc): UringCalls | string {
    const rare = openLibrary(LIBC_NAMES, RARE);
    if (!rare.ok) return rare.because;
    const often = openLibrary(LIBC_NAMES, OFTEN);
    if (!often.ok) return often.because;
    return new UringCalls(libc, rare.functions, often.functions, () => {
      rare.close();
      often.close();
    });
  }

  /** A new ring's descriptor; `params` is where struct io_uring_params lies. */
  setup(entries: number, params: number): number {
    return this.result(this.rare.syscall(U.SYS_SETUP, entries, params, 0, 0, 0, 0));
  }

  /** Registers the one thing that `argument` says with a ring. */
  register(ring: number, what: number, argument: number): number {
    return this.result(this.rare.syscall(U.SYS_REGISTER, ring, what, argument, 1, 0, 0));
  }

  /** Submits, has what is due completed, and does not wait. */
  enter(ring: number, submit: number): number {
    return this.result(this.often.syscall(U.SYS_ENTER, ring, submit, 0, U.ENTER_GETEVENTS, 0));
  }

  /** The same, and waits until something is complete; `argument` is where struct io_uring_getevents_arg lies, or 0. */
  enterAndWait(ring: number, submit: number, argument: number, argumentBytes: number): number {
    const flags = argument === 0 ? U.ENTER_GETEVENTS : U.ENTER_GETEVENTS | U.ENTER_EXT_ARG;
    return this.result(this.rare.syscall(U.SYS_ENTER, ring, submit, 1, flags, argument, argumentBytes));
  }

  /** Maps memory: where it is, or the negative error number. */
  map(byteLength: number, protection: number, flags: number, fd: number, offset: number): number {
    const address = this.rare.mmap(0, byteLength, protection, flags, fd, offset);
    // MAP_FAILED is the highest address there could be.
    return address > 0 && address < 2 ** 63 ? address : -this.libc.errno();
  }

  /** Unmaps memory; views of it must not be touched any more. */
  unmap(address: number, byteLength: number): void {
    this.rare.munmap(address, byteLength);
  }

  /** Puts zeros where memory was mapped: what was there is given up, and who touches it still finds something. */
  mapNothing(address: number, byteLength: number): void {
    const flags = C.MAP_PRIVATE | C.MAP_ANONYMOUS | C.MAP_FIXED;
    this.rare.mmap(address, byteLength, C.PROT_READ | C.PROT_WRITE, flags, -1, 0);
  }

  /** Ends a socket in both directions, and its listening, whoever else has it. */
  shutdown(fd: number): void {
    this.rare.shutdown(fd, C.SHUT_RDWR);
  }

  /** The beginning of a file as text; undefined where it cannot be read. */
  readText(path: string): string | undefined {
    const fd = this.rare.open(new TextEncoder().encode(`${path}\0`), 0);
    if (fd < 0) return undefined;
    const bytes = new Uint8Array(4_096);
    const count = this.libc.read(fd, bytes, bytes.length);
    this.libc.close(fd);
    return new TextDecoder().decode(bytes.subarray(0, Math.max(0, count)));
  }

  /** No call may follow. */
  close(): void {
    if (runtime === "deno") this.closeLibraries();
  }

  private result(value: number): number {
    return value < 0 ? -this.libc.errno() : value;
  }
}
