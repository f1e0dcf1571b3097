import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import process from "node:process";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import {
  eachWanted,
  type FdHandle,
  type FdOwner,
  FdTable,
  PollsetSource,
  ReadyMarker,
  slotMemory,
  takeDescriptors,
} from "../../../pollers/readiness/fd_table.ts";
import { MAX_GENERATION } from "../../../pollers/readiness/lockfree_event.ts";
import { createPollset, type EpollSet } from "../../../pollers/epoll/pollset.ts";
import { Sockets } from "../../../pollers/readiness/sockets.ts";
import { SliceBuffer } from "../../../pollers/mod.ts";
import { ENDED, ONLINE, RUNS } from "../../../pollers/threads/handover.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";
import { LOOPBACK, read, tryConnect, until, write } from "../promised.ts";
import { parked } from "../epoll/breaking.ts";
import { countDescriptors, countSets, epollEngine, noEpoll, testShapes } from "../epoll/setup.ts";

const skip = noEpoll;

/** An owner that notes what it is told. */
class Owner implements FdOwner {
  readonly heard: string[] = [];

  onReadable(): void {
    this.heard.push("readable");
  }

  onWritable(): void {
    this.heard.push("writable");
  }
}

function withTable(capacity: number, body: (table: FdTable, fds: number[], mark: ReadyMarker) => void): void {
  const before = countDescriptors() + countSets();
  const pollset = createPollset(libc());
  const table = new FdTable(libc(), pollset, slotMemory(capacity));
  const sockets = new Sockets(libc());
  const fds = [1, 2, 3].flatMap(() => sockets.pair() as [number, number]);
  body(table, fds, new ReadyMarker(table.words, new Int32Array(64)));
  for (const fd of fds) libc().close(fd);
  pollset.close();
  assertLessOrEqual(countDescriptors() + countSets(), before); // the runtime may close some of its own
}

function added(handle: FdHandle | number): FdHandle {
  assert(typeof handle !== "number", `errno ${-handle}`);
  return handle;
}

/** What a batch told whom: the numbers of `due`. */
function due({ due, count }: ReadyMarker): number[] {
  return [...due.subarray(0, count)];
}

test(
  "fd table: who waits is due once, who does not finds it ready",
  () =>
    withTable(8, (table, fds, marker) => {
      const handle = added(table.add(fds[0]!, new Owner()));
      const { slot, generation } = handle;
      assertEquals([slot, generation], [0, 1]);
      assert(handle.waitReadable());
      marker.onEvent(slot, generation, true, true, false);
      assertEquals(due(marker), [0, 1]);
      marker.onEvent(slot, generation, true, true, false);
      assertEquals(due(marker), [0, 1], "due twice");
      assertEquals([handle.waitReadable(), handle.waitWritable()], [false, false]);
      assertEquals([handle.waitReadable(), handle.waitWritable()], [true, true]);
      marker.count = 0;
      marker.onEvent(slot, generation, true, true, true);
      assertEquals([due(marker), handle.hungUp], [[0, 1, 1, 1], true]);
      handle.close(true);
    }),
  { skip },
);

test(
  "fd table: what was found and told nobody is found again, for those who wait and for those who will",
  () =>
    withTable(8, (table, fds) => {
      const pollset = new PollsetSource(table.words, (table as unknown as { pollset: EpollSet }).pollset);
      const owners = [new Owner(), new Owner()];
      const [waits, idle] = owners.map((owner, i) => added(table.add(fds[2 * i]!, owner))) as [
        FdHandle,
        FdHandle,
      ];
      assertEquals([waits.waitReadable(), waits.waitWritable()], [true, true]);
      for (const fd of [fds[1]!, fds[3]!]) libc().write(fd, new Uint8Array(1), 1);
      const lost = new Int32Array(64);
      assert(pollset.wait(0, lost) > 0); // by a thread that ends now
      assertEquals(pollset.wait(0, lost), 0);
      table.recover();
      const found = new Int32Array(64);
      const count = pollset.wait(0, found);
      for (let at = 0; at < count; at += table.stride) table.dispatch(found, at);
      assertEquals(owners[0]!.heard.sort(), ["readable", "writable"]);
      assertEquals(owners[1]!.heard, []);
      assertEquals([idle.waitReadable(), idle.waitReadable()], [false, true]);
      waits.close(true);
      idle.close(true);
    }),
  { skip },
);

