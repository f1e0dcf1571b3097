// The list of pending operations: in their order, wherever one leaves.
import { assertEquals } from "@std/assert";
import { PendingOperations } from "../../../surface/queue/pending_operations.ts";
import type { QueueOperation } from "../../../surface/queue/queue_operation.ts";
import { test } from "../../harness.ts";

function operation(tag: number): QueueOperation<number> {
  const links = { nextOperation: undefined, previousOperation: undefined };
  return { tag, ...links, purpose: "", describe: () => "" };
}

test("pending operations: in the order in which they began, whichever ends first; twice changes nothing", () => {
  for (const leaves of [0, 1, 2]) {
    const pending = new PendingOperations<number>();
    const operations = [0, 1, 2].map(operation);
    for (const one of operations) pending.add(one);
    const left = (): number[] => pending.all().map(({ tag }) => tag);
    assertEquals([left(), pending.size], [[0, 1, 2], 3]);
    for (let twice = 0; twice < 2; twice++) pending.delete(operations[leaves]!);
    const rest = [0, 1, 2].filter((tag) => tag !== leaves);
    assertEquals([left(), pending.size], [rest, 2]);
    const { nextOperation, previousOperation } = operations[leaves]!;
    assertEquals([nextOperation, previousOperation], [undefined, undefined]); // it keeps no other one alive
    pending.add(operations[leaves]!);
    assertEquals(left(), [...rest, leaves]);
    for (const one of operations) pending.delete(one);
    assertEquals([left(), pending.size], [[], 0]);
  }
});
