import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { closeSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { EEXIST, EINVAL, EPERM } from "../../../pollers/ffi/linux_errno_table.ts";
import { pollFactory } from "../../../pollers/poll/mod.ts";
import { MAX_EVENTS } from "../../../pollers/poll/poll_entries.ts";
import { createPollset, PollSet, type PollsetMemory } from "../../../pollers/poll/pollset.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { type FdHandle, FdTable, PollsetSource, slotMemory } from "../../../pollers/readiness/fd_table.ts";
import { isWaiting } from "../../../pollers/readiness/lockfree_event.ts";
import { Sockets } from "../../../pollers/readiness/sockets.ts";
import { test } from "../../harness.ts";
import { countDescriptors } from "../epoll/setup.ts";
import { libc } from "../ffi/setup.ts";
import { until } from "../promised.ts";
import { OVER, ROUND, STARTED } from "./waiter.ts";

const probed = pollFactory.probe();
const skip = probed.usable ? undefined : probed.because;

/** A table over a set, as an engine has them, and what its owners were called for: "3 r". */
class World {
  readonly words: Int32Array;
  readonly pollset: PollSet;
  readonly table: FdTable;
  readonly sockets = new Sockets(libc());
  readonly source: PollsetSource;
  readonly called: string[] = [];
  private readonly due = new Int32Array(MAX_EVENTS * 4);

  constructor(capacity: number) {
    this.words = slotMemory(capacity);
    this.pollset = createPollset(libc(), this.words);
    this.table = new FdTable(libc(), this.pollset, this.words);
    this.source = new PollsetSource(this.words, this.pollset);
  }

  /** A polled end, and the other one. */
  pair(name = `${this.called.length}`): [FdHandle, number] {
    const [one, other] = this.sockets.pair() as [number, number];
    const owner = {
      onReadable: () => void this.called.push(`${name} r`),
      onWritable: () => void this.called.push(`${name} w`),
    };
    const handle = this.table.add(one, owner);
    assert(typeof handle !== "number");
    return [handle, other];
  }

  /** Waits without blocking and calls owners; what they were called for. */
  look(): string[] {
    const count = this.source.wait(0, this.due);
    for (let at = 0; at < count; at += this.table.stride) this.table.dispatch(this.due, at);
    return this.called.splice(0);
  }
}

function put(fd: number): void {
  libc().write(fd, new Uint8Array(4096), 1);
}

test("poll: who waits is called as long as it is ready, and who does not wait ends no wait", () => {
  const before = countDescriptors();
  const world = new World(8);
  const [handle, other] = world.pair("a");
  put(other);
  assertEquals(world.look(), [], "nobody waits");
  assert(handle.waitReadable());
  assertEquals(world.look(), ["a r"]);
  assertEquals(world.look(), [], "called once");
  assert(handle.waitReadable());
  assert(handle.waitWritable());
  assertEquals(world.look(), ["a r", "a w"]);
  assertEquals(handle.hungUp, false);
  libc().close(other);
  assertEquals(world.look(), [], "a hang-up that nobody waits for ends no wait");
  assertEquals(handle.hungUp, false, "and is not reported");
  assert(handle.waitReadable());
  assertEquals(world.look(), ["a r"]);
  assertEquals(handle.hungUp, true);
  handle.close();
  world.pollset.close();
  world.pollset.close();
  assertLessOrEqual(countDescriptors(), before); // the runtime may close some of its own
}, { skip });

test("poll: a descriptor stands once in a set, files do not, and one that is not open is refused", () => {
  const world = new World(8);
  const [handle, other] = world.pair();
  const owner = { onReadable: () => {}, onWritable: () => {} };
  assertEquals(world.table.add(handle.fd, owner), -EEXIST);
  const file = openSync("/dev/null", "r");
  assertEquals(world.table.add(file, owner), -EPERM);
  closeSync(file);
  assert((world.table.add(file, owner) as number) < 0);
  handle.close();
  libc().close(other);
  world.pollset.close();
}, { skip });

test("poll: a file is none whose end is waited for, wherever in it its reader is", () => {
  const world = new World(8);
  const path = `${tmpdir()}/pollwire-sparse-${process.pid}`;
  writeFileSync(path, "");
  for (const size of [2 ** 31, 2 ** 32]) {
    truncateSync(path, size);
    const file = openSync(path, "a");
    writeSync(file, "x"); // behind what is there
    assertEquals(world.table.add(file, { onReadable: () => {}, onWritable: () => {} }), -EPERM);
    closeSync(file);
  }
  rmSync(path);
  world.pollset.close();
}, { skip });

test("poll: more descriptors are ready than one wait reports: each is reported in time", () => {
  const world = new World(1_000);
  const ends = Array.from({ length: 300 }, (_, i) => world.pair(String(i)));
  for (const [, other] of ends) put(other);
  const seen = new Set<string>();
  for (let round = 0; round < 2; round++) {
    for (const [handle] of ends) if (!handle.readWaits) assert(handle.waitReadable());
    for (const name of world.look()) seen.add(name);
  }
  assertEquals(seen.size, 300, "those in front, which wait again at once, were reported twice instead");
  for (const [handle, other] of ends) {
    handle.close();
    libc().close(other);
  }
  world.pollset.close();
}, { skip });

test("poll: what is waited for, or closed, while another thread is in the call is seen by it", async () => {
  const world = new World(8);
  const marks = new Int32Array(new SharedArrayBuffer(16));
  const data: { words: Int32Array; shared: PollsetMemory; marks: Int32Array } = {
    words: world.words,
    shared: world.pollset.shared,
    marks,
  };
  const thread = new Thread(new URL("./waiter.ts", import.meta.url), data);
  const rounds = (): number => Atomics.load(marks, ROUND);
  await until(() => Atomics.load(marks, STARTED) === 1 && inCall(world), "the thread's call");
  const [handle, other] = world.pair("a");
  put(other);
  const before = rounds();
  // A wait of another thread that is over meanwhile, as where two do, changes nothing for the one that goes on.
  world.source.wait(0.1, new Int32Array(MAX_EVENTS * 4));
  assert(handle.waitReadable());
  await until(() => rounds() > before && !waits(world, handle), "the event of who began to wait meanwhile");
  // The other end learns that this one is closed, though a thread is in the call with it.
  for (let i = 0; i < 5; i++) { // once may meet it between two calls
    const [closing, far] = world.pair("b");
    const round = rounds();
    assert(closing.waitReadable());
    world.pollset.kick(); // the thread may be between two calls, and go into the next one without an end of a round
    await until(() => rounds() > round && inCall(world), "the call with it");
    closing.close();
    await until(() => libc().read(far, new Uint8Array(4096), 1) === 0, "the end at the other side");
    libc().close(far);
  }
  Atomics.store(marks, OVER, 1);
  world.pollset.kick();
  assertEquals((await thread.ended).error, undefined);
  handle.close();
  libc().close(other);
  world.pollset.close();
}, { skip });

/** A thread makes the call, or its arguments. */
function inCall({ pollset }: World): boolean {
  return Atomics.load(pollset.shared.control, 0) === 1;
}

/** The thread has not found ready what the owner waits to read. */
function waits({ words }: World, { slot }: FdHandle): boolean {
  return isWaiting(Atomics.load(words, slot * 4));
}

for (const [when, isBefore] of [["before", true], ["behind", false]] as const) {
  test(`poll: a kick ${when} the read that takes another one is not the last that ends a wait`, () => {
    const world = new World(8);
    const { pollset, words } = world;
    let kicks = (): void => {};
    const read = (fd: number, bytes: Uint8Array, length: number): number => {
      if (isBefore) kicks();
      const count = libc().read(fd, bytes, length);
      if (!isBefore) kicks();
      return count;
    };
    const waiter = new PollSet(Object.assign(Object.create(libc()), { read }), words, pollset.shared);
    kicks = () => pollset.kick();
    pollset.kick();
    waiter.wait(0, { onEvent: () => {} });
    kicks = () => {};
    pollset.kick();
    assert(libc().read(pollset.shared.kickRead, new Uint8Array(4096), 64) > 0, "nothing was written");
    pollset.close();
  }, { skip });
}

test("poll: a set whose pipe is gone throws", () => {
  const world = new World(8);
  world.pollset.close();
  const [fd] = world.pollset.own;
  assert(fd !== undefined);
  assertThrows(() => world.look(), Error, "poll failed: EBADF");
}, { skip });

test("poll: a limit that was lowered below what is waited for is named, with what to do", () => {
  const world = new World(8);
  const ends = [world.pair(), world.pair()];
  for (const [handle] of ends) assert(handle.waitReadable());
  const lookWith = (limit: number): void => {
    const lowered = {
      poll: (_bytes: Uint8Array, count: number) => count > limit ? -1 : 0,
      errno: () => EINVAL,
      getrlimit: (_resource: number, bytes: Uint8Array) => {
        new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, BigInt(limit), true);
        return 0;
      },
    };
    const calls = Object.assign(Object.create(libc()), lowered);
    new PollSet(calls, world.words, world.pollset.shared).wait(0, { onEvent: () => {} });
  };
  const text =
    "poll failed: EINVAL: 3 descriptors are waited for, and RLIMIT_NOFILE, which was lowered, is 2; ";
  assertThrows(() => lookWith(2), Error, `${text}raise it, or take another poller`);
  lookWith(3);
  for (const [handle, other] of ends) {
    handle.close();
    libc().close(other);
  }
  world.pollset.close();
}, { skip });
