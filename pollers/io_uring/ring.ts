// A ring: operations go in at one end, completions come out at the other, both through memory shared with the kernel.
//
// It is made with SINGLE_ISSUER and DEFER_TASKRUN: one thread submits, and whatever the kernel does for an operation it
// does while that thread is in io_uring_enter. So memory that operations name is read and written during our own call
// alone, and no operation runs on for a thread that is gone.

import { EBADF, EEXIST, EFAULT, EINVAL, EOPNOTSUPP, errnoName } from "../ffi/linux_errno_table.ts";
import { C, TIMESPEC } from "../ffi/linux_layouts.ts";
import type { UringCalls } from "../ffi/io_uring_calls.ts";
import { CQE, SQE, U, URING_PARAMS, URING_WAIT } from "../ffi/io_uring_layouts.ts";
import { viewMemory } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import { SOCKADDR_BYTES } from "../ffi/sockaddr.ts";
import type { EventSource } from "../threads/waiting.ts";

/** Operations that wait to be submitted, at most: when they are so many, they are submitted. */
const ENTRIES = 512;

/** Completions that wait to be taken; the kernel keeps those that do not fit. */
const COMPLETIONS = 4_096;

/**
 * What says that the ring is lost, where it is said so many times in a row. Waits end with an error number as a rule (their
 * time is over), and it may be another's: between the call and the look at it the runtime makes calls of its own. (Bun's
 * failed with EMFILE where descriptors had run out, in 2 of 99 runs.)
 */
const FATAL: ReadonlySet<number> = new Set([EBADF, EEXIST, EFAULT, EINVAL, EOPNOTSUPP]);
const MOST_REFUSALS = 3;

/** Numbers of a completion in `due`: the slot of its operation, its result, its flags. */
export const COMPLETION_NUMBERS = 3;

/** What the kernel gives back for an operation that nobody waits for. */
const NOBODY = 0xffff_ffff;

const SETUP_FLAGS = U.SETUP_CQSIZE | U.SETUP_CLAMP | U.SETUP_SUBMIT_ALL | U.SETUP_TASKRUN_FLAG |
  U.SETUP_SINGLE_ISSUER | U.SETUP_DEFER_TASKRUN;

/** The words of {@linkcode RingMemory.control}. */
export const KICKED = 0;

/** Where a ring's memory is, for the thread that only looks whether something has happened. */
export interface RingMemory {
  /** The kernel adds to it where completions come or are due. */
  readonly eventFd: number;
  /** The rings, and offsets of words in them. */
  readonly address: number;
  readonly byteLength: number;
  readonly flagsAt: number;
  readonly headAt: number;
  readonly tailAt: number;
  /** Shared words. */
  readonly control: Int32Array;
}

/** An operation that the ring has no room for, since the kernel does not take those in it for the moment. */
interface Spilt {
  /** Its struct io_uring_sqe. */
  readonly words: Int32Array;
  readonly room: NativeMemory;
}

/** Where memory is that was mapped. */
export interface Mapping {
  readonly address: number;
  readonly byteLength: number;
}

/** Why a ring cannot be made: the negative error number of io_uring_setup. */
export class RingError extends Error {
  /** `result` is what the system said to `call`. */
  constructor(readonly call: string, readonly result: number) {
    super(`${call} failed: ${errnoName(-result)}`);
  }
}

/** The descriptor and the sizes of a new ring. */
function setup(calls: UringCalls, entries: number): { fd: number; params: DataView } {
  const params = new Arena(URING_PARAMS.size).allocate(URING_PARAMS.size);
  params.view.setUint32(URING_PARAMS.flags, SETUP_FLAGS, true);
  params.view.setUint32(URING_PARAMS.cqEntries, entries * (COMPLETIONS / ENTRIES), true);
  const fd = calls.setup(entries, params.address);
  if (fd < 0) throw new RingError("io_uring_setup", fd);
  return { fd, params: params.view };
}

/** Makes a small ring and closes it: throws a {@linkcode RingError} where there can be none. */
export function tryRing(calls: UringCalls): void {
  calls.libc.close(setup(calls, 4).fd);
}

