// The poller thread: it waits in epoll_wait for an engine whose thread has its own loop to run. See handover.ts.

import { openLibc } from "../ffi/libc.ts";
import { startData } from "../native/thread.ts";
import { ReadyMarker } from "./fd_table.ts";
import { COUNT, ENGINE, type Handover, ONLINE, POLLER, QUIT, SIGNAL, TOKEN } from "./handover.ts";
import { Pollset } from "./pollset.ts";

function pollUntilQuit({ control, due, words, descriptors }: Handover): void {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.because);
  const pollset = new Pollset(opened.libc, descriptors);
  const marker = new ReadyMarker(words, due);
  Atomics.store(control, ONLINE, 1);
  for (;;) {
    for (;;) {
      // Looked at in this order: what was found below may just have taken the token back from whoever said to end.
      if (Atomics.load(control, QUIT) === 1) return;
      if (Atomics.load(control, TOKEN) === POLLER) break;
      Atomics.wait(control, TOKEN, ENGINE);
    }
    marker.count = 0;
    pollset.wait(Infinity, marker);
    if (marker.count === 0) continue; // nobody waits for what happened
    Atomics.store(control, COUNT, marker.count);
    Atomics.store(control, TOKEN, ENGINE);
    Atomics.store(control, SIGNAL, 1);
    Atomics.notify(control, SIGNAL);
  }
}

const data = startData();
// Whoever imports this by mistake starts nothing.
if (data !== undefined) pollUntilQuit(data as Handover);