test(
  "fd table: who has a slot now is told nothing of an event that its last owner was due",
  () =>
    withTable(8, (table, fds, marker) => {
      const first = added(table.add(fds[0]!, new Owner()));
      assert(first.waitReadable() && first.waitWritable());
      marker.onEvent(first.slot, first.generation, true, true, false);
      first.close(true); // by somebody who was told before, in the same batch
      const owner = new Owner();
      const second = added(table.add(fds[1]!, owner));
      assertEquals(second.slot, first.slot);
      assert(second.waitReadable() && second.waitWritable());
      for (let at = 0; at < marker.count; at += table.stride) table.dispatch(marker.due, at);
      assertEquals(owner.heard, []);
      second.close(true);
    }),
  { skip },
);

test("what was closed for a thread that was taken for gone is not closed by it", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  const isOpen = (fd: number) => libc().fcntl(fd, 3, 0) >= 0;
  const { words, own } = engine.exportResources() as { words: Int32Array; own: Int32Array };
  const fds = [...takeDescriptors(words), ...[own[0]! - 1, own[1]! - 1]];
  assertEquals([fds.length, fds.every(isOpen)], [4, true]);
  own[0] = 0; // as reclaiming does it, before it closes them
  one.close();
  other.close();
  await engine.shutdown();
  assertEquals(fds.map(isOpen), [true, true, true, true]); // somebody else's by then
  for (const fd of fds) libc().close(fd);
}, { skip });

test("what an engine has left is closed but for what is kept, and once", async () => {
  const engine = epollEngine();
  const pollset = createPollset(libc());
  const table = new FdTable(libc(), pollset, slotMemory(8));
  const [kept, left, ...others] = [1, 2].flatMap(() => engine.sockets.pair() as [number, number]);
  for (const fd of [kept!, left!]) added(table.add(fd, new Owner()));
  const resources = { words: table.words, own: new Int32Array(new SharedArrayBuffer(8)) };
  engine.reclaimResources(resources, [kept!]);
  const isOpen = (fd: number) => libc().fcntl(fd, 3, 0) >= 0;
  assertEquals([isOpen(kept!), isOpen(left!)], [true, false]);
  engine.reclaimResources(resources);
  assert(isOpen(kept!), "what was kept was closed by the second time");
  for (const fd of [kept!, ...others]) libc().close(fd);
  pollset.close();
  await engine.shutdown();
}, { skip });

test(
  "the poller thread of an engine whose thread is gone has ended when what it waits in is closed",
  async () => {
    const engine = epollEngine();
    const gone = epollEngine();
    const [one, other] = await gone.pair();
    const control = () => (gone.exportResources() as { control: Int32Array }).control;
    await until(() => Atomics.load(control(), ONLINE) === RUNS, "its poller thread");
    const words = control();
    await engine.reclaimResources(gone.exportResources());
    assertEquals(Atomics.load(words, ONLINE), ENDED);
    for (const endpoint of [one, other]) endpoint.close();
    await Promise.all([gone.shutdown(), engine.shutdown()]);
  },
  { skip },
);

test(
  "a socket that is bound and does not listen for anybody yet is closed for a thread that is gone",
  async () => {
    const engine = epollEngine();
    const gone = epollEngine();
    const listener = gone.listen({}, () => {}, () => {});
    const bound = await listener.bind(LOOPBACK);
    assert(bound.ok);
    await engine.reclaimResources(gone.exportResources());
    const refused = await tryConnect(engine, { family: "ipv4", host: "127.0.0.1", port: bound.value });
    assertEquals(refused.ok ? "connected" : refused.error.kind, "refused");
    listener.shutdown();
    await Promise.all([gone.shutdown(), engine.shutdown()]);
  },
  { skip },
);

test(
  "fd table: events of a slot's last descriptor say nothing of its next one",
  () =>
    withTable(8, (table, fds, marker) => {
      const first = added(table.add(fds[0]!, new Owner()));
      assert(first.waitReadable());
      first.close(true);
      first.close(true); // once more gives nobody's slot away
      const second = added(table.add(fds[1]!, new Owner()));
      assertEquals([second.slot, second.generation], [first.slot, first.generation + 1]);
      assert(second.waitReadable() && second.waitWritable());
      marker.onEvent(first.slot, first.generation, true, true, true);
      assertEquals([due(marker), second.hungUp], [[], false]);
      marker.onEvent(second.slot, second.generation, true, false, false);
      assertEquals(due(marker), [0, 2]);
      const third = added(table.add(fds[2]!, new Owner()));
      assertEquals([third.slot, third.generation], [1, 1]);
      second.close(true);
      third.close(true);
    }),
  { skip },
);

