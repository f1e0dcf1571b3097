// The operations of an engine: each has a slot, by which its completions are known, until the last of them has come.

import { U } from "../ffi/io_uring_layouts.ts";
import type { EventTarget } from "../threads/waiting.ts";
import type { BufferRing } from "./buffer_ring.ts";
import type { Ring } from "./ring.ts";

/** Called with completions. */
export interface OperationOwner {
  /** Completions are connections that were accepted. */
  readonly listens?: true;
  /**
   * A completion of `operation`: its result, below zero an error number, and flags of the kernel. Where it is the last one
   * the slot is free again when this returns.
   */
  onComplete(operation: Operation, result: number, flags: number): void;
}

/** One operation that was asked for. */
export class Operation {
  /** Called with completions; undefined once the owner has closed. */
  owner: OperationOwner | undefined = undefined;
  /** Where it is, or was, in the ring. */
  place = 0;
  /** Its last completion has not come. */
  pending = false;

  /** Made by {@linkcode OperationTable}. */
  constructor(readonly slot: number) {}
}

/** An event that is none: the thread that looks after the ring has seen something, and this one must look. */
export const LOOK = -2;

/** All operations of one engine. */
export class OperationTable implements EventTarget {
  readonly stride = 3;
  /** Operations whose last completion has not come. */
  pending = 0;
  private readonly slots: Operation[] = [];
  private readonly free: Operation[] = [];

  /** `onIdle` is called when the last completion that was awaited has come. */
  constructor(
    private readonly ring: Ring,
    private readonly buffers: BufferRing,
    private readonly onIdle: () => void,
  ) {}

  /** Adds an operation to the ring; its `place` is where the rest of it is said. */
  begin(owner: OperationOwner, opcode: number, fd: number, flags = 0, ioprio = 0): Operation {
    let operation = this.free.pop();
    if (operation === undefined) this.slots.push(operation = new Operation(this.slots.length));
    operation.place = this.ring.add(opcode, fd, operation.slot, flags, ioprio);
    operation.owner = owner;
    operation.pending = true;
    this.pending++;
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
  dispatch(due: Int32Array, at: number): void {
    const slot = due[at]!;
    if (slot === LOOK) return;
    const operation = this.slots[slot]!;
    const { owner } = operation;
    const flags = due[at + 2]!;
    if ((flags & U.CQE_F_MORE) === 0) operation.pending = false;
    try {
      if (owner !== undefined) owner.onComplete(operation, due[at + 1]!, flags);
    } finally {
      if ((flags & U.CQE_F_BUFFER) !== 0) this.buffers.giveBack(flags >>> U.CQE_BUFFER_SHIFT);
      if (!operation.pending) this.end(operation);
    }
  }

  listens(due: Int32Array, at: number): boolean {
    return this.slots[due[at]!]?.owner?.listens === true;
  }

  /** Nothing is lost with the thread that looks after the ring: completions are taken by this one. */
  recover(): void {}

  private end(operation: Operation): void {
    operation.owner = undefined;
    this.free.push(operation);
    if (--this.pending === 0) this.onIdle();
  }
}
