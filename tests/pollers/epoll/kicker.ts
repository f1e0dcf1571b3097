// A thread that kicks a pollset, once for each time that somebody was kicked.
import { EpollSet, type PollsetDescriptors } from "../../../pollers/epoll/pollset.ts";
import { startData } from "../../../pollers/native/thread.ts";
import { libc } from "../ffi/setup.ts";

interface Task {
  readonly descriptors: PollsetDescriptors;
  readonly turns: Int32Array;
  readonly times: number;
}

function kick({ descriptors, turns, times }: Task): void {
  const pollset = new EpollSet(libc(), descriptors);
  for (let i = 0; i < times; i++) {
    pollset.kick();
    while (Atomics.load(turns, 0) === i) Atomics.wait(turns, 0, i);
  }
}

const data = startData();
if (data !== undefined) kick(data as Task);
