// Second descriptors of listening sockets: see starvation.ts, which uses them.

import type { OrphanedResources } from "../contract/extension.ts";
import { type Libc, openLibc } from "../ffi/libc.ts";
import { C } from "../ffi/linux_layouts.ts";
import { runtime } from "./detect.ts";

/** Second descriptors that one thread can have; listening sockets beyond have none, and do not pause. */
const MOST_SPARES = 256;

/** The second descriptors of a thread's engines, in shared memory: the runtime does not close them where the thread crashes. */
export class Spares implements OrphanedResources {
  /** Each descriptor plus one; 0 where there is none. */
  private readonly words = new Int32Array(new SharedArrayBuffer(4 * MOST_SPARES));

  /** Duplicates a descriptor; negative where that cannot be. */
  make(descriptor: number, libc: Libc): number {
    const at = this.words.indexOf(0);
    const spare = at < 0 ? -1 : libc.fcntl(descriptor, C.F_DUPFD_CLOEXEC, 0);
    if (spare >= 0) Atomics.store(this.words, at, spare + 1);
    return spare;
  }

  /** The descriptor is the runtime's from here on. */
  give(spare: number): void {
    const at = this.words.indexOf(spare + 1);
    if (at >= 0) Atomics.store(this.words, at, 0);
  }

  /** Closes a descriptor. */
  close(spare: number, libc: Libc): void {
    this.give(spare); // first: reclaiming must not close a descriptor that gets this number next
    libc.close(spare);
  }

  exportResources(): unknown {
    return this.words;
  }

  reclaimResources(exported: unknown, kept: readonly number[] = []): Promise<void> {
    const words = exported as Int32Array;
    for (let at = 0; at < words.length; at++) {
      const spare = Atomics.exchange(words, at, 0) - 1;
      if (spare >= 0 && !kept.includes(spare)) duplicator()!.close(spare);
    }
    return Promise.resolve();
  }
}

/** What duplicates descriptors; undefined where it is not needed, or there is none. */
export function duplicator(): Libc | undefined {
  const opened = runtime === "bun" ? openLibc() : undefined;
  return opened?.ok ? opened.libc : undefined;
}
