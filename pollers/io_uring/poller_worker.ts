// The poller thread: it looks after the ring of an engine whose thread has its own loop to run.

import { openLibc, retainLibc } from "../ffi/libc.ts";
import { startData } from "../native/thread.ts";
import { type Handover, pollUntilQuit } from "../threads/handover.ts";
import { RingWatch } from "./pollset.ts";
import type { RingMemory } from "./ring.ts";

const data = startData() as Handover<RingMemory> | undefined;
// Importing this by mistake starts nothing.
if (data !== undefined) {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.because);
  retainLibc();
  pollUntilQuit(data, new RingWatch(opened.libc, data.source));
}
