// Every descriptor an engine polls: its slot, its two lock-free events, and its owner.

import type { Libc } from "../ffi/libc.ts";
import { EMFILE } from "../ffi/linux_errno_table.ts";
import {
  generationOf,
  isWaiting,
  MAX_GENERATION,
  notifyOn,
  resetEvent,
  setReady,
  setShutdown,
  waitAgain,
} from "./lockfree_event.ts";
import type { EventSink, Pollset } from "./pollset.ts";
import type { EventSource, EventTarget } from "../threads/waiting.ts";

/** Words of a slot: the event of each direction, whether the peer has hung up, and the descriptor. */
const SLOT_WORDS = 4;
const READ = 0;
const WRITE = 1;
const HANGUP = 2;
/** The descriptor plus one; 0 where the slot is free. Read to reclaim the descriptors of a thread that is gone. */
const DESCRIPTOR = 3;

/** Gets the events of a descriptor that it waits for, on the thread that uses it, inside a turn. */
export interface FdOwner {
  /** Events are connections that can be accepted. */
  readonly listens?: true;
  /** Bytes came, or the peer ended or is gone; comes once after a `waitReadable` that gave true. */
  onReadable(): void;
  /** There is room, a connect is over, or the peer is gone; comes once after a `waitWritable` that gave true. */
  onWritable(): void;
}

/** Sets the shared words of whatever the pollset reports; on any thread. */
export class ReadyMarker implements EventSink {
  /** Numbers in `due` that are valid. */
  count = 0;

  /**
   * `words` is the table's memory. `due` gets the events to dispatch, two numbers each: the slot times 2, one more where
   * it is writable, and the generation. It has room for two entries an event.
   */
  constructor(private readonly words: Int32Array, readonly due: Int32Array) {}

  /** Marks both directions, and adds those with a waiting owner to `due`. */
  onEvent(slot: number, generation: number, readable: boolean, writable: boolean, hangup: boolean): void {
    const { words } = this;
    const at = slot * SLOT_WORDS;
    if (hangup && generationOf(Atomics.load(words, at + READ)) === generation) {
      Atomics.store(words, at + HANGUP, 1);
    }
    if (readable && setReady(words, at + READ, generation)) this.put(slot * 2, generation);
    if (writable && setReady(words, at + WRITE, generation)) this.put(slot * 2 + 1, generation);
  }

  private put(entry: number, generation: number): void {
    this.due[this.count++] = entry;
    this.due[this.count++] = generation;
  }
}

/** A pollset as a source of events; on any thread. */
export class PollsetSource implements EventSource {
  readonly loss = "the descriptors can no longer be polled";
  private marker: ReadyMarker;

  /** `words` is the table's memory. */
  constructor(private readonly words: Int32Array, private readonly pollset: Pollset) {
    this.marker = new ReadyMarker(words, new Int32Array(0));
  }

  /** Returns the events that an owner waits for, as {@linkcode ReadyMarker.due} has them. */
  wait(timeoutMs: number, due: Int32Array): number {
    if (this.marker.due !== due) this.marker = new ReadyMarker(this.words, due);
    const { marker } = this;
    marker.count = 0;
    this.pollset.wait(timeoutMs, marker);
    return marker.count;
  }

  kick(): void {
    this.pollset.kick();
  }
}

/** One polled descriptor, as gRPC's grpc_fd. */
export class FdHandle {
  /** The owner waits to read, and was not called yet. */
  readWaits = false;
  /** The owner waits to write, and was not called yet. */
  writeWaits = false;
  private closed = false;

  /** Made by {@linkcode FdTable.add}. */
  constructor(
    private readonly table: FdTable,
    readonly fd: number,
    readonly slot: number,
    readonly generation: number,
    readonly owner: FdOwner,
  ) {}

  /** True: `onReadable` will be called once. False: try now. */
  waitReadable(): boolean {
    const waits = this.readWaits = notifyOn(this.table.words, this.slot * SLOT_WORDS + READ);
    if (waits) this.table.pollset.wanted();
    return waits;
  }

  /** True: `onWritable` will be called once. False: try now. */
  waitWritable(): boolean {
    const waits = this.writeWaits = notifyOn(this.table.words, this.slot * SLOT_WORDS + WRITE);
    if (waits) this.table.pollset.wanted();
    return waits;
  }

  /** The peer has ended or is gone, so a short read is not the last. */
  get hungUp(): boolean {
    return Atomics.load(this.table.words, this.slot * SLOT_WORDS + HANGUP) !== 0;
  }

  /** Removes the descriptor from the set and closes it at once, unless it is kept: its number must not be reused in between. */
  close(keepDescriptor = false): void {
    if (this.closed) return;
    this.closed = true;
    this.table.remove(this, keepDescriptor);
  }
}

/** The descriptors of one engine; used by its thread alone, but for the words, which {@linkcode ReadyMarker} sets. */
export class FdTable implements EventTarget {
  readonly stride = 2;
  private readonly handles: Array<FdHandle | undefined> = [];
  private readonly generations: number[] = [];
  private readonly free: number[] = [];

