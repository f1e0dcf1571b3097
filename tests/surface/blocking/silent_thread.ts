// A thread with a mailbox that it does not open. What it gets comes back after a while.
import type { MessagePort } from "node:worker_threads";
import { endThread, startData } from "../../../pollers/native/thread.ts";

const ends = startData() as { readonly port: MessagePort } | undefined;
if (ends !== undefined) {
  ends.port.on("message", (message) => {
    if (message !== null) return void setTimeout(() => ends.port.postMessage(message), 300);
    ends.port.postMessage("over");
    endThread();
  });
  ends.port.on("close", endThread);
}
