import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { createPollset, EpollSet, MAX_EVENTS } from "../../../pollers/epoll/pollset.ts";
import type { EventSink, Pollset } from "../../../pollers/readiness/pollset.ts";
import { Sockets } from "../../../pollers/readiness/sockets.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";
import { countDescriptors, countSets, noEpoll } from "./setup.ts";

const skip = noEpoll;

/** What a set reported: "slot.generation", with r, w and h for readable, writable and hang-up. */
class Reports implements EventSink {
  readonly all: string[] = [];

  onEvent(slot: number, generation: number, readable: boolean, writable: boolean, hangup: boolean): void {
    this.all.push(`${slot}.${generation}${readable ? " r" : ""}${writable ? " w" : ""}${hangup ? " h" : ""}`);
  }

  /** What came since the last time, in order of slots. */
  take(): string[] {
    return this.all.splice(0).sort();
  }
}

function withPollset(body: (pollset: Pollset, sockets: Sockets, reports: Reports) => void): void {
  const before = countDescriptors() + countSets();
  const pollset = createPollset(libc());
  body(pollset, new Sockets(libc()), new Reports());
  pollset.close();
  pollset.close(); // once more does nothing to whoever has the numbers by then
  assertLessOrEqual(countDescriptors() + countSets(), before); // the runtime may close some of its own
}

function put(fd: number, count = 1): void {
  libc().write(fd, new Uint8Array(4096), count);
}

test(
  "pollset: edges come once each, with slot and generation as they were given",
  () =>
    withPollset((pollset, sockets, reports) => {
      const [one, other] = sockets.pair() as [number, number];
      const wait = () => [pollset.wait(0, reports), ...reports.take()];
      assertEquals(pollset.add(one, 7, 0x1fff_ffff), 0);
      assertEquals(wait(), [1, "7.536870911 w"]);
      assertEquals(wait(), [0]);
      put(other);
      assertEquals(wait(), [1, "7.536870911 r w"]);
      assertEquals(wait(), [0], "a level, not an edge");
      put(other);
      assertEquals(wait(), [1, "7.536870911 r w"]);
      libc().close(other);
      assertEquals(wait(), [1, "7.536870911 r w h"]);
      pollset.remove(one);
      assertEquals(pollset.add(one, 9, 3), 0);
      assertEquals(wait(), [1, "9.3 r w h"], "what is added anew is reported anew");
      pollset.remove(one);
      libc().close(one);
    }),
  { skip },
);

test("pollset: adding what cannot be added gives the error number", () =>
  withPollset((pollset, sockets) => {
    const [one, other] = sockets.pair() as [number, number];
    assertEquals(pollset.add(one, 0, 1), 0);
    assertEquals(pollset.add(one, 1, 1), -17);
    assertEquals(pollset.add(-1, 1, 1), -9);
    pollset.remove(-1);
    for (const fd of [one, other]) libc().close(fd);
  }), { skip });

test("pollset: a closed set takes nothing more, and waiting in it throws", () => {
  const pollset = createPollset(libc());
  pollset.close();
  assertEquals(pollset.add(0, 0, 1), -9);
  assertThrows(() => pollset.wait(0, new Reports()), Error, "epoll_wait failed: E");
}, { skip });

test(
  "pollset: more events than fit come with the next waits, and none is lost",
  () =>
    withPollset((pollset, sockets, reports) => {
      const pairs = Array.from({ length: MAX_EVENTS + 44 }, () => sockets.pair() as [number, number]);
      pairs.forEach(([one], slot) => assertEquals(pollset.add(one, slot, slot + 1), 0));
      const counts = [pollset.wait(0, reports), pollset.wait(0, reports), pollset.wait(0, reports)];
      assertEquals(counts, [MAX_EVENTS, 44, 0]);
      assertEquals(new Set(reports.take()).size, pairs.length);
      for (const fd of pairs.flat()) libc().close(fd);
    }),
  { skip },
);

test(
  "pollset: kicks end one wait, however many they are, and count as no event",
  () =>
    withPollset((pollset, sockets, reports) => {
      for (let i = 0; i < 3; i++) pollset.kick();
      assertEquals(pollset.wait(60_000, reports), 0);
      pollset.kick();
      const [one, other] = sockets.pair() as [number, number];
      pollset.add(one, 4, 1);
      assertEquals([pollset.wait(60_000, reports), ...reports.take()], [1, "4.1 w"]);
      const begin = performance.now();
      assertEquals(pollset.wait(20, reports), 0);
      assert(performance.now() - begin >= 19.9, "a kick was left over");
      for (const fd of [one, other]) libc().close(fd);
    }),
  { skip },
);

