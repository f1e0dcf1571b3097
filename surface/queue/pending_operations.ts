// The operations of one queue that have not ended, linked: a Set that operations come to and leave keeps half of Bun's
// garbage alive, for its buckets link the dead to the living.

import type { QueueOperation } from "./queue_operation.ts";

/** Operations in the order in which they began. */
export class PendingOperations<Tag> {
  /** How many there are. */
  size = 0;
  private last: QueueOperation<Tag> | undefined = undefined;

  /** `operation` has begun. */
  add(operation: QueueOperation<Tag>): void {
    const { last } = this;
    if (last !== undefined) last.nextOperation = operation;
    operation.previousOperation = last ?? operation;
    this.last = operation;
    this.size++;
  }

  /** `operation` has ended; nothing happens where it is not here. */
  delete(operation: QueueOperation<Tag>): void {
    const { nextOperation: next, previousOperation } = operation;
    if (previousOperation === undefined) return;
    const previous = previousOperation === operation ? undefined : previousOperation;
    if (previous !== undefined) previous.nextOperation = next;
    if (next !== undefined) next.previousOperation = previous ?? next;
    else this.last = previous;
    operation.nextOperation = operation.previousOperation = undefined;
    this.size--;
  }

  /** All of them. */
  all(): Array<QueueOperation<Tag>> {
    const operations: Array<QueueOperation<Tag>> = [];
    for (let one = this.last; one !== undefined;) {
      operations.push(one);
      one = one.previousOperation === one ? undefined : one.previousOperation;
    }
    return operations.reverse();
  }
}
