import { assert, assertEquals, assertMatch } from "@std/assert";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { logged } from "../../logged.ts";
import { PlainServer } from "../plain_peer.ts";
import { FEW_DESCRIPTORS, noLimit } from "../program.ts";
import {
  Acceptor,
  connect,
  firstDifference,
  LOOPBACK,
  pattern,
  read,
  readExactly,
  tryConnect,
  until,
  write,
} from "../promised.ts";
import { breakSet, breakThread, deafListener, giveUp, parked, quiet, replaced } from "./breaking.ts";
import {
  countDescriptors,
  countSets,
  countThreads,
  epollEngine,
  noEpoll,
  noMoreDescriptors,
  startProgram,
} from "./setup.ts";

const skip = noEpoll;
const ROUNDS = 6;

/** Who polls a set that breaks. */
const WAYS = [
  ["the poller thread cannot poll", {}],
  ["the engine's own thread cannot poll", { ownThread: true }],
] as const;
const SAYS = "the descriptors can no longer be polled: epoll_wait failed: EINVAL";

/** Opens one of everything that can be pending; gives what was heard of them, and closes the rest. */
async function openEverything(engine: EpollEngine): Promise<{ heard: Map<string, string>; end(): void }> {
  const heard = new Map<string, string>();
  const note = (what: string) => (error?: IoError) => {
    assert(!heard.has(what), `${what} heard twice`);
    heard.set(what, String(error));
  };
  const [one, other] = await engine.pair();
  one.read(new SliceBuffer(), note("read"));
  const data = new SliceBuffer();
  data.append(pattern(10_000_000));
  one.write(data, note("write"));
  const listener = engine.listen({}, () => {}, note("listener"));
  assert((await listener.bind(LOOPBACK)).ok);
  listener.start();
  const deaf = deafListener(engine);
  engine.connect(deaf.address, {}, (result) => note("connect")(result.ok ? undefined : result.error));
  return {
    heard,
    end: () => {
      other.close();
      deaf.close();
    },
  };
}

/** A connection that is made, used and closed. */
async function useEngine(engine: EpollEngine): Promise<void> {
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
  const server = await acceptor.accept();
  const reading = readExactly(server, 1_000_000);
  assertEquals(await write(client, pattern(1_000_000)), undefined);
  assertEquals((await reading).length, 1_000_000);
  await parked(engine); // and not before its thread runs
  client.close();
  assert(await read(server) instanceof IoError);
  server.close();
  await acceptor.shutdown();
}

for (const [how, options] of WAYS) {
  test(`${how}: what is pending fails and says so, and the engine works again`, async () => {
    const engine = epollEngine(options);
    await useEngine(engine);
    const [descriptors, sets, threads] = [countDescriptors(), countSets(), countThreads()];
    for (let round = 0; round < ROUNDS; round++) {
      const { heard, end } = await openEverything(engine);
      const { mended } = await breakSet(engine, true);
      await until(() => heard.size === 4, `all ends, not only ${[...heard.keys()]}`);
      assertEquals([...heard.keys()].sort(), ["connect", "listener", "read", "write"]);
      for (const [what, message] of heard) assert(message.includes(SAYS), `${what}: ${message}`);
      end();
      await mended;
      await useEngine(engine);
    }
    // The runtime itself may begin a thread or two.
    await until(() => countThreads() < threads + ROUNDS, "the end of the threads that broke");
    await until(() => countSets() < sets + ROUNDS, "the end of their sets");
    await noMoreDescriptors(descriptors);
    await engine.shutdown();
  }, { skip });

  test(`${how}: another engine is not concerned`, async () => {
    const engine = epollEngine(options);
    const other = epollEngine();
    const [one, two] = await other.pair();
    const pending = read(one);
    const { heard, end } = await openEverything(engine);
    const { mended } = await breakSet(engine, true);
    await until(() => heard.size === 4, "all ends");
    end();
    await mended;
    await write(two, "still here");
    assertEquals(new TextDecoder().decode(await pending as Uint8Array), "still here");
    one.close();
    two.close();
    await Promise.all([engine.shutdown(), other.shutdown()]);
  }, { skip });

  test(`${how}: who opens anew while hearing of it is served`, async () => {
    const engine = epollEngine(options);
    const server = await PlainServer.listen();
    const deaf = deafListener(engine);
    const { heard, end } = await openEverything(engine);
    let mend = (): void => {};
    // The first that hears, while others are still open.
    const again = new Promise<string>((resolve) => {
      engine.connect(deaf.address, {}, () => {
        mend();
        engine.connect(server.address, {}, (result) => {
          if (result.ok) result.value.close();
          resolve(result.ok ? "connected" : result.error.message);
        });
      });
    });
    const broken = await breakSet(engine, false);
    mend = broken.mend;
    assertEquals(await again, "connected");
    await until(() => heard.size === 4, "all ends");
    end();
    deaf.close();
    await server.closeNowOrAfterEnds();
    await engine.shutdown();
  }, { skip });
}

