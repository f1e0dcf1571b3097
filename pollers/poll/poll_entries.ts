// An array of struct pollfd: the end of the pipe that ends a wait, and the descriptors for whose readiness somebody waits.

import { C, POLLFD } from "../ffi/linux_layouts.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { eachWanted, type WantedSink } from "../readiness/fd_table.ts";
import type { EventSink } from "../readiness/pollset.ts";

/** Descriptors reported by one wait: more would only make the first of them wait for the last. */
export const MAX_EVENTS = 256;

/** What wakes a reader or a writer when it fails: errors are found out by trying. A descriptor that is not open is one. */
const FAILED = C.POLLERR | C.POLLHUP | C.POLLNVAL;
const READ_EVENTS = C.POLLIN | C.POLLRDHUP | FAILED;
const WRITE_EVENTS = C.POLLOUT | FAILED;
const HANGUP_EVENTS = C.POLLRDHUP | FAILED;

/** Entries at first. */
const FEW = 64;

/** The array of one thread; it grows. */
export class PollEntries implements WantedSink {
  /** Entries that are valid; the first is the pipe's. */
  count = 0;
  private memory = newMemory(FEW);
  /** The slot and the generation of each entry. */
  private slots = new Int32Array(FEW * 2);
  /** Where the last report stopped, so that those in front do not keep those behind from being reported. */
  private next = 1;

  /** `kickRead` is the end of the pipe that is read; `halfClose` see `Libc.pollHalfClose`. */
  constructor(private readonly kickRead: number, private readonly halfClose: number) {}

  /** The array. */
  get bytes(): Uint8Array {
    return this.memory.bytes;
  }

  /** The pipe was written to. */
  get kicked(): boolean {
    return this.memory.view.getUint16(POLLFD.returned, true) !== 0;
  }

  /** Fills the array with what is waited for in the table with the memory `words`. */
  collect(words: Int32Array): void {
    this.put(0, this.kickRead, C.POLLIN);
    this.count = 1;
    eachWanted(words, this);
  }

  onWanted(fd: number, slot: number, generation: number, reads: boolean, writes: boolean): void {
    const { count } = this;
    if (count * 2 === this.slots.length) this.grow();
    this.put(count, fd, (reads ? C.POLLIN | this.halfClose : 0) | (writes ? C.POLLOUT : 0));
    this.slots[count * 2] = slot;
    this.slots[count * 2 + 1] = generation;
    this.count = count + 1;
  }

  /** Calls `sink` for `ready` entries, {@linkcode MAX_EVENTS} at the most; how many those were. */
  report(ready: number, sink: EventSink): number {
    const { count, slots, memory: { view } } = this;
    const most = Math.min(ready, MAX_EVENTS);
    let reported = 0;
    let i = this.next;
    for (let left = count - 1; left > 0 && reported < most; left--, i++) {
      if (i >= count) i = 1;
      const at = i * POLLFD.size;
      const events = view.getUint16(at + POLLFD.returned, true);
      if (events === 0) continue;
      const wanted = view.getUint16(at + POLLFD.events, true);
      const readable = (events & READ_EVENTS) !== 0 && (wanted & C.POLLIN) !== 0;
      const writable = (events & WRITE_EVENTS) !== 0 && (wanted & C.POLLOUT) !== 0;
      sink.onEvent(slots[i * 2]!, slots[i * 2 + 1]!, readable, writable, (events & HANGUP_EVENTS) !== 0);
      reported++;
    }
    this.next = i < count ? i : 1;
    return reported;
  }

  private put(entry: number, fd: number, events: number): void {
    const { view } = this.memory;
    view.setInt32(entry * POLLFD.size + POLLFD.fd, fd, true);
    view.setUint16(entry * POLLFD.size + POLLFD.events, events, true);
  }

  private grow(): void {
    const { memory, slots } = this;
    this.memory = newMemory(slots.length);
    this.memory.bytes.set(memory.bytes);
    this.slots = new Int32Array(slots.length * 2);
    this.slots.set(slots);
  }
}

function newMemory(count: number): NativeMemory {
  return new Arena(count * POLLFD.size).allocate(count * POLLFD.size);
}
