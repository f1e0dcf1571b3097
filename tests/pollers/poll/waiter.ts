// A thread that waits in a set of poll again and again, as the poller thread does, and dispatches nothing.
import { openLibc, retainLibc } from "../../../pollers/ffi/libc.ts";
import { startData } from "../../../pollers/native/thread.ts";
import { MAX_EVENTS } from "../../../pollers/poll/poll_entries.ts";
import { PollSet, type PollsetMemory } from "../../../pollers/poll/pollset.ts";
import { PollsetSource } from "../../../pollers/readiness/fd_table.ts";

/** Word indexes of the marks. */
export const STARTED = 0;
export const ROUND = 1;
export const OVER = 2;

const data = startData() as { words: Int32Array; shared: PollsetMemory; marks: Int32Array } | undefined;
if (data !== undefined) {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.because);
  retainLibc();
  const { words, shared, marks } = data;
  const source = new PollsetSource(words, new PollSet(opened.libc, words, shared));
  const due = new Int32Array(MAX_EVENTS * 4);
  Atomics.store(marks, STARTED, 1);
  while (Atomics.load(marks, OVER) === 0) {
    source.wait(Infinity, due);
    Atomics.add(marks, ROUND, 1);
  }
}
