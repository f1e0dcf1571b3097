// The poller thread: it waits in GetQueuedCompletionStatusEx for an engine whose thread has its own loop to run.

import { openWinsock } from "../ffi/winsock.ts";
import { startData } from "../native/thread.ts";
import { type Handover, pollUntilQuit } from "../threads/handover.ts";
import { CompletionPort, type PortHandles } from "./completion_port.ts";

const data = startData() as Handover<PortHandles> | undefined;
// Importing this by mistake starts nothing.
if (data !== undefined) {
  const opened = openWinsock();
  if (!opened.ok) throw new Error(opened.because);
  pollUntilQuit(data, new CompletionPort(opened.winsock, data.source));
}
