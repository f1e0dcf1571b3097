// A thread of the executor: it runs one job at a time.

import { endThread, onOwnerMessage, postToOwner, startData } from "../native/thread.ts";
import { type FromThread, runJob, type ToThread } from "./job.ts";
import type { Transferable } from "../native/transferable.ts";

function tell(message: FromThread, transfer: readonly Transferable[] = []): void {
  postToOwner(message, transfer);
}

// Importing this by mistake starts nothing.
if (startData() !== undefined) {
  onOwnerMessage((message) => {
    const order = message as ToThread;
    if (order.kind === "end") endThread();
    else void runJob(order.call, (outcome, transfer) => tell({ kind: "ended", outcome }, transfer));
  });
  tell({ kind: "ready" });
}
