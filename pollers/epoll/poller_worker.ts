// The poller thread of epoll, which waits in epoll_wait.

import { openLibc, retainLibc } from "../ffi/libc.ts";
import type { PollerSource } from "../readiness/engine.ts";
import { PollsetSource } from "../readiness/fd_table.ts";
import { runPollerThread } from "../threads/poller_thread.ts";
import { EpollSet, type PollsetDescriptors } from "./pollset.ts";

runPollerThread(openLibc, ({ libc }, { words, pollset }: PollerSource<PollsetDescriptors>) => {
  retainLibc();
  return new PollsetSource(words, new EpollSet(libc, pollset));
});
