// The poller thread: it waits in the system's call for an engine whose thread has its own loop to run.

import { startData } from "../native/thread.ts";
import type { OpenedSystem } from "./factory.ts";
import { type Handover, pollUntilQuit } from "./handover.ts";
import type { EventSource } from "./waiting.ts";

/**
 * Polls until the engine ends, where this thread was started for it; importing the caller by mistake starts nothing. `open`
 * gives this thread the system's calls, and `create` its view of the engine's source of events, of what the engine gave to
 * its thread.
 */
export function runPollerThread<O extends OpenedSystem, S>(
  open: () => O,
  create: (system: Extract<O, { readonly ok: true }>, shared: S) => EventSource,
): void {
  const data = startData() as Handover<S> | undefined;
  if (data === undefined) return;
  const opened = open();
  if (!opened.ok) throw new Error(opened.because);
  pollUntilQuit(data, create(opened as Extract<O, { readonly ok: true }>, data.source));
}
