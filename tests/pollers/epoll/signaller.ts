// A thread that sends SIGUSR2 to another one again and again, until told to end.
import { startData } from "../../../pollers/native/thread.ts";
import { signalThread } from "./native_calls.ts";

/** Given to the thread; `ending` is 1 for it to end, and counts the signals. */
export interface Signalled {
  readonly thread: number;
  readonly ending: Int32Array;
}

const SIGUSR2 = 12;

function signal({ thread, ending }: Signalled): void {
  while (Atomics.load(ending, 0) === 0) {
    signalThread(thread, SIGUSR2);
    Atomics.add(ending, 1, 1);
    Atomics.wait(ending, 0, 0, 0.2);
  }
}

const data = startData();
if (data !== undefined) signal(data as Signalled);
