import { assert, assertEquals, assertThrows } from "@std/assert";
import { UringCalls } from "../../../pollers/ffi/io_uring_calls.ts";
import { U } from "../../../pollers/ffi/io_uring_layouts.ts";
import { EAGAIN, EBADF, EMFILE } from "../../../pollers/ffi/linux_errno_table.ts";
import { C } from "../../../pollers/ffi/linux_layouts.ts";
import { Descriptors } from "../../../pollers/io_uring/descriptors.ts";
import { ioUringFactory } from "../../../pollers/io_uring/mod.ts";
import { createPollset, MAX_EVENTS, RingWatch, type WatchedRing } from "../../../pollers/io_uring/pollset.ts";
import { COMPLETION_NUMBERS } from "../../../pollers/io_uring/ring.ts";
import { Sockets } from "../../../pollers/readiness/sockets.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";

const probed = ioUringFactory.probe();
const skip = probed.usable ? undefined : probed.because;

/** A ring, and a pair of sockets: bytes that are put into one come out of the other. */
class World {
  readonly calls = UringCalls.open(libc()) as UringCalls;
  readonly ring: WatchedRing = createPollset(this.calls);
  readonly one: number;
  readonly other: number;
  private readonly due = new Int32Array(MAX_EVENTS * COMPLETION_NUMBERS);

  constructor() {
    [this.one, this.other] = new Sockets(libc()).pair() as [number, number];
  }

  /** Asks for whether one of the sockets can be read. */
  poll(slot: number, fd = this.one): number {
    const place = this.ring.add(U.OP_POLL_ADD, fd, slot);
    this.ring.setOperationFlags(C.POLLIN);
    return place;
  }

  put(): void {
    libc().write(this.other, new Uint8Array(4_096), 1);
  }

  /** Slots and results of what is complete. */
  wait(timeoutMs: number, ring = this.ring): Array<readonly [number, number]> {
    const count = ring.wait(timeoutMs, this.due);
    return Array.from(
      { length: count / COMPLETION_NUMBERS },
      (_, i) => [this.due[i * 3]!, this.due[i * 3 + 1]!],
    );
  }

  close(): void {
    this.ring.close();
    for (const fd of [this.one, this.other]) libc().close(fd);
    this.calls.close();
  }
}

/** Runs `body` on a world, which is closed. */
function within(name: string, body: (world: World) => void): void {
  test(`io_uring: ${name}`, () => {
    const world = new World();
    try {
      body(world);
    } finally {
      world.close();
    }
  }, { skip });
}

/** `calls` whose enter gives `result`. */
function refusing(calls: UringCalls, result: number): UringCalls {
  const enter = { value: () => result };
  return Object.create(calls, { enter, enterAndWait: enter }) as UringCalls;
}

within("a completion has the slot and the result of its operation", (world) => {
  world.poll(7);
  assertEquals(world.wait(0), []);
  world.put();
  assertEquals(world.wait(1_000), [[7, C.POLLIN]]);
  assertEquals(world.wait(0), []);
});

within("a wait ends in time", (world) => {
  world.poll(7);
  const began = performance.now();
  assertEquals(world.wait(5), []);
  assert(performance.now() - began >= 5);
});

within("an operation that is cancelled before it was submitted is never done", (world) => {
  world.put();
  world.ring.cancel(world.poll(7), 7);
  world.poll(8);
  assertEquals(world.wait(0), [[7, 0], [8, C.POLLIN]]);
});

within("an operation that is cancelled lets its file go before the next line", (world) => {
  const [one, other] = new Sockets(libc()).pair() as [number, number];
  const place = world.poll(7, one);
  world.ring.submit();
  libc().close(one);
  const byte = new Uint8Array(4_096);
  assertEquals(libc().read(other, byte, 1), -1, "it is open still");
  world.ring.cancel(place, 7);
  assertEquals(libc().read(other, byte, 1), 0);
  assertEquals(world.wait(0), [[7, -125]]);
  libc().close(other);
});

within("an operation is cancelled thousands of millions of operations later too", (world) => {
  const place = world.poll(7);
  world.ring.submit();
  world.ring.cancel((place - 2 ** 31) | 0, 7); // where it would be, had there been so many since
  assertEquals(world.wait(0), [[7, -125]]);
  world.poll(7);
  world.ring.submit();
  world.ring.cancel(world.poll(8), 7); // the same place again
  world.put();
  assertEquals(world.wait(0), [[7, -125], [8, C.POLLIN]]);
});

