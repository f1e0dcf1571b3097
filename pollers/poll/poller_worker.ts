// The poller thread of poll, which waits in poll(2).

import { retainLibc } from "../ffi/libc.ts";
import { openUnixLibc } from "../ffi/unix_libc.ts";
import type { PollerSource } from "../readiness/engine.ts";
import { PollsetSource } from "../readiness/fd_table.ts";
import { runPollerThread } from "../threads/poller_thread.ts";
import { PollSet, type PollsetMemory } from "./pollset.ts";

runPollerThread(openUnixLibc, ({ libc }, { words, pollset }: PollerSource<PollsetMemory>) => {
  retainLibc();
  return new PollsetSource(words, new PollSet(libc, words, pollset));
});
