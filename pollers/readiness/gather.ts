// Writes a rope of byte views with one system call for many of them.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { Libc } from "../ffi/libc.ts";
import { Gathering } from "../ffi/gather.ts";
import { EAGAIN, EFAULT, EINTR, EPIPE } from "../ffi/linux_errno_table.ts";
import { C, IOVEC, MSGHDR, SIGSET, TIMESPEC } from "../ffi/linux_layouts.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";

const { MSG_NOSIGNAL } = C; // a module's own constants are compiled in, imported ones are not

/** Vectors of a call. */
const MAX_VECTORS = 64;

/** Room for what is copied for one call. */
const SCRATCH_BYTES = 65_536;

/** One thread's memory for gathering writes. */
export class Gatherer {
  private readonly vectors: Uint32Array;
  private readonly vectorMemory: NativeMemory;
  private readonly message: NativeMemory;
  private readonly scratch: NativeMemory;
  private readonly pipeSignal: NativeMemory;
  private readonly maskBefore: NativeMemory;
  private readonly noTime: NativeMemory;
  /** Of the call that is being made. */
  private readonly gathering = new Gathering(IOVEC, MAX_VECTORS, Infinity);

  /** Memory is allocated once. */
  constructor(private readonly libc: Libc) {
    const arena = new Arena(SCRATCH_BYTES + MAX_VECTORS * IOVEC.size + 2 * SIGSET.size + 256);
    this.vectorMemory = arena.allocate(MAX_VECTORS * IOVEC.size);
    this.message = arena.allocate(MSGHDR.size);
    this.scratch = arena.allocate(SCRATCH_BYTES);
    const { bytes } = this.vectorMemory;
    this.vectors = new Uint32Array(bytes.buffer, bytes.byteOffset, MAX_VECTORS * IOVEC.size / 4);
    this.pipeSignal = arena.allocate(SIGSET.size);
    this.pipeSignal.view.setUint32(0, 1 << (C.SIGPIPE - 1), true);
    this.maskBefore = arena.allocate(SIGSET.size);
    this.noTime = arena.allocate(TIMESPEC.size);
    this.message.view.setBigUint64(MSGHDR.iov, BigInt(this.vectorMemory.address), true);
  }

  /**
   * Writes as much of `data` as the kernel takes and drops it from `data`: 0 where all went, -EAGAIN where the rest
   * must wait, or another negative error number. `isSocket`: else it is a pipe.
   */
  write(fd: number, data: SliceBuffer, isSocket: boolean): number {
    if (isSocket && data.slices.length === 1) return this.sendOne(fd, data);
    while (data.byteLength > 0) {
      const { gathering } = this;
      gathering.fill(data, this.vectors, this.scratch);
      if (gathering.bytes === 0) return -EFAULT;
      const sent = isSocket ? this.send(fd) : this.writePipe(fd);
      if (sent === -EINTR) continue;
      if (sent < 0) return sent;
      if (sent === data.byteLength) data.clear();
      else data.drop(sent);
      if (sent < gathering.bytes) return -EAGAIN; // the kernel has no more room
    }
    return 0;
  }

  /** One slice is sent from where it is, however small: nothing is found out about it. */
  private sendOne(fd: number, data: SliceBuffer): number {
    const { length } = data.slices[0]!;
    if (length === 0) return -EFAULT; // it was not, so its memory was given away meanwhile
    const { libc } = this;
    for (;;) {
      const sent = libc.send(fd, data.slices[0]!, length, MSG_NOSIGNAL);
      if (sent === length) {
        data.clear();
        return 0;
      }
      if (sent >= 0) {
        data.drop(sent);
        return -EAGAIN; // the kernel has no more room
      }
      const errno = libc.errno();
      if (errno !== EINTR) return -errno;
    }
  }

  /** `send` costs what `writev` does, less than `sendmsg` (measured), and raises no signal either. */
  private send(fd: number): number {
    const { libc, message, gathering: { whole, bytes, count } } = this;
    if (whole === undefined) message.view.setUint32(MSGHDR.iovLength, count, true);
    const sent = whole === undefined
      ? libc.sendmsg(fd, message.bytes, MSG_NOSIGNAL)
      : libc.send(fd, whole, bytes, MSG_NOSIGNAL);
    return sent < 0 ? -libc.errno() : sent;
  }

  /**
   * A write to a pipe without a reader raises SIGPIPE in this thread. Runtimes ignore it, until an application that
   * listened for it stops listening: from then on it would end the process. So it is blocked, and consumed.
   */
  private writePipe(fd: number): number {
    const { libc, pipeSignal, maskBefore } = this;
    libc.sigprocmask(C.SIG_BLOCK, pipeSignal.bytes, maskBefore.bytes);
    const sent = libc.writev(fd, this.vectorMemory.bytes, this.gathering.count);
    const errno = sent < 0 ? libc.errno() : 0;
    if (errno === EPIPE) libc.sigtimedwait(pipeSignal.bytes, null, this.noTime.bytes);
    libc.sigprocmask(C.SIG_SETMASK, maskBefore.bytes, null);
    return sent < 0 ? -errno : sent;
  }
}