/** A ring, used by the thread that made it. */
export class Ring implements EventSource {
  readonly loss = "the ring can no longer be waited on";
  /** The ring's descriptor. */
  readonly fd: number;
  /** Called when the first operation waits to be submitted. */
  onQueued: () => void = () => {};
  /** Called when the kernel has left operations where they wait, as where it has no memory for the moment. */
  onRefused: () => void = () => {};
  /** Memory that is shared with the kernel; while it is mapped the ring is there, closed or not. */
  readonly maps: Mapping[] = [];
  /** Both rings' words, and the operations' (struct io_uring_sqe). */
  private readonly words: Int32Array;
  private readonly entries: Int32Array;
  private readonly sqHead: number;
  private readonly sqTail: number;
  private readonly sqFlags: number;
  private readonly sqMask: number;
  private readonly cqHead: number;
  private readonly cqTail: number;
  private readonly cqMask: number;
  private readonly cqes: number;
  private readonly waitArgument: NativeMemory;
  private readonly timeout: NativeMemory;
  /** Memory beside each operation that waits, for an address. */
  private readonly rooms: NativeMemory[] = [];
  /** Operations that were added, and those that the kernel has taken. */
  private tail: number;
  private submittedTail: number;
  /** The last ones, of which the ring has none. */
  private spilt: Spilt[] = [];
  /** Where the operation that was added last is said. */
  private last: Int32Array;
  private lastAt = 0;
  private refusals = 0;
  private lost: string | undefined = undefined;
  private closed = false;

  /** Throws a {@linkcode RingError} where the system has no ring left. */
  constructor(protected readonly calls: UringCalls) {
    const { fd, params } = setup(calls, ENTRIES);
    this.fd = fd;
    const at = (offset: number): number => params.getUint32(offset, true);
    const sqEntries = at(URING_PARAMS.sqEntries);
    const ringBytes = Math.max(
      at(URING_PARAMS.sqArray) + sqEntries * 4,
      at(URING_PARAMS.cqes) + at(URING_PARAMS.cqEntries) * CQE.size,
    );
    try {
      this.words = this.map(ringBytes, U.OFF_SQ_RING);
      this.entries = this.map(sqEntries * SQE.size, U.OFF_SQES);
    } catch (error) {
      this.unmapAll();
      calls.libc.close(fd);
      throw error;
    }
    this.last = this.entries;
    this.sqHead = at(URING_PARAMS.sqHead) / 4;
    this.sqTail = at(URING_PARAMS.sqTail) / 4;
    this.sqFlags = at(URING_PARAMS.sqFlags) / 4;
    this.sqMask = this.words[at(URING_PARAMS.sqMask) / 4]!;
    this.cqHead = at(URING_PARAMS.cqHead) / 4;
    this.cqTail = at(URING_PARAMS.cqTail) / 4;
    this.cqMask = this.words[at(URING_PARAMS.cqMask) / 4]!;
    this.cqes = at(URING_PARAMS.cqes) / 4;
    // The array between the ring and the operations names each of them once, and stays so.
    const array = at(URING_PARAMS.sqArray) / 4;
    for (let i = 0; i < sqEntries; i++) this.words[array + i] = i;
    this.tail = this.submittedTail = Atomics.load(this.words, this.sqTail);
    const arena = new Arena(URING_WAIT.size + TIMESPEC.size + 64 + sqEntries * SOCKADDR_BYTES);
    this.waitArgument = arena.allocate(URING_WAIT.size);
    this.timeout = arena.allocate(TIMESPEC.size);
    this.waitArgument.view.setBigUint64(URING_WAIT.timeout, BigInt(this.timeout.address), true);
    for (let i = 0; i < sqEntries; i++) this.rooms.push(arena.allocate(SOCKADDR_BYTES));
  }

  /** The descriptors that it has open. */
  get own(): readonly number[] {
    return [this.fd];
  }

  /** Where another thread finds what it may look at. */
  protected places(): Omit<RingMemory, "eventFd" | "control"> {
    const { address, byteLength } = this.maps[0]!;
    return { address, byteLength, flagsAt: this.sqFlags, headAt: this.cqHead, tailAt: this.cqTail };
  }

  /** Operations in the ring that wait to be submitted. */
  get queued(): number {
    return (this.tail - this.spilt.length - this.submittedTail) | 0;
  }

  /** Waits throw: the kernel refuses what it is asked. */
  get isLost(): boolean {
    return this.lost !== undefined;
  }

  /** Completions wait to be taken. */
  get hasCompletions(): boolean {
    return !this.closed && Atomics.load(this.words, this.cqTail) !== this.words[this.cqHead]!;
  }

