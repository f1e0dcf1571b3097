// The iterator that an application reads messages from, and the window that goes back only as it reads.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MessageSource } from "../../../surface/promise/message_source.ts";
import { test } from "../../harness.ts";

class Owner {
  taken = 0;
  abandoned = 0;
  decode(bytes: Uint8Array): number {
    if (bytes.length === 0) throw new TypeError("no number");
    return bytes[0]! * 256 + bytes[1]!;
  }
  onUndecodable(error: unknown): unknown {
    return new Error(`undecodable: ${error}`);
  }
  onTaken(wireBytes: number): void {
    this.taken += wireBytes;
  }
  onAbandoned(): void {
    this.abandoned++;
  }
}

/** A message. */
function encoded(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 255);
}

function source(): [MessageSource<number>, Owner] {
  const owner = new Owner();
  return [new MessageSource<number>(owner), owner];
}

test("message source: octets go back as messages are taken, not as they come", async () => {
  const [box, owner] = source();
  box.push(encoded(1), 10);
  box.push(encoded(2), 20);
  assertEquals(owner.taken, 0);
  assertEquals((await box.next()).value, 1);
  assertEquals(owner.taken, 10);
  assertEquals((await box.next()).value, 2);
  const waiting = box.next();
  box.push(encoded(3), 30);
  assertEquals([(await waiting).value, owner.taken], [3, 60]);
});

test("message source: several reads may wait, and are served in their order", async () => {
  const [box] = source();
  const reads = [box.next(), box.next(), box.next()];
  box.push(encoded(1), 1);
  box.push(encoded(2), 1);
  box.end();
  assertEquals((await Promise.all(reads)).map((read) => read.value), [1, 2, undefined]);
});

test("message source: an error comes after the messages that came before it, once", async () => {
  const [box] = source();
  box.push(encoded(1), 1);
  box.end(new Error("lost"));
  assertEquals((await box.next()).value, 1);
  await assertRejects(() => box.next(), Error, "lost");
  assertEquals(await box.next(), { value: undefined, done: true });
});

test("message source: a read that waits rejects with the error", async () => {
  const [box] = source();
  const waiting = box.next();
  box.end(new Error("lost"));
  await assertRejects(() => waiting, Error, "lost");
});

test("message source: leaving the loop gives everything back, and tells once unless it was over", async () => {
  const [box, owner] = source();
  box.push(encoded(1), 1);
  box.push(encoded(2), 2);
  for await (const message of box) if (message === 1) break;
  assertEquals([owner.taken, owner.abandoned], [3, 1]);
  box.push(encoded(3), 4);
  assertEquals([owner.taken, await box.next()], [7, { value: undefined, done: true }]);
  await box.return();
  assertEquals(owner.abandoned, 1);
  const [ended, endedOwner] = source();
  ended.end();
  await ended.return();
  assertEquals(endedOwner.abandoned, 0);
});

test("message source: a thousand messages, read at any distance behind, come in their order", async () => {
  for (const behind of [0, 1, 2, 31, 32, 33, 100, 999]) {
    const [box, owner] = source();
    const read: number[] = [];
    for (let i = 0; i < 1_000; i++) {
      box.push(encoded(i), 1);
      if (i >= behind) read.push((await box.next()).value!);
    }
    box.end();
    for await (const message of box) read.push(message);
    assertEquals([read, owner.taken, owner.abandoned], [
      Array.from({ length: 1_000 }, (_, i) => i),
      1_000,
      0,
    ]);
  }
});

/** Octets of the buffers that an inbox holds. */
function held(box: MessageSource<number>): number {
  const buffers = new Set<ArrayBufferLike>();
  const walk = (value: unknown, depth: number): void => {
    if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
    else if (typeof value === "object" && value !== null && depth < 6 && !(value instanceof Owner)) {
      for (const inner of Object.values(value)) walk(inner, depth + 1);
    }
  };
  walk(box, 0);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

test("message source: a reader that is always behind does not make it keep what was read", async () => {
  const [box] = source();
  for (let i = 0; i < 10; i++) box.push(encoded(i), 7);
  for (let i = 0; i < 10_000; i++) {
    box.push(encoded(i & 255), 7);
    await box.next();
    assert(held(box) <= 1_024, `${held(box)} octets are held after ${i} messages were read, 10 are unread`);
  }
});

test("message source: a reader that has read all leaves nothing behind, not until the next message either", async () => {
  const [box] = source();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) box.push(encoded(i), 7);
    for (let i = 0; i < 10; i++) await box.next();
    assertEquals(held(box), 0);
  }
});

test("message source: messages that wait take no more than four times what they have on the wire, and no view of a read", () => {
  const read = new Uint8Array(65_536);
  for (const length of [0, 1, 10, 1_000, 1_500, 16_000]) {
    const [box] = source();
    let wireBytes = 0;
    for (let i = 0; i < 1_000; i++) {
      box.push(read.subarray(i, i + length), 5 + length);
      wireBytes += 5 + length;
    }
    assert(held(box) <= 4 * wireBytes, `${held(box)} octets are held for ${wireBytes} on the wire`);
  }
});

test("message source: a message that cannot be decoded comes in its order, ends the call, and nothing comes after it", async () => {
  const [box, owner] = source();
  box.push(encoded(1), 10);
  box.push(new Uint8Array(0), 5);
  box.push(encoded(3), 30);
  assertEquals((await box.next()).value, 1);
  await assertRejects(() => box.next(), Error, "undecodable: TypeError: no number");
  assertEquals([await box.next(), owner.taken], [{ value: undefined, done: true }, 45]);

  const [waited, waitedOwner] = source();
  const reads = [waited.next(), waited.next()];
  waited.push(new Uint8Array(0), 5);
  waited.push(encoded(3), 30);
  for (const read of reads) await assertRejects(() => read, Error, "undecodable");
  assertEquals(waitedOwner.taken, 35);

  const [late] = source();
  late.push(new Uint8Array(0), 5);
  late.end(); // the call was over before anybody read
  await assertRejects(() => late.next(), Error, "undecodable");
});

test("message source: an error that nobody reads as far as is not told after the reader left", async () => {
  const [box, owner] = source();
  box.push(encoded(1), 5);
  box.end(new Error("lost"));
  assertEquals(await box.return(), { value: undefined, done: true });
  assertEquals(await box.next(), { value: undefined, done: true });
  assertEquals([owner.taken, owner.abandoned], [5, 0]); // the call is over: there is nothing to cancel
});

test("message source: return() ends the reads that wait, and cancels", async () => {
  const [box, owner] = source();
  const reads = [box.next(), box.next()];
  await box.return();
  assertEquals((await Promise.all(reads)).map((read) => read.done), [true, true]);
  assertEquals(owner.abandoned, 1);
});

test("message source: a reader that throws out of its loop cancels as one that breaks does", async () => {
  const [box, owner] = source();
  box.push(encoded(1), 1);
  await assertRejects(
    async () => {
      for await (const message of box) throw new Error(`cannot use ${message}`);
    },
    Error,
    "cannot use 1",
  );
  assertEquals(owner.abandoned, 1);
});

test("message source: the first end counts", async () => {
  const [box] = source();
  box.end();
  box.end(new Error("late"));
  assertEquals(await box.next(), { value: undefined, done: true });
});