  private readonly capacity: number;

  /** `words`: memory of all slots, shared with the thread that polls; see {@linkcode slotMemory}. */
  constructor(private readonly libc: Libc, readonly pollset: Pollset, readonly words: Int32Array) {
    this.capacity = words.length / SLOT_WORDS;
  }

  /** Polls `fd` for `owner`; the negative error number where the set takes no more. */
  add(fd: number, owner: FdOwner): FdHandle | number {
    const slot = this.free.pop() ?? this.handles.length;
    if (slot >= this.capacity) return -EMFILE;
    // Never 0: an event of generation 0 at rest is the word of a slot that was not used yet.
    const generation = (this.generations[slot] ?? 0) % MAX_GENERATION + 1;
    const at = slot * SLOT_WORDS;
    Atomics.store(this.words, at + HANGUP, 0);
    resetEvent(this.words, at + READ, generation);
    resetEvent(this.words, at + WRITE, generation);
    const result = this.pollset.add(fd, slot, generation);
    this.generations[slot] = generation;
    if (result < 0) {
      this.handles[slot] = undefined;
      this.free.push(slot);
      return result;
    }
    Atomics.store(this.words, at + DESCRIPTOR, fd + 1);
    return this.handles[slot] = new FdHandle(this, fd, slot, generation, owner);
  }

  /** Calls the owner of one entry of {@linkcode ReadyMarker.due}, unless it has closed meanwhile. */
  dispatch(due: Int32Array, at: number): void {
    const entry = due[at]!;
    const handle = this.handles[entry >> 1];
    if (handle === undefined || handle.generation !== due[at + 1]!) return;
    if ((entry & 1) === 0) {
      handle.readWaits = false;
      handle.owner.onReadable();
    } else {
      handle.writeWaits = false;
      handle.owner.onWritable();
    }
  }

  listens(due: Int32Array, at: number): boolean {
    return this.handles[due[at]! >> 1]?.owner.listens === true;
  }

  /**
   * Reports every waiting direction again. No other thread may have the token meanwhile: what it has found would come twice. One
   * that was given up may wait in the set still, and nobody gets what it finds.
   */
  recover(): true {
    for (const handle of this.handles) {
      if (handle === undefined) continue;
      const { fd, slot, generation } = handle;
      if (handle.readWaits) waitAgain(this.words, slot * SLOT_WORDS + READ);
      if (handle.writeWaits) waitAgain(this.words, slot * SLOT_WORDS + WRITE);
      this.pollset.report(fd, slot, generation);
    }
    return true;
  }

  /** See {@linkcode FdHandle.close}. */
  remove(handle: FdHandle, keepDescriptor: boolean): void {
    const { slot, fd } = handle;
    setShutdown(this.words, slot * SLOT_WORDS + READ);
    setShutdown(this.words, slot * SLOT_WORDS + WRITE);
    this.pollset.remove(fd);
    // Zero already: this thread was taken for gone, and its descriptors closed; the number is somebody else's by now.
    const isOurs = Atomics.exchange(this.words, slot * SLOT_WORDS + DESCRIPTOR, 0) !== 0;
    if (isOurs && !keepDescriptor) this.libc.close(fd);
    this.handles[slot] = undefined;
    this.free.push(slot);
  }
}

/** Gets the descriptors for whose readiness an owner waits. */
export interface WantedSink {
  /** One descriptor: its slot and generation, and whether its owner waits to read and to write. */
  onWanted(fd: number, slot: number, generation: number, reads: boolean, writes: boolean): void;
}

/** Calls `sink` for every descriptor of the table with the memory `words` whose owner waits; on any thread. */
export function eachWanted(words: Int32Array, sink: WantedSink): void {
  for (let slot = 0, at = 0; at < words.length; slot++, at += SLOT_WORDS) {
    const read = Atomics.load(words, at + READ);
    if (read === 0) break; // no slot from here on was ever used
    const reads = isWaiting(read);
    const writes = isWaiting(Atomics.load(words, at + WRITE));
    if (!reads && !writes) continue;
    const descriptor = Atomics.load(words, at + DESCRIPTOR);
    if (descriptor > 0) sink.onWanted(descriptor - 1, slot, generationOf(read), reads, writes);
  }
}

/** Memory for `capacity` descriptors; what no slot has touched is not there yet. */
export function slotMemory(capacity: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(capacity * SLOT_WORDS * 4));
}

/** Takes the descriptors out of a table of which only the memory is left. */
export function takeDescriptors(words: Int32Array): number[] {
  const descriptors: number[] = [];
  for (let at = DESCRIPTOR; at < words.length; at += SLOT_WORDS) {
    const descriptor = Atomics.exchange(words, at, 0);
    if (descriptor > 0) descriptors.push(descriptor - 1);
    else if (Atomics.load(words, at - DESCRIPTOR) === 0) break; // no slot from here on was ever used
  }
  return descriptors;
}
