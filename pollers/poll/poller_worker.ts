// The poller thread: it waits in poll for an engine whose thread has its own loop to run.

import { openLibc, retainLibc } from "../ffi/libc.ts";
import { startData } from "../native/thread.ts";
import { type Handover, pollUntilQuit } from "../threads/handover.ts";
import type { PollerSource } from "../readiness/engine.ts";
import { PollsetSource } from "../readiness/fd_table.ts";
import { PollSet, type PollsetMemory } from "./pollset.ts";

const data = startData() as Handover<PollerSource<PollsetMemory>> | undefined;
// Importing this by mistake starts nothing.
if (data !== undefined) {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.because);
  retainLibc();
  const { words, pollset } = data.source;
  pollUntilQuit(data, new PollsetSource(words, new PollSet(opened.libc, words, pollset)));
}
