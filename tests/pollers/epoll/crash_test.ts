import { assert, assertEquals } from "@std/assert";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { PlainServer } from "../plain_peer.ts";
import { Acceptor, connect, LOOPBACK, pattern, read, readExactly, until, write } from "../promised.ts";
import { breakSet, breakThread, deafListener, quiet } from "./breaking.ts";
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

/** Ways to end the polling of an engine: who polls, how it breaks, and what is said of it. */
const WAYS = [
  ["the poller thread is ended", {}, breakThread, "the poller thread ended: "],
  ["the poller thread throws", {}, breakSet, "the poller thread ended: epoll_wait failed: EINVAL"],
  ["the engine's own thread cannot poll", { ownThread: true }, breakSet, "epoll_wait failed: EINVAL"],
] as const;

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
  client.close();
  assert(await read(server) instanceof IoError);
  server.close();
  await acceptor.shutdown();
}

for (const [how, options, breakIt, says] of WAYS) {
  test(`${how}: what is pending fails and says so, and the engine works again`, async () => {
    const engine = epollEngine(options);
    await useEngine(engine);
    const [descriptors, sets, threads] = [countDescriptors(), countSets(), countThreads()];
    for (let round = 0; round < ROUNDS; round++) {
      const { heard, end } = await openEverything(engine);
      const { mended } = await breakIt(engine, true);
      await until(() => heard.size === 4, `all ends, not only ${[...heard.keys()]}`);
      assertEquals([...heard.keys()].sort(), ["connect", "listener", "read", "write"]);
      for (const [what, message] of heard) assert(message.includes(says), `${what}: ${message}`);
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
    const { mended } = await breakIt(engine, true);
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
    const broken = await breakIt(engine, false);
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

test("a process whose poller thread has ended exits by itself", async () => {
  const { code, output } = await startProgram("crash.ts").ended;
  assertEquals([output.trim(), code], ["read failed: the poller thread ended", 0]);
}, { skip });
