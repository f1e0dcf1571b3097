// The poller thread of io_uring, which waits until there is something to be seen in the ring.

import { openLibc, retainLibc } from "../ffi/libc.ts";
import { runPollerThread } from "../threads/poller_thread.ts";
import { RingWatch } from "./pollset.ts";
import type { RingMemory } from "./ring.ts";

runPollerThread(openLibc, ({ libc }, ring: RingMemory) => {
  retainLibc();
  return new RingWatch(libc, ring);
});