within("more operations than the ring has room for", (world) => {
  for (let slot = 0; slot < 3_000; slot++) world.poll(slot);
  world.put();
  const slots = new Set<number>();
  for (let found = world.wait(0); found.length > 0; found = world.wait(0)) {
    assert(found.length <= MAX_EVENTS);
    for (const [slot] of found) slots.add(slot);
  }
  assertEquals(slots.size, 3_000);
});

within("what finds no room while the kernel takes nothing is taken later, in its order", (world) => {
  let refuses = true;
  const enter = (fd: number, count: number) => refuses ? -EAGAIN : world.calls.enter(fd, count);
  const ring = createPollset(Object.create(world.calls, { enter: { value: enter } }) as UringCalls);
  world.put();
  const sent = Array.from({ length: 100 }, (_, i) => 1_900 + i);
  const places: number[] = [];
  for (let slot = 0; slot < 2_000; slot++) {
    const sends = slot >= sent[0]!;
    places.push(ring.add(sends ? U.OP_SEND : U.OP_POLL_ADD, world.one, slot));
    if (!sends) ring.setOperationFlags(C.POLLIN);
    else {
      const { room } = ring;
      room.view.setUint32(0, slot, true);
      ring.setMemory(room.address, 4);
    }
  }
  const cancelled = [0, 1_000, 1_999];
  for (const slot of cancelled) ring.cancel(places[slot]!, slot);
  assertEquals(world.wait(0, ring), []);
  refuses = false;
  const done = new Map<number, number>();
  for (let found = world.wait(0, ring); found.length > 0; found = world.wait(0, ring)) {
    for (const [slot, result] of found) done.set(slot, result);
  }
  assertEquals(done.size, 2_000);
  assertEquals(cancelled.map((slot) => done.get(slot)), [0, 0, 0]);
  const bytes = new Uint8Array(1_000);
  const count = libc().read(world.other, bytes, bytes.length);
  assertEquals([...new Uint32Array(bytes.buffer, 0, count / 4)], sent.slice(0, -1));
  assertEquals(ring.queued, 0);
  ring.close();
});

within("an error number of somebody else's call does not end the waiting", (world) => {
  const ring = createPollset(refusing(world.calls, -EMFILE));
  for (let i = 0; i < 10; i++) assertEquals(world.wait(1, ring), []);
  ring.close();
});

within("a ring that is gone ends the waiting", (world) => {
  const ring = createPollset(refusing(world.calls, -EBADF));
  for (let i = 0; i < 2; i++) assertEquals(world.wait(1, ring), []);
  assertThrows(() => world.wait(1, ring), Error, "io_uring_enter failed: EBADF");
  for (let slot = 0; slot < 2; slot++) ring.add(U.OP_POLL_ADD, world.one, slot);
  assertEquals(ring.queued, 1, "what was asked for before is never done");
  ring.close();
  assertThrows(() => world.wait(1, ring), Error, "EBADF");
  assertEquals(ring.hasCompletions, false);
});

within("another thread's look: nothing, a completion that is due, a kick", (world) => {
  const watch = new RingWatch(libc(), world.ring.share());
  const due = new Int32Array(COMPLETION_NUMBERS);
  world.poll(7);
  world.ring.submit();
  assertEquals(watch.wait(1, due), 0);
  world.put();
  assertEquals(watch.wait(1_000, due), COMPLETION_NUMBERS);
  assertEquals(watch.wait(1_000, due), COMPLETION_NUMBERS, "it is there until it is taken");
  assertEquals(world.wait(0), [[7, C.POLLIN]]);
  assertEquals(watch.wait(1, due), 0);
  world.ring.kick();
  const began = performance.now();
  assertEquals(watch.wait(60_000, due), 0);
  assert(performance.now() - began < 30_000);
});

test("io_uring: descriptors of a thread that is gone are given up once", () => {
  const held = new Descriptors();
  const high = 2 ** 20 + 31;
  const beyond = 2 ** 30;
  for (const fd of [3, high, 40, 5, beyond]) held.add(fd);
  assert(held.remove(5) && !held.remove(6));
  const others = new Descriptors(held.words);
  assertEquals([held.has(3), others.has(5), others.has(high)], [true, false, true]);
  assertEquals(others.takeAll(), [3, 40, high]);
  assertEquals([held.has(beyond), held.remove(beyond), held.remove(beyond)], [true, true, false]);
  assertEquals(others.takeAll(), []);
  assertEquals(held.remove(3), false, "it is closed already");
});
