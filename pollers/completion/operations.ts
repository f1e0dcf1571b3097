// Operations in progress: slots, each of them taken by one operation until the system has said that it is over.
//
// The system may use what belongs to an operation (its memory, its buffers) at any time between the call that starts it
// and the event of its end, also after it was cancelled or its socket closed. So a slot is released in two cases only: the
// call failed or completed at once, and no event will come; or the event was dispatched. An owner may be gone before; then
// no callback runs.

import type { SocketAddress } from "../contract/address.ts";
import { IoError } from "../contract/io_error.ts";
import type { EventTarget } from "../threads/waiting.ts";

/** One slot of a table of `O`s. */
export class BaseOperation<O> {
  /** Called with the event; undefined once the owner has closed. */
  owner: OperationOwner<O> | undefined = undefined;

  /** Made by {@linkcode BaseOperationTable}. */
  constructor(readonly slot: number) {}
}

/** Called when an operation has ended. */
export interface OperationOwner<O> {
  /** Events are connections that were accepted. */
  readonly listens?: true;
  /**
   * The event of `operation` came: its result as the system has it, and with it the bytes it moved, or flags. The slot is
   * free again when this returns.
   */
  onComplete(operation: O, result: number, more: number): void;
}

/** A count of the operations whose events are awaited; where it is kept is the engine's matter. */
export interface PendingCount {
  /** Operations whose events are awaited. */
  pending: number;
}

/** All operations of one engine; each engine adds the memory of its slots, and how an event names one. */
export abstract class BaseOperationTable<O extends BaseOperation<O>> implements EventTarget {
  protected readonly slots: O[] = [];
  /** No operation begins any more. */
  protected closed = false;
  private readonly free: O[] = [];

  /** `onIdle` is called when the last event that was awaited has come. */
  constructor(private readonly awaited: PendingCount, private readonly onIdle: () => void) {}

  /** Operations whose events are awaited. */
  get pending(): number {
    return this.awaited.pending;
  }

  /** A slot for `owner`; undefined where there are too many operations in progress, or no memory. */
  take(owner: OperationOwner<O>): O | undefined {
    if (this.closed || (this.free.length === 0 && !this.grow())) return undefined;
    const operation = this.free.pop()!;
    operation.owner = owner;
    this.awaited.pending++;
    return operation;
  }

  /** Takes a slot back for which no event will come, or whose last one has. */
  giveBack(operation: O): void {
    operation.owner = undefined;
    this.free.push(operation);
    if (--this.awaited.pending === 0) this.onIdle();
  }

  listens(due: Int32Array, at: number): boolean {
    return this.slots[this.slotOf(due, at)]!.owner?.listens === true;
  }

  /** The last event of `operation` came. */
  protected complete(operation: O, result: number, more: number): void {
    try {
      operation.owner?.onComplete(operation, result, more);
    } finally {
      this.giveBack(operation);
    }
  }

  /** A slot more, which nothing uses yet. */
  protected addSlot(operation: O): void {
    this.slots.push(operation);
    this.free.push(operation);
  }

  abstract readonly stride: number;
  abstract dispatch(due: Int32Array, at: number): void;
  /** The slot that the event at `at` names. */
  protected abstract slotOf(due: Int32Array, at: number): number;
  /** Adds slots; false where there are as many as there may be, or no memory. */
  protected abstract grow(): boolean;
}

/** There is no slot for one more operation. */
export function tooManyOperations(
  syscall: "read" | "write" | "connect" | "accept",
  at: SocketAddress,
): IoError {
  return new IoError("too-many-files", syscall, at, undefined, "too many operations are under way");
}