  /**
   * Adds an operation whose completions are those of `slot`, and returns its place. What is not said is zero; an address
   * must stay where it is until the operation is complete, unless the kernel copies it when it takes the operation.
   */
  add(opcode: number, fd: number, slot: number, flags = 0, ioprio = 0): number {
    if (this.closed) throw new Error("Cannot add an operation: the ring is closed");
    if (this.queued > this.sqMask) this.submit();
    if (this.isLost) this.forget(); // nothing is done; who asks is failed with all that is open
    const { queued } = this;
    if (queued === 0) this.onQueued();
    const place = this.tail;
    if (queued > this.sqMask) this.spill();
    else {
      this.last = this.entries;
      this.lastAt = (place & this.sqMask) * (SQE.size / 4);
      this.last.fill(0, this.lastAt, this.lastAt + SQE.size / 4);
    }
    const { last, lastAt } = this;
    last[lastAt] = opcode | (flags << 8) | (ioprio << 16);
    last[lastAt + SQE.fd / 4] = fd;
    last[lastAt + SQE.userData / 4] = slot;
    this.tail = (place + 1) | 0;
    return place;
  }

  // Of the operation that was added last.

  /** Sets its address and its length. */
  setMemory(address: number, length: number): void {
    this.setWide(SQE.address / 4, address);
    this.last[this.lastAt + SQE.length / 4] = length;
  }

  /** Sets the field that its neighbour in memory is called after: of a connect the address's length. */
  setOffset(offset: number): void {
    this.setWide(SQE.offset / 4, offset);
  }

  /** Sets flags that are the operation's own: of a message, of an accept, or the events of a poll. */
  setOperationFlags(flags: number): void {
    this.last[this.lastAt + SQE.operationFlags / 4] = flags;
  }

  /** Sets the group that it takes its buffer from. */
  setBufferGroup(group: number): void {
    this.last[this.lastAt + SQE.bufferGroup / 4] = group;
  }

  /** Memory beside it, which is its own until it is submitted. */
  get room(): NativeMemory {
    const { last, lastAt } = this;
    return last === this.entries ? this.rooms[lastAt / (SQE.size / 4)]! : this.spilt.at(-1)!.room;
  }

  /**
   * Ends the operation at `place`, whose completions are those of `slot`, before the next line runs: it lets its file go.
   * Its last completion comes as any other does. One that was not submitted is never done: its descriptor's number may
   * be another's by then.
   */
  cancel(place: number, slot: number): void {
    if (this.closed || this.isLost) return;
    const fromEnd = (this.tail - place) >>> 0;
    const spilt = this.spilt[this.spilt.length - fromEnd];
    const entries = spilt === undefined ? this.entries : spilt.words;
    const at = spilt === undefined ? (place & this.sqMask) * (SQE.size / 4) : 0;
    const waits = fromEnd <= this.queued + this.spilt.length;
    // Places come again after 2^32 operations, and a busy server has as many in a day: what waits there may be another's.
    if (waits && entries[at + SQE.userData / 4] === slot) {
      entries.fill(0, at, at + SQE.size / 4);
      entries[at + SQE.userData / 4] = slot;
      return; // an operation that does nothing, and is complete at once
    }
    this.add(U.OP_ASYNC_CANCEL, -1, NOBODY, U.IOSQE_CQE_SKIP_SUCCESS);
    this.setMemory(slot, 0);
    this.submit();
  }

  /** Submits what waits, without waiting for anything. */
  submit(): void {
    if (this.closed) return;
    do this.publish(); while (this.entered(this.calls.enter(this.fd, this.queued)));
  }

  /** Submits what waits, waits at most `timeoutMs`, and puts completions into `due`. */
  wait(timeoutMs: number, due: Int32Array): number {
    if (this.closed) throw new Error("io_uring_enter failed: EBADF");
    if (this.spilt.length > 0) this.submit();
    const { words, queued } = this;
    const isThere = this.hasCompletions;
    const isDue = (Atomics.load(words, this.sqFlags) & (U.SQ_TASKRUN | U.SQ_CQ_OVERFLOW)) !== 0;
    if (queued > 0 || isDue || (timeoutMs > 0 && !isThere)) {
      this.publish();
      this.entered(
        timeoutMs === 0 || isThere
          ? this.calls.enter(this.fd, queued)
          : timeoutMs === Infinity
          ? this.calls.enterAndWait(this.fd, queued, 0, 0)
          : this.waitFor(timeoutMs, queued),
      );
    }
    if (this.lost !== undefined) throw new Error(`io_uring_enter failed: ${this.lost}`);
    return this.take(due);
  }

