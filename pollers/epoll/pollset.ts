// An epoll set with an eventfd that ends a wait in it (a kick), as gRPC's pollset.

import { EBADF, EINTR, errnoName } from "../ffi/linux_errno_table.ts";
import { C, TIMESPEC } from "../ffi/linux_layouts.ts";
import type { LinuxLibc } from "../ffi/libc.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import type { EventSink, Pollset } from "../readiness/pollset.ts";

/** Events taken at once: more would only make the first of them wait for the last. */
export const MAX_EVENTS = 256;

/** The slot of the kick, which is no descriptor's. */
const KICK_SLOT = 0xffff_ffff;

/** What wakes a read or write when it fails: errors and hang-ups are found out by trying. */
const READ_EVENTS = C.EPOLLIN | C.EPOLLRDHUP | C.EPOLLERR | C.EPOLLHUP;
const WRITE_EVENTS = C.EPOLLOUT | C.EPOLLERR | C.EPOLLHUP;
/** The peer has ended or is gone: bytes that are read short of the buffer are not the last thing to be read. */
const HANGUP_EVENTS = C.EPOLLRDHUP | C.EPOLLERR | C.EPOLLHUP;

const EDGE = C.EPOLLIN | C.EPOLLOUT | C.EPOLLRDHUP | C.EPOLLET;

/** Descriptors of the set, for a thread that does not make one. */
export interface PollsetDescriptors {
  readonly epollFd: number;
  readonly kickFd: number;
}

/** An epoll set, edge-triggered: both directions of a descriptor are reported whether somebody waits for them or not. */
export class EpollSet implements Pollset {
  private readonly events: NativeMemory;
  private readonly words: Uint32Array;
  private readonly entry: NativeMemory;
  private readonly timeout: NativeMemory;
  /** What a kick adds to the eventfd. */
  private readonly one: NativeMemory;
  private readonly stride: number;
  private readonly dataAt: number;
  private precise: boolean;
  private closed = false;

  /** A view of a set that exists; see {@linkcode createPollset}. */
  constructor(private readonly libc: LinuxLibc, readonly shared: PollsetDescriptors) {
    const { size, data } = libc.layouts.epollEvent;
    const arena = new Arena(size * (MAX_EVENTS + 2) + 128);
    this.stride = size / 4;
    this.dataAt = data / 4;
    this.events = arena.allocate(size * MAX_EVENTS);
    this.words = new Uint32Array(
      this.events.bytes.buffer,
      this.events.bytes.byteOffset,
      this.events.bytes.length / 4,
    );
    this.entry = arena.allocate(size);
    this.timeout = arena.allocate(TIMESPEC.size);
    this.one = arena.allocate(8);
    this.one.bytes[0] = 1;
    this.precise = libc.epoll_pwait2 !== undefined;
  }

  get own(): readonly number[] {
    return [this.shared.epollFd, this.shared.kickFd];
  }

  add(fd: number, slot: number, generation: number): number {
    return this.control(C.EPOLL_CTL_ADD, fd, EDGE, slot, generation);
  }

  wanted(): void {}

  report(fd: number, slot: number, generation: number): void {
    this.control(C.EPOLL_CTL_MOD, fd, EDGE, slot, generation);
  }

  remove(fd: number): void {
    this.control(C.EPOLL_CTL_DEL, fd, 0, 0, 0);
  }

  /**
   * Adds the eventfd of kicks; called once, by the creator of the set. It is never read: each write is an edge of its own, and
   * the count has room for 2^64 of them. A thread that read it could take the kick with it that another one waits for.
   */
  addKick(): number {
    return this.control(C.EPOLL_CTL_ADD, this.shared.kickFd, C.EPOLLIN | C.EPOLLET, KICK_SLOT, 0);
  }

  wait(timeoutMs: number, sink: EventSink): number {
    const count = this.waitFor(timeoutMs);
    if (count < 0) {
      const errno = this.libc.errno();
      if (errno === EINTR) return 0;
      throw new Error(`epoll_wait failed: ${errnoName(errno)}`);
    }
    const { words, stride, dataAt } = this;
    let kicks = 0;
    for (let i = 0, at = 0; i < count; i++, at += stride) {
      const slot = words[at + dataAt]!;
      if (slot === KICK_SLOT) {
        kicks++;
        continue;
      }
      const events = words[at]!;
      const readable = (events & READ_EVENTS) !== 0;
      const writable = (events & WRITE_EVENTS) !== 0;
      sink.onEvent(slot, words[at + dataAt + 1]!, readable, writable, (events & HANGUP_EVENTS) !== 0);
    }
    return count - kicks;
  }

  kick(): void {
    this.libc.write(this.shared.kickFd, this.one.bytes, 8);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.libc.close(this.shared.epollFd);
    this.libc.close(this.shared.kickFd);
  }

  private waitFor(timeoutMs: number): number {
    const { libc, shared: { epollFd }, events } = this;
    if (timeoutMs === 0) return libc.epoll_wait(epollFd, events.bytes, MAX_EVENTS, 0);
    if (timeoutMs === Infinity) return libc.epoll_wait(epollFd, events.bytes, MAX_EVENTS, -1);
    if (this.precise) {
      const { view, bytes } = this.timeout;
      const seconds = Math.floor(timeoutMs / 1000);
      view.setUint32(TIMESPEC.seconds, seconds, true);
      view.setUint32(TIMESPEC.nanoseconds, Math.floor((timeoutMs - seconds * 1000) * 1e6), true);
      const count = libc.epoll_pwait2!(epollFd, events.bytes, MAX_EVENTS, bytes, null);
      if (count >= 0 || libc.errno() === EINTR) return count;
      this.precise = false; // an older kernel below a newer library
    }
    return libc.epoll_wait(epollFd, events.bytes, MAX_EVENTS, Math.ceil(timeoutMs));
  }

  private control(operation: number, fd: number, events: number, slot: number, generation: number): number {
    if (this.closed) return -EBADF;
    const { view, bytes } = this.entry;
    const { data } = this.libc.layouts.epollEvent;
    view.setUint32(0, events >>> 0, true);
    view.setUint32(data, slot, true);
    view.setUint32(data + 4, generation, true);
    const result = this.libc.epoll_ctl(this.shared.epollFd, operation, fd, bytes);
    return result === 0 ? 0 : -this.libc.errno();
  }
}

/** A new set; throws an Error where the system has no descriptors left. */
export function createPollset(libc: LinuxLibc): EpollSet {
  const epollFd = libc.epoll_create1(C.EPOLL_CLOEXEC);
  if (epollFd < 0) throw new Error(`epoll_create1 failed: ${errnoName(libc.errno())}`);
  const kickFd = libc.eventfd(0, C.EFD_CLOEXEC | C.EFD_NONBLOCK);
  if (kickFd < 0) {
    const errno = libc.errno();
    libc.close(epollFd);
    throw new Error(`eventfd failed: ${errnoName(errno)}`);
  }
  const pollset = new EpollSet(libc, { epollFd, kickFd });
  pollset.addKick();
  return pollset;
}
