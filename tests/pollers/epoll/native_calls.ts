// Calls of the C library that only tests make.
import { openLibrary } from "../../../pollers/ffi/library.ts";

const opened = openLibrary(["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"], {
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
});

/** The calls; only where the epoll poller can run. */
export function nativeCalls() {
  if (!opened.ok) throw new Error(opened.because);
  return opened.functions;
}
