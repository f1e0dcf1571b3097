// Which reads lend their bytes: those of traffic of which few views are kept.
import { assertEquals } from "@std/assert";
import { ReceivedMemory } from "../../../transport/http2/received_memory.ts";
import { test } from "../../harness.ts";

/** Reads of `[bytes, views kept of them]`, and whether the one after each lends. */
function reads(...all: ReadonlyArray<readonly [bytes: number, kept: number]>): boolean[] {
  const memory = new ReceivedMemory();
  const piece = new Uint8Array(4);
  return all.map(([bytes, kept]) => {
    memory.arrived(bytes);
    for (let i = 0; i < kept; i++) memory.keep(piece, 1, 3);
    return memory.next();
  });
}

test("received memory: content that is put together is lent, many small messages are not", () => {
  assertEquals(reads([65_536, 0], [65_536, 4], [65_536, 5], [262_144, 16], [262_144, 17]), [
    true,
    true,
    false,
    true,
    false,
  ]);
});

test("received memory: what has no content changes nothing, and one small message is not worth lending for", () => {
  assertEquals(reads([13, 0], [16_383, 0], [100, 1]), [false, false, false]);
  assertEquals(reads([65_536, 0], [13, 0], [200, 0], [200, 1], [200, 0]), [true, true, true, false, false]);
});

test("received memory: what is kept is a view, or a copy of what is lent", () => {
  const memory = new ReceivedMemory();
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const view = memory.keep(bytes, 1, 3);
  memory.lent = true;
  const copy = memory.keep(bytes, 1, 3);
  bytes.fill(9);
  assertEquals([[...view], [...copy]], [[9, 9], [2, 3]]);
});
