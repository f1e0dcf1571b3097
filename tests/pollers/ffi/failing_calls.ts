// Calls that fail, each with an error number of its own, while garbage is made; on whatever thread runs them.
import type { LinuxLibc } from "../../../pollers/ffi/libc.ts";
import { EBADF, EINVAL, ENOENT, ENOTSOCK } from "./numbers.ts";

/** Makes `times` failing calls and gives the number of those after which errno was another one. */
export function countWrongErrnos(libc: LinuxLibc, times: number): number {
  const noPath = new TextEncoder().encode("/no/such/folder/at/all\0");
  const fd = libc.eventfd(0, 0);
  const failing: ReadonlyArray<readonly [errno: number, call: () => number]> = [
    [EBADF, () => libc.close(-1)],
    [EINVAL, () => libc.epoll_wait(fd, new Uint8Array(64), 1, 0)],
    [ENOENT, () => libc.unlink(noPath)],
    [ENOTSOCK, () => libc.listen(fd, 1)],
  ];
  let wrong = 0;
  const garbage: Uint8Array[] = [];
  for (let i = 0; i < times; i++) {
    const [errno, call] = failing[(i * 7 + (i >> 3)) % failing.length]!;
    if (call() !== -1 || libc.errno() !== errno) wrong++;
    // From here on errno may be anything: making memory and collecting it are system calls as well.
    garbage[i % 64] = new Uint8Array(i % 5000);
    if (libc.fcntl(fd, 3, 0) < 0) wrong++;
  }
  libc.close(fd);
  return wrong;
}
