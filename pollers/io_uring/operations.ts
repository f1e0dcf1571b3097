// The operations of an engine: each has a slot, by which its completions are known, until the last of them has come.

import { BaseOperation, BaseOperationTable, type OperationOwner } from "../completion/operations.ts";
import { U } from "../ffi/io_uring_layouts.ts";
import { C } from "../ffi/linux_layouts.ts";
import type { NativeMemory } from "../ffi/memory.ts";
import type { BufferRing } from "./buffer_ring.ts";
import type { Ring } from "./ring.ts";
import type { SendMemory } from "./send_memory.ts";

/** Slots at most; more connections than a process can have. */
const MOST_SLOTS = 1 << 22;

/**
 * One operation that was asked for. Its owner gets the result, below zero an error number, and flags of the kernel; a buffer
 * that they name is the owner's to give back.
 */
export class Operation extends BaseOperation<Operation> {
  /** Where it is, or was, in the ring. */
  place = 0;
  /** Its last completion has not come. */
  pending = false;
  /** What it sends, where it is a send. */
  memory: NativeMemory | undefined = undefined;
}

/** An event that is none: the thread that looks after the ring has seen something, and this one must look. */
export const LOOK = -2;

/** All operations of one engine. */
export class OperationTable extends BaseOperationTable<Operation> {
  override readonly stride = 3;
  private dispatching = false;
  private hasSends = false;
  /** Those that a batch has sent are dispatched: what is written meanwhile waits for no others. */
  private afterSends = false;

  /** `onIdle` is called when the last completion that was awaited has come. */
  constructor(
    private readonly ring: Ring,
    private readonly buffers: BufferRing,
    private readonly sends: SendMemory,
    private readonly onSent: () => void,
    onIdle: () => void,
  ) {
    super({ pending: 0 }, onIdle);
  }

  /** Adds an operation to the ring, of which the rest is to be said at once. */
  begin(
    owner: OperationOwner<Operation>,
    opcode: number,
    fd: number,
    flags = 0,
    ioprio = 0,
  ): Operation {
    const operation = this.take(owner)!;
    operation.place = this.ring.add(opcode, fd, operation.slot, flags, ioprio);
    operation.pending = true;
    return operation;
  }

  /** Completions are being dispatched: what is sent meanwhile is sent when all of them have been. */
  get isDispatching(): boolean {
    return this.dispatching;
  }

  /** Adds a send of the first `length` bytes of `memory`, which is given back when it is over. */
  send(owner: OperationOwner<Operation>, fd: number, memory: NativeMemory, length: number): Operation {
    const operation = this.begin(owner, U.OP_SEND, fd);
    operation.memory = memory;
    this.ring.setMemory(memory.address, length);
    this.ring.setOperationFlags(C.MSG_NOSIGNAL);
    this.hasSends = true;
    return operation;
  }

  /** Ends an operation, which lets its file go at once; its owner has no completion of it any more. */
  abandon(operation: Operation): void {
    operation.owner = undefined;
    this.stop(operation);
  }

  /** Ends an operation, whose owner has what completions there are. */
  stop(operation: Operation): void {
    if (operation.pending) this.ring.cancel(operation.place, operation.slot);
  }

  /** A completion came. */
  override dispatch(due: Int32Array, at: number): void {
    const slot = due[at]!;
    if (slot === LOOK) return;
    this.dispatching = !this.afterSends;
    const operation = this.slots[slot]!;
    const flags = due[at + 2]!;
    if ((flags & U.CQE_F_MORE) === 0) operation.pending = false;
    try {
      if (operation.owner !== undefined) operation.owner.onComplete(operation, due[at + 1]!, flags);
      else if ((flags & U.CQE_F_BUFFER) !== 0) this.buffers.giveBack(flags >>> U.CQE_BUFFER_SHIFT);
    } finally {
      if (!operation.pending) this.end(operation);
    }
  }

  /** All of a batch: one call sends what was written meanwhile, and what is sent then is dispatched before anything else. */
  dispatched(): void {
    this.dispatching = false;
    if (!this.hasSends) return;
    this.hasSends = false;
    this.ring.submit();
    this.afterSends = true;
    this.onSent();
    this.afterSends = false;
  }

  override listens(due: Int32Array, at: number): boolean {
    return due[at] !== LOOK && super.listens(due, at);
  }

  /** Nothing is lost with the thread that looks after the ring: completions are taken by this one. */
  recover(): false {
    return false;
  }

  private end(operation: Operation): void {
    if (operation.memory !== undefined) this.sends.giveBack(operation.memory);
    operation.memory = undefined;
    this.giveBack(operation);
  }

  protected override slotOf(due: Int32Array, at: number): number {
    return due[at]!;
  }

  protected override grow(): boolean {
    if (this.slots.length === MOST_SLOTS) return false;
    this.addSlot(new Operation(this.slots.length));
    return true;
  }
}
