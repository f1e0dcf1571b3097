// Why there can be no ring here, as a sentence.

import { UringCalls } from "../ffi/io_uring_calls.ts";
import { type LinuxLibc, type OpenedLibc, openLibc } from "../ffi/libc.ts";
import { EINVAL, ENOSYS, EPERM, errnoName } from "../ffi/linux_errno_table.ts";
import { RingError, tryRing } from "./ring.ts";

/** Where the kernel says who may make rings: 0 all, 1 those that are privileged, 2 nobody. */
const SWITCH = "/proc/sys/kernel/io_uring_disabled";

/** The first Linux with all that is used. */
const NEEDS = "it needs Linux 6.1";

/** The C library where rings can be had too, or a sentence that says why not. A ring is made and closed to find out. */
export function openUring(): OpenedLibc {
  const opened = openLibc();
  const because = opened.ok ? whyNoRing(opened.libc) : undefined;
  return because === undefined ? opened : { ok: false, because };
}

function whyNoRing(libc: LinuxLibc): string | undefined {
  const calls = UringCalls.open(libc);
  if (typeof calls === "string") return calls;
  try {
    tryRing(calls);
    return undefined;
  } catch (error) {
    return error instanceof RingError
      ? whyRefused(-error.result, calls.readText(SWITCH)?.trim())
      : (error as Error).message;
  } finally {
    calls.close();
  }
}

/** The reason for an error number of io_uring_setup, where the kernel's switch says `disabled`. */
export function whyRefused(errno: number, disabled: string | undefined): string {
  const name = errnoName(errno);
  switch (errno) {
    case ENOSYS:
      return `this kernel has no io_uring, or a sandbox hides it (${name}); ${NEEDS}`;
    case EINVAL:
      return `this kernel's io_uring is too old (${name}); ${NEEDS}`;
    case EPERM:
      if (disabled === "2") return "io_uring is switched off (kernel.io_uring_disabled is 2)";
      if (disabled === "1") {
        return "io_uring is switched off for unprivileged processes (kernel.io_uring_disabled is 1)";
      }
      return `this process may not use io_uring (${name}), as in containers with Docker's seccomp profile`;
    default:
      return `io_uring_setup failed: ${name}`;
  }
}
