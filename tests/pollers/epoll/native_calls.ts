// Calls of the C library that only tests make.
import process from "node:process";
import { openLibrary } from "../../../pollers/ffi/library.ts";

const opened = openLibrary(["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"], {
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  /** Of up to three integers. */
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
});

const [GETTID, TGKILL] = process.arch === "arm64" ? [178, 131] : [186, 234];

/** This thread, as {@linkcode signalThread} takes it. */
export function threadId(): number {
  return nativeCalls().syscall(GETTID!, 0, 0, 0);
}

/** Sends a signal to one thread of this process. */
export function signalThread(thread: number, signal: number): void {
  nativeCalls().syscall(TGKILL!, process.pid, thread, signal);
}

/** The calls; only where the epoll poller can run. */
export function nativeCalls() {
  if (!opened.ok) throw new Error(opened.because);
  return opened.functions;
}
