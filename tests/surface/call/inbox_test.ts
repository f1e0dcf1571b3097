// The iterator that an application reads messages from, and the window that goes back only as it reads.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Inbox } from "../../../surface/call/inbox.ts";
import { test } from "../../harness.ts";

class Owner {
  taken = 0;
  abandoned = 0;
  onTaken(wireBytes: number): void {
    this.taken += wireBytes;
  }
  onAbandoned(): void {
    this.abandoned++;
  }
}

function inbox(): [Inbox<number>, Owner] {
  const owner = new Owner();
  return [new Inbox<number>(owner), owner];
}

test("inbox: octets go back as messages are taken, not as they come", async () => {
  const [box, owner] = inbox();
  box.push(1, 10);
  box.push(2, 20);
  assertEquals(owner.taken, 0);
  assertEquals((await box.next()).value, 1);
  assertEquals(owner.taken, 10);
  assertEquals((await box.next()).value, 2);
  const waiting = box.next();
  box.push(3, 30);
  assertEquals([(await waiting).value, owner.taken], [3, 60]);
});

test("inbox: several reads may wait, and are served in their order", async () => {
  const [box] = inbox();
  const reads = [box.next(), box.next(), box.next()];
  box.push(1, 1);
  box.push(2, 1);
  box.end();
  assertEquals((await Promise.all(reads)).map((read) => read.value), [1, 2, undefined]);
});

test("inbox: an error comes after the messages that came before it, once", async () => {
  const [box] = inbox();
  box.push(1, 1);
  box.end(new Error("lost"));
  assertEquals((await box.next()).value, 1);
  await assertRejects(() => box.next(), Error, "lost");
  assertEquals(await box.next(), { value: undefined, done: true });
});

test("inbox: a read that waits rejects with the error", async () => {
  const [box] = inbox();
  const waiting = box.next();
  box.end(new Error("lost"));
  await assertRejects(() => waiting, Error, "lost");
});

test("inbox: leaving the loop gives everything back, and tells once unless it was over", async () => {
  const [box, owner] = inbox();
  box.push(1, 1);
  box.push(2, 2);
  for await (const message of box) if (message === 1) break;
  assertEquals([owner.taken, owner.abandoned], [3, 1]);
  box.push(3, 4);
  assertEquals([owner.taken, await box.next()], [7, { value: undefined, done: true }]);
  await box.return();
  assertEquals(owner.abandoned, 1);
  const [ended, endedOwner] = inbox();
  ended.end();
  await ended.return();
  assertEquals(endedOwner.abandoned, 0);
});

test("inbox: a thousand messages, read at any distance behind, come in their order", async () => {
  for (const behind of [0, 1, 2, 31, 32, 33, 100, 999]) {
    const [box, owner] = inbox();
    const read: number[] = [];
    for (let i = 0; i < 1_000; i++) {
      box.push(i, 1);
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

test("inbox: a reader that is always behind does not make it keep what was read", async () => {
  const box = new Inbox<object>(new Owner());
  const kept = () => Object.values(box).flat().filter((value) => value instanceof Uint8Array).length;
  for (let i = 0; i < 10; i++) box.push(new Uint8Array(1), 1);
  assertEquals(kept(), 10);
  for (let i = 0; i < 10_000; i++) {
    box.push(new Uint8Array(1), 1);
    await box.next();
    assert(kept() < 100, `${kept()} messages are kept after ${i} were read, 10 are unread`);
  }
});

test("inbox: a reader that has read all leaves nothing behind, not until the next message either", async () => {
  const box = new Inbox<object>(new Owner());
  const kept = () => Object.values(box).flat().filter((value) => value instanceof Uint8Array).length;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) box.push(new Uint8Array(1), 1);
    for (let i = 0; i < 10; i++) await box.next();
    assertEquals(kept(), 0);
  }
});

test("inbox: an error that nobody reads as far as is not told after the reader left", async () => {
  const [box, owner] = inbox();
  box.push(1, 5);
  box.end(new Error("lost"));
  assertEquals(await box.return(), { value: undefined, done: true });
  assertEquals(await box.next(), { value: undefined, done: true });
  assertEquals([owner.taken, owner.abandoned], [5, 0]); // the call is over: there is nothing to cancel
});

test("inbox: return() ends the reads that wait, and cancels", async () => {
  const [box, owner] = inbox();
  const reads = [box.next(), box.next()];
  await box.return();
  assertEquals((await Promise.all(reads)).map((read) => read.done), [true, true]);
  assertEquals(owner.abandoned, 1);
});

test("inbox: a reader that throws out of its loop cancels as one that breaks does", async () => {
  const [box, owner] = inbox();
  box.push(1, 1);
  await assertRejects(
    async () => {
      for await (const message of box) throw new Error(`cannot use ${message}`);
    },
    Error,
    "cannot use 1",
  );
  assertEquals(owner.abandoned, 1);
});

test("inbox: the first end counts", async () => {
  const [box] = inbox();
  box.end();
  box.end(new Error("late"));
  assertEquals(await box.next(), { value: undefined, done: true });
});