test("an engine whose set is gone keeps failing, and says so each time", async () => {
  for (const options of [{}, { ownThread: true }]) {
    const engine = epollEngine(options);
    await useEngine(engine);
    const { mend } = await breakSet(engine, false);
    for (let i = 0; i < 3; i++) {
      const result = await new Promise<string>((resolve) => {
        engine.connect({ family: "ipv4", host: "127.0.0.1", port: 1 }, {}, (made) => {
          resolve(made.ok ? "connected" : made.error.message);
        });
      });
      assert(/EINVAL|EBADF/.test(result), result);
    }
    await quiet(engine); // or the end of its last thread comes late, and ends what works by then
    mend();
    await useEngine(engine);
    await engine.shutdown();
  }
}, { skip });

test("the poller thread ends: whatever is pending goes on, and another thread comes", async () => {
  const engine = epollEngine();
  await useEngine(engine);
  const [descriptors, sets, threads] = [countDescriptors(), countSets(), countThreads()];
  await logged(async (lines) => {
    for (let round = 0; round < ROUNDS; round++) {
      const [one, other] = await engine.pair();
      const reading = read(one);
      const writing = write(one, pattern(10_000_000));
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      const deaf = deafListener(engine);
      const connecting = tryConnect(engine, deaf.address);
      const { mended } = await breakThread(engine);
      if (round % 2 === 1) await mended; // else this happens while it ends
      const to = { family: "ipv4", host: "127.0.0.1", port } as const;
      const [client, served] = await Promise.all([connect(engine, to), acceptor.accept()]);
      assertEquals(await write(other, "still"), undefined);
      assertEquals(new TextDecoder().decode(await reading as Uint8Array), "still");
      assertEquals(firstDifference(await readExactly(other, 10_000_000), pattern(10_000_000)), -1);
      assertEquals(await writing, undefined);
      deaf.close();
      const refused = await connecting;
      assert(!refused.ok && refused.error.kind === "refused");
      for (const endpoint of [one, other, client, served]) endpoint.close();
      await acceptor.shutdown();
      await mended;
      const [again, idle] = await engine.pair(); // so that there is something to wait for
      await replaced(engine);
      again.close();
      idle.close();
    }
    assertEquals(lines.length, ROUNDS);
    for (const line of lines) assertMatch(line, / warn: the poller thread ended: .*until another one runs/);
  });
  await until(() => countThreads() < threads + ROUNDS, "the end of the threads that broke");
  await until(() => countSets() < sets + ROUNDS, "the end of their sets");
  await noMoreDescriptors(descriptors);
  await engine.shutdown();
}, { skip });

test(
  "a poller thread that was given up, and waits still, has ended when the engine is shut down",
  async () => {
    const engine = epollEngine();
    const [one, other] = await engine.pair();
    await parked(engine);
    const { waiting, pollset } = engine as unknown as {
      waiting: { readonly thread: { readonly ended: Promise<unknown> }; threadEnded(why: string): void };
      pollset: { kick(): void };
    };
    const { thread } = waiting;
    let ended = false;
    void thread.ended.then(() => ended = true);
    const kick = pollset.kick;
    pollset.kick = () => {}; // what it would see of this comes late
    await logged((lines) => {
      waiting.threadEnded("it does not answer");
      assertEquals(lines.length, 1);
    });
    pollset.kick = kick;
    one.close();
    other.close();
    await engine.shutdown();
    assert(ended);
  },
  { skip },
);

