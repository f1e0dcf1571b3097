// What is thrown away beside large arrays, so that V8 collects these while they are young.
import { assertEquals } from "@std/assert";
import { allocatedOutside, garbage } from "../../../pollers/native/external_memory.ts";
import { runtime, test } from "../../harness.ts";

const slots = (count: number) => runtime === "bun" ? 0 : count;

test("external memory: an eighth of a large array is thrown away beside it, and nothing beside a small one", () => {
  const found = [65_536, 16_384, 16_383, 100_000_000].map((bytes) => {
    garbage.last = [];
    allocatedOutside(bytes);
    return garbage.last.length;
  });
  assertEquals(found, [slots(1_024), slots(256), 0, slots(8_192)]);
});
