// A ring with the eventfd by which another thread is told of it, and that thread's look at it.
//
// The ring's operations are the engine's thread's alone (see ring.ts), so the poller thread submits and takes nothing. It
// sleeps until the kernel adds to the eventfd, which it does when completions have come or are due, and wakes the engine's
// thread, which looks.

import { EINTR, errnoName } from "../ffi/linux_errno_table.ts";
import { C, POLLFD } from "../ffi/linux_layouts.ts";
import { U } from "../ffi/io_uring_layouts.ts";
import type { UringCalls } from "../ffi/io_uring_calls.ts";
import type { LinuxLibc } from "../ffi/libc.ts";
import { viewMemory } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import type { EventSource } from "../threads/waiting.ts";
import { LOOK } from "./operations.ts";
import { COMPLETION_NUMBERS, KICKED, Ring, RingError, type RingMemory } from "./ring.ts";

/** Completions taken at once: more would only make the first of them wait for the last. */
export const MAX_EVENTS = 256;

/** A ring as the poller thread sees it. */
export class RingWatch implements EventSource {
  readonly loss = "the ring can no longer be waited on";
  private readonly words: Int32Array;
  private readonly entry: NativeMemory;
  private readonly counter: NativeMemory;

  /** The ring stays as long as this thread does. */
  constructor(private readonly libc: LinuxLibc, private readonly ring: RingMemory) {
    this.words = new Int32Array(viewMemory(ring.address, ring.byteLength));
    const arena = new Arena(64);
    this.entry = arena.allocate(POLLFD.size);
    this.entry.view.setInt32(POLLFD.fd, ring.eventFd, true);
    this.entry.view.setInt16(POLLFD.events, C.POLLIN, true);
    this.counter = arena.allocate(8);
  }

  /** Waits until something has happened, and says that the engine's thread is to look. */
  wait(timeoutMs: number, due: Int32Array): number {
    const { libc, ring } = this;
    // What was counted is old news, unless it is there to be seen: then, or when more is counted, there is no sleep.
    libc.read(ring.eventFd, this.counter.bytes, 8);
    if (Atomics.exchange(ring.control, KICKED, 0) === 1) return 0;
    if (!this.isDue()) {
      const milliseconds = timeoutMs === Infinity ? -1 : Math.ceil(timeoutMs);
      if (libc.poll(this.entry.bytes, 1, milliseconds) < 0) {
        const errno = libc.errno();
        if (errno !== EINTR) throw new Error(`poll failed: ${errnoName(errno)}`);
      }
      if ((this.entry.view.getInt16(POLLFD.returned, true) & C.POLLNVAL) !== 0) {
        throw new Error("poll failed: EBADF");
      }
      if (Atomics.exchange(ring.control, KICKED, 0) === 1 || !this.isDue()) return 0;
    }
    due.fill(LOOK, 0, COMPLETION_NUMBERS);
    return COMPLETION_NUMBERS;
  }

  kick(): void {
    kick(this.libc, this.ring.eventFd, this.ring.control);
  }

  private isDue(): boolean {
    const { words, ring: { flagsAt, headAt, tailAt } } = this;
    if ((Atomics.load(words, flagsAt) & (U.SQ_TASKRUN | U.SQ_CQ_OVERFLOW)) !== 0) return true;
    return Atomics.load(words, headAt) !== Atomics.load(words, tailAt);
  }
}

/** Ends the wait of a {@linkcode RingWatch}. */
function kick(libc: LinuxLibc, eventFd: number, control: Int32Array): void {
  Atomics.store(control, KICKED, 1);
  const one = new Uint8Array(8);
  one[0] = 1;
  libc.write(eventFd, one, 8);
}

/** A ring whose completions another thread can wait for. */
export class WatchedRing extends Ring {
  private readonly eventFd: number;
  private readonly control = new Int32Array(new SharedArrayBuffer(4));
  private gone = false;

  /** Throws a {@linkcode RingError} where the system has no ring or descriptor left. */
  constructor(calls: UringCalls) {
    super(calls);
    const { libc } = calls;
    this.eventFd = libc.eventfd(0, C.EFD_CLOEXEC | C.EFD_NONBLOCK);
    if (this.eventFd < 0) {
      const error = new RingError("eventfd", -libc.errno());
      super.close();
      throw error;
    }
    const argument = new Arena(4).allocate(4);
    argument.view.setInt32(0, this.eventFd, true);
    const result = calls.register(this.fd, U.REGISTER_EVENTFD, argument.address);
    if (result < 0) {
      this.close();
      throw new RingError("io_uring_register", result);
    }
  }

  override get own(): readonly number[] {
    return [this.fd, this.eventFd];
  }

  /** What the poller thread is given. */
  share(): RingMemory {
    const { eventFd, control } = this;
    return { ...this.places(), eventFd, control };
  }

  override kick(): void {
    if (!this.gone) kick(this.calls.libc, this.eventFd, this.control);
  }

  override close(): void {
    if (this.gone) return;
    this.gone = true;
    super.close();
    this.calls.libc.close(this.eventFd);
  }
}

/** A new ring; throws an Error where the system has no descriptors or memory left. */
export function createPollset(calls: UringCalls): WatchedRing {
  return new WatchedRing(calls);
}
