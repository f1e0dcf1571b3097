// A thread that sends a signal to its process again and again, until told to end.
import process from "node:process";
import { startData } from "../../../pollers/native/thread.ts";

function signal({ pid, ending }: { readonly pid: number; readonly ending: Int32Array }): void {
  while (Atomics.load(ending, 0) === 0) {
    process.kill(pid, "SIGUSR2");
    Atomics.add(ending, 1, 1);
    Atomics.wait(ending, 0, 0, 0.2);
  }
}

const data = startData();
if (data !== undefined) signal(data as { pid: number; ending: Int32Array });
