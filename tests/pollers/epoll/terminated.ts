// A thread with an engine of its own, which has much open and waits until the thread is terminated.
import { ORPHANED_RESOURCES } from "../../../pollers/mod.ts";
import { postToOwner, startData } from "../../../pollers/native/thread.ts";
import { read } from "../promised.ts";
import { epollEngine } from "./setup.ts";

/** Of what it has open. */
export const PAIRS = 10;

async function open(): Promise<void> {
  const engine = epollEngine({ ownThread: true });
  for (let i = 0; i < PAIRS; i++) {
    const [one, other] = await engine.pair();
    void read(one);
    void read(other);
  }
  postToOwner(engine.extension(ORPHANED_RESOURCES)!.exportResources());
}

if (startData() === true) void open();
