// Writes a rope of byte views with one system call for many of them.

import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { Libc } from "../ffi/libc.ts";
import { addressOf } from "../ffi/library.ts";
import { EAGAIN, EFAULT, EINTR, EPIPE } from "../ffi/linux_errno_table.ts";
import { C, IOVEC, MSGHDR, SIGSET, TIMESPEC } from "../ffi/linux_layouts.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";

const { MSG_NOSIGNAL } = C; // a module's own constants are compiled in, imported ones are not

/** Vectors of a call. */
const MAX_VECTORS = 64;

/** Slices up to this size are copied side by side, for finding out an array's address costs more (0.26 us on Deno). */
const COPY_BYTES = 2_048;

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
  private count = 0;
  private bytes = 0;
  /** Where all bytes of the call lie, if they lie side by side. */
  private whole: Uint8Array | undefined = undefined;

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
      this.gather(data);
      if (this.bytes === 0) return -EFAULT;
      const sent = isSocket ? this.send(fd) : this.writePipe(fd);
      if (sent === -EINTR) continue;
      if (sent < 0) return sent;
      if (sent === data.byteLength) data.clear();
      else data.drop(sent);
      if (sent < this.bytes) return -EAGAIN; // the kernel has no more room
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
    const sent = this.whole === undefined
      ? this.libc.sendmsg(fd, this.message.bytes, MSG_NOSIGNAL)
      : this.libc.send(fd, this.whole, this.bytes, MSG_NOSIGNAL);
    return sent < 0 ? -this.libc.errno() : sent;
  }

  /**
   * A write to a pipe without a reader raises SIGPIPE in this thread. Runtimes ignore it, until an application that
   * listened for it stops listening: from then on it would end the process. So it is blocked, and consumed.
   */
  private writePipe(fd: number): number {
    const { libc, pipeSignal, maskBefore } = this;
    libc.sigprocmask(C.SIG_BLOCK, pipeSignal.bytes, maskBefore.bytes);
    const sent = libc.writev(fd, this.vectorMemory.bytes, this.count);
    const errno = sent < 0 ? libc.errno() : 0;
    if (errno === EPIPE) libc.sigtimedwait(pipeSignal.bytes, null, this.noTime.bytes);
    libc.sigprocmask(C.SIG_SETMASK, maskBefore.bytes, null);
    return sent < 0 ? -errno : sent;
  }

  /** Fills the vectors with as much of `data` as fits: no bytes where its memory is no longer there. */
  private gather(data: SliceBuffer): void {
    this.count = this.bytes = 0;
    let copied = 0;
    let joined = false; // the last vector is scratch, and what is copied next goes on in it
    for (const slice of data.slices) {
      const { length } = slice;
      if (length === 0) { // it was not, so its memory was given away meanwhile
        this.bytes = 0;
        return;
      }
      const copies = length <= COPY_BYTES;
      if (copies && copied + length > SCRATCH_BYTES) break;
      if (copies && joined) this.vectors[(this.count - 1) * 4 + 2]! += length;
      else {
        if (this.count === MAX_VECTORS) break;
        this.put(copies ? this.scratch.address + copied : addressOf(slice), length);
      }
      if (copies) {
        this.scratch.bytes.set(slice, copied);
        copied += length;
      }
      joined = copies;
      this.bytes += length;
    }
    this.whole = this.count > 1 ? undefined : joined ? this.scratch.bytes : data.slices[0];
    this.message.view.setUint32(MSGHDR.iovLength, this.count, true);
  }

  private put(address: number, length: number): void {
    const at = this.count++ * 4;
    this.vectors[at] = address; // its low half: an Uint32Array keeps the number modulo 2^32
    this.vectors[at + 1] = address / 0x1_0000_0000;
    this.vectors[at + 2] = length;
    this.vectors[at + 3] = 0;
  }
}
