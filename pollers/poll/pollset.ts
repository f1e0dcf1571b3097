// The arguments of poll(2), made anew for every wait of the descriptors that somebody waits for, and a pipe that ends it.
//
// poll is level-triggered and knows nothing from one call to the next: a descriptor that nobody waits for must be left out,
// or it would end every wait; and one that somebody begins to wait for, or closes, while another thread is in the call is
// not seen, or kept open, until the call is over. So each such change kicks, once a wait.

import { EAGAIN, EEXIST, EINTR, EINVAL, errnoName } from "../ffi/linux_errno_table.ts";
import { C, TIMESPEC } from "../ffi/linux_layouts.ts";
import type { Libc } from "../ffi/libc.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { PollEntries } from "./poll_entries.ts";
import type { EventSink, Pollset } from "../readiness/pollset.ts";
import { Sockets, whyNoPolling } from "../readiness/sockets.ts";

export { MAX_EVENTS } from "./poll_entries.ts";

/** Words of {@linkcode PollsetMemory.control}: threads in the call, or that make its arguments; and that one was kicked. */
const WAITING = 0;
const KICKED = 1;

/** What the threads of one set share. */
export interface PollsetMemory {
  /** The pipe: what is written to one end ends a wait. */
  readonly kickRead: number;
  readonly kickWrite: number;
  readonly control: Int32Array;
}

/** The descriptors of an engine's table for whose readiness somebody waits. */
export class PollSet implements Pollset {
  private readonly added = new Set<number>();
  private readonly scratch: NativeMemory;
  private readonly timeout: NativeMemory;
  private readonly entries: PollEntries;
  private closed = false;

  /** A view of a set that exists; see {@linkcode createPollset}. `words` is the table's memory. */
  constructor(
    private readonly libc: Libc,
    private readonly words: Int32Array,
    readonly shared: PollsetMemory,
  ) {
    const arena = new Arena(256);
    this.scratch = arena.allocate(64);
    this.timeout = arena.allocate(TIMESPEC.size);
    this.entries = new PollEntries(shared.kickRead, libc.pollHalfClose);
  }

  get own(): readonly number[] {
    return [this.shared.kickRead, this.shared.kickWrite];
  }

  /** As epoll has it: a descriptor stands once in a set, and files, which are always ready, do not. */
  add(fd: number): number {
    if (this.added.has(fd)) return -EEXIST;
    const reason = whyNoPolling(this.libc, fd);
    if (reason === 0) this.added.add(fd);
    return reason;
  }

  wanted(): void {
    const { control } = this.shared;
    if (Atomics.load(control, WAITING) > 0) this.kick();
  }

  /** Nothing is to be done: what is ready is reported as long as it is. */
  report(): void {}

  /** A thread in the call keeps the descriptor's file open: its peer would see no end. */
  remove(fd: number): void {
    this.added.delete(fd);
    this.wanted();
  }

  wait(timeoutMs: number, sink: EventSink): number {
    const { control } = this.shared;
    // First: whoever changes something from here on kicks.
    if (timeoutMs !== 0) Atomics.add(control, WAITING, 1);
    this.entries.collect(this.words);
    const ready = this.poll(timeoutMs);
    const errno = ready < 0 ? this.libc.errno() : 0;
    if (timeoutMs !== 0) Atomics.sub(control, WAITING, 1);
    if (errno === EINTR || errno === EAGAIN) return 0;
    if (errno !== 0) throw this.failure(errno);
    return this.entries.report(ready - (this.entries.kicked ? this.takeKicks() : 0), sink);
  }

  kick(): void {
    if (Atomics.exchange(this.shared.control, KICKED, 1) === 1) return;
    this.libc.write(this.shared.kickWrite, this.scratch.bytes, 1);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const fd of this.own) this.libc.close(fd);
  }

  /** The system takes no more entries than the process may have descriptors now, however many it has. */
  private failure(errno: number): Error {
    const { libc, entries: { count } } = this;
    const limit = errno === EINVAL ? new Sockets(libc).descriptorLimit() : Infinity;
    if (count <= limit) return new Error(`poll failed: ${errnoName(errno)}`);
    const lowered = `RLIMIT_NOFILE, which was lowered, is ${limit}; raise it, or take another poller`;
    return new Error(`poll failed: EINVAL: ${count} descriptors are waited for, and ${lowered}`);
  }

  /** 1; throws an Error where the pipe is not there any more. */
  private takeKicks(): number {
    const read = this.libc.read(this.shared.kickRead, this.scratch.bytes, 64);
    const errno = read < 0 ? this.libc.errno() : 0;
    // Once the pipe is empty: a kick before this is one of the wait that ends now, and after it one writes again. The other
    // way round what is written in between is taken too, and those who kick would rely on it for ever.
    Atomics.store(this.shared.control, KICKED, 0);
    if (errno !== 0 && errno !== EAGAIN) throw new Error(`poll failed: ${errnoName(errno)}`);
    return 1;
  }

  private poll(timeoutMs: number): number {
    const { libc, entries: { bytes, count } } = this;
    if (timeoutMs === 0) return libc.poll(bytes, count, 0);
    if (timeoutMs === Infinity) return libc.poll(bytes, count, -1);
    const { view } = this.timeout;
    const seconds = Math.floor(timeoutMs / 1000);
    view.setUint32(TIMESPEC.seconds, seconds, true);
    view.setUint32(TIMESPEC.nanoseconds, Math.floor((timeoutMs - seconds * 1000) * 1e6), true);
    return libc.ppoll(bytes, count, this.timeout.bytes, null);
  }
}

/** A new set; throws an Error where the system has no descriptors left. */
export function createPollset(libc: Libc, words: Int32Array): PollSet {
  const ends = new Arena(8).allocate(8);
  if (libc.pipe2(ends.bytes, C.SOCK_NONBLOCK | C.SOCK_CLOEXEC) < 0) {
    throw new Error(`pipe2 failed: ${errnoName(libc.errno())}`);
  }
  const control = new Int32Array(new SharedArrayBuffer(8));
  const kickRead = ends.view.getInt32(0, true);
  const kickWrite = ends.view.getInt32(4, true);
  return new PollSet(libc, words, { kickRead, kickWrite, control });
}
