// The OVERLAPPEDs of an engine: pinned slots, each of them taken by one operation until its packet has come.
//
// The system writes into a slot at any time between the call that starts an operation and its packet, also after the
// operation was cancelled or its socket closed. So a slot is released in two cases only: the call failed or completed
// at once, and no packet will come; or the packet was dequeued. An owner may be gone before; then no callback runs.

import type { SocketAddress } from "../contract/address.ts";
import { IoError } from "../contract/io_error.ts";
import { type NativePointer, pointerTo, viewMemory } from "../ffi/library.ts";
import { C, OVERLAPPED } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import type { EventTarget } from "../threads/waiting.ts";
import type { HandleRegistry } from "./handle_registry.ts";

/** From one slot to the next: an OVERLAPPED, and room for 30 WSABUFs or the two addresses of an accept. */
export const SLOT_BYTES = 512;

/** Slots of a piece of memory that is committed at once: 64 KiB, the granularity of VirtualAlloc. */
const SLOTS_A_CHUNK = 128;

/** Operations in progress at most: 64 MiB of addresses, of which only those that are used become memory. */
const MOST_SLOTS = 1 << 17;

/** Called when an operation has ended. */
export interface OperationOwner {
  /** Packets are connections that were accepted. */
  readonly listens?: true;
  /**
   * The packet of `operation` came: its NTSTATUS (0 is success, see {@linkcode hasFailed}) and the bytes it moved. The
   * slot is free again when this returns.
   */
  onComplete(operation: Operation, status: number, byteCount: number): void;
}

/** Whether an NTSTATUS is an error. */
export function hasFailed(status: number): boolean {
  return status >= 0x8000_0000;
}

/** One slot. */
export class Operation {
  /** Called with the packet; undefined once the owner has closed. */
  owner: OperationOwner | undefined = undefined;
  /** What the system reads until the packet comes: buffers of a send. */
  readonly keeps: unknown[] = [];
  /** Where the OVERLAPPED is, as calls take it. */
  readonly overlapped: NativePointer;
  /** Where the rest of the slot is, as calls take it. */
  readonly room: NativePointer;
  /** The rest of the slot. */
  readonly roomView: DataView;
  private readonly header: DataView;

  /** Made by {@linkcode OperationTable}. */
  constructor(readonly slot: number, memory: ArrayBuffer, offset: number, address: number) {
    this.header = new DataView(memory, offset, OVERLAPPED.size);
    this.roomView = new DataView(memory, offset + OVERLAPPED.size, SLOT_BYTES - OVERLAPPED.size);
    this.overlapped = pointerTo(address);
    this.room = pointerTo(address + OVERLAPPED.size);
  }

  /** Its NTSTATUS, once it is over. */
  get status(): number {
    return this.header.getUint32(OVERLAPPED.internal, true);
  }

  /** The bytes it moved, once it is over. */
  get byteCount(): number {
    return this.header.getUint32(OVERLAPPED.internalHigh, true);
  }

  /** Zeros, as every call wants them. */
  reset(): void {
    for (let at = 0; at < OVERLAPPED.size; at += 4) this.header.setUint32(at, 0, true);
  }
}

/** All operations of one engine. */
export class OperationTable implements EventTarget {
  readonly stride = 1;
  /** Where the first slot is. */
  readonly address: number;
  private readonly slots: Operation[] = [];
  private readonly free: Operation[] = [];
  private closed = false;

  /** `onIdle` is called when the last packet that was awaited has come. Throws an Error where there is no memory. */
  constructor(
    private readonly winsock: Winsock,
    private readonly registry: HandleRegistry,
    private readonly onIdle: () => void,
  ) {
    this.address = winsock.VirtualAlloc(0, MOST_SLOTS * SLOT_BYTES, C.MEM_RESERVE, C.PAGE_READWRITE);
    if (this.address === 0) throw new Error("VirtualAlloc found no addresses for operations");
  }

  /** Operations whose packets are awaited. */
  get pending(): number {
    return this.registry.pending;
  }

  /** A zeroed slot for `owner`; undefined where there are too many operations in progress, or no memory. */
  take(owner: OperationOwner): Operation | undefined {
    if (this.closed || (this.free.length === 0 && !this.grow())) return undefined;
    const operation = this.free.pop()!;
    operation.reset();
    operation.owner = owner;
    this.registry.pending++;
    return operation;
  }

  /** Takes a slot back for which no packet will come. */
  giveBack(operation: Operation): void {
    operation.owner = undefined;
    operation.keeps.length = 0;
    this.free.push(operation);
    if (--this.registry.pending === 0) this.onIdle();
  }

  /** The packet of a slot came. */
  dispatch(due: Int32Array, at: number): void {
    const operation = this.slots[due[at]!]!;
    const { owner } = operation;
    try {
      owner?.onComplete(operation, operation.status, operation.byteCount);
    } finally {
      this.giveBack(operation);
    }
  }

  listens(due: Int32Array, at: number): boolean {
    return this.slots[due[at]!]!.owner?.listens === true;
  }

  /** Frees the memory, unless a packet is awaited: the system would write into freed memory. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.pending === 0) this.winsock.VirtualFree(this.address, 0, C.MEM_RELEASE);
  }

  private grow(): boolean {
    const first = this.slots.length;
    if (first === MOST_SLOTS) return false;
    const bytes = SLOTS_A_CHUNK * SLOT_BYTES;
    const address = this.address + first * SLOT_BYTES;
    if (this.winsock.VirtualAlloc(address, bytes, C.MEM_COMMIT, C.PAGE_READWRITE) === 0) return false;
    const memory = viewMemory(address, bytes);
    for (let at = 0; at < bytes; at += SLOT_BYTES) {
      const operation = new Operation(this.slots.length, memory, at, address + at);
      this.slots.push(operation);
      this.free.push(operation);
    }
    return true;
  }
}

/** There is no slot for one more operation. */
export function tooManyOperations(
  syscall: "read" | "write" | "connect" | "accept",
  at: SocketAddress,
): IoError {
  return new IoError("too-many-files", syscall, at, undefined, "too many operations are under way");
}