for (
  const [what, { isAnother, isFoundAgain }] of [
    ["found again, while this thread polls", { isAnother: false, isFoundAgain: true }],
    ["found again, while another one polls", { isAnother: true, isFoundAgain: true }],
    ["dispatched, where it cannot be found again", { isAnother: true, isFoundAgain: false }],
  ] as const
) {
  test(`an event that a poller thread takes after it was given up is ${what}`, async () => {
    const engine = epollEngine();
    if (!isFoundAgain) Object.assign(engine.table, { recover: undefined }); // as with packets of Windows
    const ends = await engine.pair();
    const heard: string[] = [];
    await logged(async () => {
      const old = await giveUp(engine);
      let written = 0;
      while (!old.hasFound) { // the next one may have come meanwhile, and is woken first
        const [one, other] = await engine.pair();
        ends.push(one, other);
        void read(one).then((bytes) => heard.push(new TextDecoder().decode(bytes as Uint8Array)));
        void write(other, `late ${++written}`);
        old.waitForIt();
      }
      if (isAnother) await replaced(engine);
      old.end();
      await until(() => heard.length === written, "all that was written");
    });
    for (const end of ends) end.close();
    await engine.shutdown();
  }, { skip });
}

for (
  const [when, { isFoundAgain, isBefore }] of [
    ["before", { isFoundAgain: true, isBefore: true }],
    ["meanwhile", { isFoundAgain: true, isBefore: false }],
    ["meanwhile, where it cannot be found again", { isFoundAgain: false, isBefore: false }],
  ] as const
) {
  test(`a thread that blocks is told of what one took that was given up, ${when}`, async () => {
    const engine = epollEngine();
    if (!isFoundAgain) Object.assign(engine.table, { recover: undefined });
    const ends = await engine.pair();
    await logged(async () => {
      const old = await giveUp(engine);
      const [one, other] = await engine.pair();
      ends.push(one, other);
      let heard = 0;
      one.read(new SliceBuffer(), () => heard++);
      const lose = (): void => {
        void write(other, "late");
        old.waitForIt();
      };
      if (isBefore) lose();
      else {
        engine.run(() => {
          lose();
          old.end();
        });
      }
      const deadline = engine.now() + 30_000;
      assert(engine.waitSync(() => heard === 1, deadline), "it waits for ever");
      assert(engine.now() < deadline, "it is told as its wait ends, which looks once more");
      if (isBefore) old.end(); // the kick that tells of it was another's
    });
    for (const end of ends) end.close();
    await engine.shutdown();
  }, { skip });
}

test("a poller thread is not given up since time has passed in which the process was stopped", async () => {
  const engine = epollEngine();
  const [one, other] = await engine.pair();
  await parked(engine);
  const { wait } = Atomics;
  await logged((lines) => {
    Atomics.wait = () => {
      Atomics.wait = wait;
      return "timed-out";
    };
    assertEquals(engine.waitSync(() => false, engine.now()), false);
    Atomics.wait = wait;
    assertEquals(lines, []);
  });
  one.close();
  other.close();
  await engine.shutdown();
}, { skip });

test("no thread can be started: everything goes on without one, until that passes", async () => {
  const { code, output } = await startProgram("alone.ts", [], FEW_DESCRIPTORS).ended;
  const lines = output.trim().split("\n").map((line) => line.replace(/^.* pollwire /, ""));
  assertMatch(
    lines[0]!,
    /^warn: the poller thread cannot start: it needs 12 descriptors, and 8 are left; until/,
  );
  assertEquals(lines.slice(1), ["echoed: alone", "processor: idle", "a thread polls", "echoed: with it"]);
  assertEquals(code, 0);
}, { skip: skip ?? noLimit });

test("a poller thread whose module is at fault fails what is open, after three tries", async () => {
  const { code, output } = await startProgram("no_module.ts").ended;
  assertMatch(output, /\nread failed: the poller thread ended: [^\n]*\n$/);
  assertEquals(code, 0);
}, { skip });

test("a process whose poller thread has ended exits by itself", async () => {
  const { code, output } = await startProgram("crash.ts").ended;
  assertMatch(output, /until another one runs its work is done here, at some cost\nend-of-stream\n$/);
  assertEquals(code, 0);
}, { skip });
