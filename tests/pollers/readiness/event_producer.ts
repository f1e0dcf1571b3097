// A thread that makes a lock-free event ready again and again, as the poller thread does.
import { setReady } from "../../../pollers/readiness/lockfree_event.ts";
import { startData } from "../../../pollers/native/thread.ts";

/** Word indexes: the event, how much came, how much was taken, and how often the waiter was told. */
export const EVENT = 0;
export const PRODUCED = 1;
export const CONSUMED = 2;
export const TOLD = 3;

/** So far the producer runs ahead: far enough to race, near enough that the consumer often has to wait. */
const AHEAD = 3;

function produce({ words, count }: { words: Int32Array; count: number }): void {
  for (let i = 1; i <= count; i++) {
    while (i - Atomics.load(words, CONSUMED) > AHEAD);
    Atomics.store(words, PRODUCED, i);
    if (!setReady(words, EVENT, 1)) continue;
    Atomics.add(words, TOLD, 1);
    Atomics.notify(words, TOLD);
  }
}

const data = startData();
if (data !== undefined) produce(data as { words: Int32Array; count: number });
