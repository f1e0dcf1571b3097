// The OVERLAPPEDs of an engine: pinned slots, into which the system writes until their packets have come.

import { BaseOperation, BaseOperationTable, type OperationOwner } from "../completion/operations.ts";
import { type NativePointer, pointerTo, viewMemory } from "../ffi/library.ts";
import { C, OVERLAPPED } from "../ffi/windows_layouts.ts";
import type { Winsock } from "../ffi/winsock.ts";
import type { HandleRegistry } from "./handle_registry.ts";

/** From one slot to the next: an OVERLAPPED, and room for 30 WSABUFs or the two addresses of an accept. */
export const SLOT_BYTES = 512;

/** Slots of a piece of memory that is committed at once: 64 KiB, the granularity of VirtualAlloc. */
const SLOTS_A_CHUNK = 128;

/** Operations in progress at most: 64 MiB of addresses, of which only those that are used become memory. */
const MOST_SLOTS = 1 << 17;

/** Whether an NTSTATUS is an error. */
export function hasFailed(status: number): boolean {
  return status >= 0x8000_0000;
}

/** One slot. Its owner gets the NTSTATUS (0 is success, see {@linkcode hasFailed}) and the bytes that it moved. */
export class Operation extends BaseOperation<Operation> {
  /** What the system reads until the packet comes: buffers of a send. */
  readonly keeps: unknown[] = [];
  /** Where the OVERLAPPED is, as calls take it. */
  readonly overlapped: NativePointer;
  /** Where the rest of the slot is, as calls take it. */
  readonly room: NativePointer;
  /** The rest of the slot. */
  readonly roomWords: Uint32Array;
  private readonly header: DataView;

  /** Made by {@linkcode OperationTable}. */
  constructor(slot: number, memory: ArrayBuffer, offset: number, address: number) {
    super(slot);
    this.header = new DataView(memory, offset, OVERLAPPED.size);
    this.roomWords = new Uint32Array(memory, offset + OVERLAPPED.size, (SLOT_BYTES - OVERLAPPED.size) / 4);
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
export class OperationTable extends BaseOperationTable<Operation> {
  override readonly stride = 1;
  /** Where the first slot is. */
  readonly address: number;

  /** `registry` counts what is awaited; see `BaseOperationTable`. Throws an Error where there is no memory. */
  constructor(private readonly winsock: Winsock, registry: HandleRegistry, onIdle: () => void) {
    super(registry, onIdle);
    this.address = winsock.VirtualAlloc(0, MOST_SLOTS * SLOT_BYTES, C.MEM_RESERVE, C.PAGE_READWRITE);
    if (this.address === 0) throw new Error("VirtualAlloc found no addresses for operations");
  }

  /** The slot is zeroed, as every call wants it. */
  override take(owner: OperationOwner<Operation>): Operation | undefined {
    const operation = super.take(owner);
    operation?.reset();
    return operation;
  }

  override giveBack(operation: Operation): void {
    operation.keeps.length = 0;
    super.giveBack(operation);
  }

  /** The packet of a slot came. */
  override dispatch(due: Int32Array, at: number): void {
    const operation = this.slots[due[at]!]!;
    this.complete(operation, operation.status, operation.byteCount);
  }

  /** Frees the memory, unless a packet is awaited: the system would write into freed memory. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.pending === 0) this.winsock.VirtualFree(this.address, 0, C.MEM_RELEASE);
  }

  protected override slotOf(due: Int32Array, at: number): number {
    return due[at]!;
  }

  protected override grow(): boolean {
    const first = this.slots.length;
    if (first === MOST_SLOTS) return false;
    const bytes = SLOTS_A_CHUNK * SLOT_BYTES;
    const address = this.address + first * SLOT_BYTES;
    if (this.winsock.VirtualAlloc(address, bytes, C.MEM_COMMIT, C.PAGE_READWRITE) === 0) return false;
    const memory = viewMemory(address, bytes);
    for (let at = 0; at < bytes; at += SLOT_BYTES) {
      this.addSlot(new Operation(this.slots.length, memory, at, address + at));
    }
    return true;
  }
}
