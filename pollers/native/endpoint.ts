// Base of endpoints on the runtime's sockets: what is written in one piece, and what slice by slice.

import type { InetAddress, SocketAddress } from "../contract/address.ts";
import type { IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { BaseEndpoint } from "../core/base_endpoint.ts";
import { keepIdleSeconds } from "../core/keep_idle.ts";

/**
 * Slices of this size and more, on average, are written one by one: copying them into one array would cost more
 * than a system call each.
 */
const LARGE_SLICE_BYTES = 16_384;

/** One side of a TCP socket, by the numeric host and port that the runtime gives; Bun has neither after a reset. */
export function inet(host = "0.0.0.0", port = 0): SocketAddress {
  return { family: host.includes(":") ? "ipv6" : "ipv4", host, port };
}

/** The path by which runtimes name a socket of this machine: an abstract name has a NUL before it. */
export function runtimePath(address: Exclude<SocketAddress, InetAddress>): string {
  switch (address.family) {
    case "unix":
      return address.path;
    case "unix-abstract":
      return `\0${address.name}`;
    default: // the base class has refused the others
      throw new TypeError(`Cannot use an address of ${address.family}: this engine has no sockets for it`);
  }
}

/** `ms` as {@linkcode keepIdleSeconds} has it, in milliseconds: runtimes truncate. */
export function wholeSeconds(ms: number): number {
  return keepIdleSeconds(ms) * 1000;
}

/** An endpoint over a socket that takes one array at a time. */
export abstract class NativeEndpoint extends BaseEndpoint {
  /** What is written slice by slice, and the slice that comes next; undefined while one array goes out. */
  private writeFrom: SliceBuffer | undefined = undefined;
  private nextSlice = 0;

  protected override startWrite(data: SliceBuffer): boolean {
    if (data.slices.length === 1 || data.byteLength < data.slices.length * LARGE_SLICE_BYTES) {
      const bytes = data.join();
      data.clear();
      return this.writePiece(bytes);
    }
    this.writeFrom = data;
    this.nextSlice = 0;
    return this.writeSlices(data);
  }

  protected override release(): void {
    this.writeFrom?.clear();
    this.writeFrom = undefined;
    this.releaseSocket();
  }

  /** What `writePiece` began is over: writes the next slice, or ends the write. */
  protected pieceWritten(error: IoError | undefined): void {
    const from = this.writeFrom;
    if (from !== undefined) {
      if (error === undefined && !this.writeSlices(from)) return;
      from.clear();
      this.writeFrom = undefined;
    }
    this.finishWrite(error);
  }

  /** True: every slice was handed over. */
  private writeSlices(from: SliceBuffer): boolean {
    while (this.nextSlice < from.slices.length) {
      if (!this.writePiece(from.slices[this.nextSlice++]!)) return false;
    }
    from.clear();
    this.writeFrom = undefined;
    return true;
  }

  /** Begins to write one array; true when all went at once, else `pieceWritten` ends it. */
  protected abstract writePiece(bytes: Uint8Array): boolean;
  /** Closes the socket at once. The kernel still sends what it has accepted; the rest is dropped. */
  protected abstract releaseSocket(): void;
}