  /** Nothing else than this thread waits. */
  kick(): void {}

  /** Closes the ring and gives its memory back. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.calls.libc.close(this.fd);
    this.unmapAll();
  }

  /** Tells the kernel of what the ring has. */
  private publish(): void {
    Atomics.store(this.words, this.sqTail, (this.tail - this.spilt.length) | 0);
  }

  /** What is added next is said in memory of its own. */
  private spill(): void {
    const words = new Int32Array(SQE.size / 4);
    this.spilt.push({ words, room: new Arena(SOCKADDR_BYTES).allocate(SOCKADDR_BYTES) });
    // Its place is counted when it is added.
    this.last = words;
    this.lastAt = 0;
  }

  /** Moves what was spilt into the room that there is now; false where there is none. */
  private refill(): boolean {
    const { spilt, sqMask } = this;
    const count = Math.min(spilt.length, sqMask + 1 - this.queued);
    if (count === 0) return false;
    const first = this.tail - spilt.length;
    spilt.splice(0, count).forEach(({ words, room }, i) => {
      const place = (first + i) & sqMask;
      this.entries.set(words, place * (SQE.size / 4));
      this.rooms[place] = room; // its address is in the words
    });
    return true;
  }

  private forget(): void {
    this.spilt = [];
    this.tail = this.submittedTail;
  }

  private waitFor(timeoutMs: number, queued: number): number {
    const { view } = this.timeout;
    const seconds = Math.floor(timeoutMs / 1000);
    view.setUint32(TIMESPEC.seconds, seconds, true);
    view.setUint32(TIMESPEC.nanoseconds, Math.floor((timeoutMs - seconds * 1000) * 1e6), true);
    return this.calls.enterAndWait(this.fd, queued, this.waitArgument.address, URING_WAIT.size);
  }

  /**
   * What the kernel took is no longer queued, whatever the call said; a ring that is lost ends the next wait. True: what was
   * spilt has moved into the ring, and can be submitted.
   */
  private entered(result: number): boolean {
    this.submittedTail = Atomics.load(this.words, this.sqHead);
    // A signal, the end of the time, or no room for the moment: what was not taken stays queued.
    if (result >= 0 || !FATAL.has(-result)) this.refusals = 0;
    else if (++this.refusals >= MOST_REFUSALS) this.lost = errnoName(-result);
    const hasMoved = this.spilt.length > 0 && this.refill();
    if (this.queued > 0 && !this.isLost) this.onRefused();
    return hasMoved;
  }

  private take(due: Int32Array): number {
    const { words, cqMask, cqes } = this;
    let head = words[this.cqHead]!;
    const tail = Atomics.load(words, this.cqTail);
    let found = 0;
    for (; head !== tail && found < due.length; head = (head + 1) | 0) {
      const at = cqes + (head & cqMask) * (CQE.size / 4);
      const slot = words[at]!;
      if (slot === (NOBODY | 0)) continue;
      due[found] = slot;
      due[found + 1] = words[at + CQE.result / 4]!;
      due[found + 2] = words[at + CQE.flags / 4]!;
      found += COMPLETION_NUMBERS;
    }
    Atomics.store(words, this.cqHead, head);
    return found;
  }

  private setWide(field: number, value: number): void {
    const { last, lastAt } = this;
    last[lastAt + field] = value | 0; // its low half
    last[lastAt + field + 1] = Math.floor(value / 0x1_0000_0000);
  }

  private map(byteLength: number, offset: number): Int32Array {
    const flags = C.MAP_SHARED | C.MAP_POPULATE;
    const address = this.calls.map(byteLength, C.PROT_READ | C.PROT_WRITE, flags, this.fd, offset);
    if (address < 0) throw new RingError("mmap", address);
    this.maps.push({ address, byteLength });
    return new Int32Array(viewMemory(address, byteLength));
  }

  private unmapAll(): void {
    for (const { address, byteLength } of this.maps) this.calls.unmap(address, byteLength);
  }
}
