// Receives: those that never wait, and those of zero bytes, whose packets report that something came.

import type { NativePointer } from "../ffi/library.ts";
import { Arena, type NativeMemory } from "../ffi/memory.ts";
import type { Winsock } from "../ffi/winsock.ts";
import { WSABUF } from "../ffi/windows_layouts.ts";
import type { Operation } from "./operations.ts";
import type { Socket, Sockets } from "./sockets.ts";

/** Receives of one thread. */
export class Receiver {
  private readonly received: NativeMemory;
  private readonly flags: NativeMemory;
  private readonly nothing: NativeMemory;

  /** Memory is allocated once. */
  constructor(private readonly winsock: Winsock, private readonly sockets: Sockets) {
    const arena = new Arena(128);
    this.received = arena.allocate(4);
    this.flags = arena.allocate(4);
    this.nothing = arena.allocate(WSABUF.size);
    this.nothing.view.setBigUint64(WSABUF.base, BigInt(this.nothing.address), true);
  }

  /** Takes what is there: see `ReadVectors`. */
  readonly read = (socket: NativePointer, vectors: Uint8Array, count: number): number => {
    const { winsock, received, flags } = this;
    flags.view.setUint32(0, 0, true);
    const result = winsock.WSARecv(socket, vectors, count, received.bytes, flags.bytes, null, null);
    return result === 0 ? received.view.getUint32(0, true) : -winsock.lastError();
  };

  /** Posts a receive of zero bytes, which is done when something is there, or the end; see `Sockets.started`. */
  post(socket: Socket, { overlapped }: Operation): number {
    const { winsock, flags, nothing } = this;
    flags.view.setUint32(0, 0, true);
    return this.sockets.started(
      winsock.WSARecv(socket.pointer, nothing.bytes, 1, null, flags.bytes, overlapped, null) !== 0,
    );
  }
}