test("pollset: a thread that was kicked takes no kick with it that comes meanwhile for another one", () => {
  const pollset = createPollset(libc());
  let kicks = 0;
  const kick = (): void => void (kicks++ === 0 && pollset.kick());
  const read = (fd: number, bytes: Uint8Array, length: number): number => {
    kick();
    return libc().read(fd, bytes, length);
  };
  pollset.kick();
  new EpollSet(Object.assign(Object.create(libc()), { read }), pollset.shared).wait(0, new Reports());
  kick();
  assertEquals(libc().epoll_wait(pollset.shared.epollFd, new Uint8Array(4096), 256, 0), 1);
  pollset.close();
}, { skip });

test("pollset: a kick of another thread ends a wait without a limit, a hundred times", async () => {
  const pollset = createPollset(libc());
  const turns = new Int32Array(new SharedArrayBuffer(4));
  const kicker = new Thread(new URL("./kicker.ts", import.meta.url), {
    descriptors: pollset.shared,
    turns,
    times: 100,
  });
  const reports = new Reports();
  for (let i = 0; i < 100; i++) {
    assertEquals(pollset.wait(Infinity, reports), 0);
    Atomics.add(turns, 0, 1);
    Atomics.notify(turns, 0);
  }
  assertEquals((await kicker.ended).error, undefined);
  assertEquals(reports.take(), []);
  pollset.close();
}, { skip });

for (const precise of [true, false]) {
  test(`pollset: a wait is never over early (${precise ? "nanoseconds" : "whole milliseconds"})`, () => {
    const calls = precise ? libc() : { ...libc(), epoll_pwait2: undefined };
    const pollset = createPollset(calls);
    for (const limitMs of [0, 0.001, 0.05, 0.3, 0.9999, 1, 1.5, 7.25, 30, ...precise ? [1001.5] : []]) {
      const begin = performance.now();
      assertEquals(pollset.wait(limitMs, new Reports()), 0);
      const passed = performance.now() - begin;
      // Clocks are compared to the microsecond.
      assert(passed >= limitMs - 0.001, `${passed} of ${limitMs} ms`);
    }
    pollset.close();
  }, { skip });
}

test("pollset: waits of less than a millisecond are short ones where the system can", () => {
  const pollset = createPollset(libc());
  const reports = new Reports();
  // In whole milliseconds twenty of them take 20 ms at least.
  const least = Math.min(...Array.from({ length: 10 }, () => {
    const at = performance.now();
    for (let i = 0; i < 20; i++) pollset.wait(0.05, reports);
    return performance.now() - at;
  }));
  assert(least < 20, `${least} ms for twenty`);
  pollset.close();
}, { skip: skip ?? (noPreciseWait() ? "the C library has no epoll_pwait2" : undefined) });

/** A C library of which one function fails as if a signal had come, or as an old kernel has it fail. */
function failing(errno: number): ReturnType<typeof libc> {
  let failed = false;
  const fails = () => {
    failed = true;
    return -1;
  };
  return { ...libc(), epoll_pwait2: fails, epoll_wait: fails, errno: () => failed ? errno : 0 };
}

test("pollset: a signal ends a wait without an event, and without an error", () => {
  const real = createPollset(libc());
  for (const limitMs of [0, 5, Infinity]) {
    const set = createPollset(failing(4));
    assertEquals(set.wait(limitMs, new Reports()), 0);
    set.close();
  }
  real.close();
}, { skip });

test("pollset: a kernel without epoll_pwait2 below a library that has it", () => {
  let tried = 0;
  const old = {
    ...libc(),
    epoll_pwait2: () => {
      tried++;
      return -1;
    },
    errno: () => 38,
  };
  const pollset = createPollset(old);
  const begin = performance.now();
  for (let i = 0; i < 3; i++) assertEquals(pollset.wait(5, new Reports()), 0);
  assert(performance.now() - begin >= 14.9);
  assertEquals(tried, 1);
  pollset.close();
}, { skip });

test("pollset: without descriptors it says which call failed, and leaves none behind", () => {
  const before = countDescriptors() + countSets();
  const none = { ...libc(), eventfd: () => -1, errno: () => 24 };
  assertThrows(() => createPollset(none), Error, "eventfd failed: EMFILE");
  assertThrows(
    () => createPollset({ ...none, epoll_create1: () => -1 }),
    Error,
    "epoll_create1 failed: EMFILE",
  );
  assertLessOrEqual(countDescriptors() + countSets(), before); // the runtime may close some of its own
}, { skip });

function noPreciseWait(): boolean {
  return libc().epoll_pwait2 === undefined;
}