test(
  "fd table: generations begin again after the last, and stay apart",
  () =>
    withTable(8, (table, fds, marker) => {
      (table as unknown as { generations: number[] }).generations[0] = MAX_GENERATION - 1;
      const last = added(table.add(fds[0]!, new Owner()));
      assertEquals(last.generation, MAX_GENERATION);
      assert(last.waitReadable());
      marker.onEvent(0, MAX_GENERATION, true, false, false);
      assertEquals(due(marker), [0, MAX_GENERATION]);
      last.close(true);
      const next = added(table.add(fds[0]!, new Owner()));
      assertEquals(next.generation, 1);
      const other = added(table.add(fds[1]!, new Owner()));
      assert(other.waitReadable());
      const wanted: number[] = [];
      eachWanted(table.words, { onWanted: (fd) => void wanted.push(fd) });
      assertEquals(wanted, [fds[1]!], "the slot behind one that does not wait");
      assert(next.waitReadable());
      marker.count = 0;
      marker.onEvent(0, MAX_GENERATION, true, true, false);
      assertEquals(due(marker), []);
      marker.onEvent(0, 1, true, false, false);
      assertEquals(due(marker), [0, 1]);
      next.close(true);
      assertEquals(takeDescriptors(table.words), [fds[1]!]);
      other.close(true);
    }),
  { skip },
);

test(
  "fd table: full is an error number, and a slot that failed is used again",
  () =>
    withTable(2, (table, fds) => {
      assertEquals(table.add(-1, new Owner()), -9);
      const handles = [added(table.add(fds[0]!, new Owner())), added(table.add(fds[1]!, new Owner()))];
      assertEquals(handles.map(({ slot }) => slot), [0, 1]);
      assertEquals([table.add(fds[2]!, new Owner()), table.add(fds[2]!, new Owner())], [-24, -24]);
      handles[0]!.close(true);
      assertEquals(table.add(fds[1]!, new Owner()), -17, "one descriptor twice");
      const again = added(table.add(fds[2]!, new Owner()));
      assertEquals(again.slot, 0);
      again.close(true);
      handles[1]!.close(true);
    }),
  { skip },
);

testShapes("who closes others within a batch of events is not disturbed by theirs", async (_, options) => {
  const engine = epollEngine(options);
  const replacements: Array<Awaited<ReturnType<EpollEngine["pair"]>>> = [];
  for (let round = 0; round < 20; round++) {
    const pairs = await Promise.all(Array.from({ length: 8 }, () => engine.pair()));
    let firsts = 0;
    let wrong = 0;
    const made: Array<Promise<void>> = [];
    for (const [one] of pairs) {
      one.read(new SliceBuffer(), (error) => {
        if (error !== undefined) return; // closed by the first
        if (firsts++ > 0) return;
        for (const ends of pairs) for (const end of ends) end.close();
        // Descriptors and slots of the same numbers, at once, with events of the old ones in the batch.
        for (let i = 0; i < 8; i++) {
          made.push(
            engine.pair().then((fresh) => {
              replacements.push(fresh);
              fresh[0].read(new SliceBuffer(), (failure) => {
                if (failure?.kind !== "closed") wrong++;
              });
            }),
          );
        }
      });
    }
    await Promise.all(pairs.map(([, other]) => write(other, "all at once")));
    await until(() => firsts > 0, "the first event");
    await Promise.all(made);
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const end of replacements.splice(0).flat()) end.close();
    for (const end of pairs.flat()) end.close();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(wrong, 0);
  }
  await engine.shutdown();
});

test("a connect whose end the poller thread has taken before it waits is told of it", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  const pending = read(one);
  const { sockets, table } = engine;
  // Nobody polls the listening socket, so that a connect is the only event.
  const to = { family: "unix-abstract", name: `pollwire-early-${process.pid}` } as const;
  const listening = sockets.socket(to);
  assertEquals(sockets.bindAndListen(listening, to, false), 0);
  let taken = 0;
  for (let i = 0; i < 10; i++) {
    await parked(engine);
    const add = table.add.bind(table);
    // The poller thread is quicker than this one: it has marked the event before the connect waits for it.
    table.add = (fd, owner) => {
      const handle = added(add(fd, owner));
      const limit = performance.now() + 2000;
      while (stateOfWrite(table, handle) !== READY && performance.now() < limit);
      if (stateOfWrite(table, handle) === READY) taken++;
      return handle;
    };
    const connected = new Promise<boolean>((resolve) =>
      engine.connect(to, {}, (result) => {
        if (result.ok) result.value.close();
        resolve(result.ok);
      })
    );
    table.add = add;
    assert(await connected);
  }
  assert(taken > 0, "the poller thread never was quicker");
  await write(other, "x");
  await pending;
  for (const end of [one, other]) end.close();
  libc().close(listening);
  await engine.shutdown();
}, { skip });

/** As in lockfree_event.ts. */
const READY = 1;

function stateOfWrite(table: FdTable, { slot }: FdHandle): number {
  return Atomics.load(table.words, slot * 4 + 1) & 3;
}
