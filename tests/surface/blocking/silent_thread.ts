// A thread with a mailbox that it does not open.
import type { MessagePort } from "node:worker_threads";
import { endThread, startData } from "../../../pollers/native/thread.ts";

const ends = startData() as { readonly port: MessagePort } | undefined;
if (ends !== undefined) {
  ends.port.on("message", () => {});
  ends.port.on("close", endThread);
}
