// Messages that wait, as they came: in their order, whatever their sizes, and none is overwritten.
import { assert, assertEquals } from "@std/assert";
import { MessageStore } from "../../../surface/call/message_store.ts";
import { test } from "../../harness.ts";
import { Random } from "../proto/reference.ts";

function message(number: number, length: number, own: boolean): Uint8Array {
  const bytes = own ? new Uint8Array(length) : new Uint8Array(length + 20).subarray(10, 10 + length);
  return bytes.fill(number & 255);
}

test("message store: messages of all sizes come in their order, with what they count on the wire", () => {
  const random = new Random(15);
  const store = new MessageStore();
  const expected: Array<[number, number]> = [];
  const taken: Uint8Array[] = [];
  let wireBytes = 0;
  for (let i = 0; i < 20_000; i++) {
    if (random.below(20) < 10 || expected.length === 0) {
      const length = random.below(10) === 0 ? random.below(200_000) : random.below(300);
      store.push(message(i, length, random.below(2) === 0), 5 + length);
      expected.push([i, length]);
      wireBytes += 5 + length;
    } else {
      const [number, length] = expected.shift()!;
      const bytes = store.shift();
      assertEquals([bytes.length, bytes.every((one) => one === (number & 255))], [length, true]);
      wireBytes -= 5 + length;
      if (length > 0) taken.push(bytes);
    }
    assertEquals([store.size, store.wireBytes], [expected.length, wireBytes]);
    if (taken.length > 50) {
      const old = taken.shift()!;
      assert(old.every((one) => one === old[0]), "a message that was taken was written to");
    }
  }
  store.clear();
  assertEquals([store.size, store.wireBytes], [0, 0]);
});

test("message store: a large message in a buffer of its own is not copied, and a view of a read is", () => {
  const store = new MessageStore();
  const own = new Uint8Array(2_000);
  const view = new Uint8Array(65_536).subarray(0, 2_000);
  for (const bytes of [own, view, own]) store.push(bytes, 2_005);
  const buffers = [0, 1, 2].map(() => store.shift().buffer);
  assertEquals(buffers.map((buffer) => buffer === own.buffer), [true, false, true]);
  assert(buffers[1] !== view.buffer, "it holds the read that the message came with");
});
