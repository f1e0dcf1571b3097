import { assert, assertEquals, assertLess } from "@std/assert";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { test } from "../../harness.ts";
import { read, readExactly, sleep, until, write } from "../promised.ts";
import { epollEngine, noEpoll } from "./setup.ts";

const skip = noEpoll;
const TIMES = 15;

/** Of one piece of work, which takes several turns of the runtime's loop: each is late by one wait at most. */
const MOST_MS_EACH = 400;

/** What an application does besides, each many times in a row: all of it goes through the runtime's loop. */
const WORK: Record<string, () => Promise<void>> = {
  async "setTimeout"() {
    for (let i = 0; i < TIMES; i++) await sleep(1);
  },
  async "fetch"() {
    const server = createServer((_, response) => response.end("served"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    for (let i = 0; i < TIMES; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assertEquals(await response.text(), "served");
    }
    await new Promise((resolve) => server.close(resolve));
  },
  async "files"() {
    const path = new URL(import.meta.url);
    for (let i = 0; i < TIMES; i++) assert((await readFile(path, "utf8")).includes("setTimeout"));
  },
  async "messages"() {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data }) => port2.postMessage(data + 1);
    for (let i = 0; i < TIMES; i++) {
      const answer = new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data));
      port1.postMessage(i);
      assertEquals(await answer, i + 1);
    }
    port1.close();
    port2.close();
  },
};

/** Keeps both ends of a pair busy until told to end. */
function keepBusy(engine: EpollEngine): () => Promise<number> {
  let ending = false;
  let messages = 0;
  const over = (async () => {
    const [one, other] = await engine.pair();
    while (!ending) {
      const heard = readExactly(other, 2);
      await write(one, "hi");
      await heard;
      messages++;
    }
    one.close();
    other.close();
  })();
  return async () => {
    ending = true;
    await over;
    return messages;
  };
}

test("own thread: a timer that is set while the engine is idle is not kept waiting by it", async () => {
  const engine = epollEngine({ ownThread: true });
  const [one, other] = await engine.pair();
  void read(one);
  let least = Infinity; // the machine may be busy, but not every time
  for (let round = 0; round < 5 && least > 10; round++) {
    await sleep(400); // waits last 50 ms by now
    const due = engine.now() + 3;
    least = Math.min(
      least,
      await new Promise<number>((resolve) => {
        engine.runAt(due, () => resolve(engine.now() - due));
      }),
    );
  }
  assertLess(least, 10);
  one.close();
  other.close();
  await engine.shutdown();
}, { skip });

for (const [what, work] of Object.entries(WORK)) {
  // A wait that is not cut short, or sockets that are looked at in every 61st iteration only, take ten times longer.
  test(`own thread: ${what} while the engine is idle, each a little late at most`, async () => {
    const engine = epollEngine({ ownThread: true });
    const [one, other] = await engine.pair();
    void read(one);
    await sleep(400); // waits are the longest by now
    const begin = performance.now();
    await work();
    assertLess(performance.now() - begin, TIMES * MOST_MS_EACH);
    one.close();
    other.close();
    await engine.shutdown();
  }, { skip });

  test(`own thread: ${what} while the engine is busy`, async () => {
    const engine = epollEngine({ ownThread: true });
    const end = keepBusy(engine);
    const begin = performance.now();
    await work();
    assertLess(performance.now() - begin, TIMES * MOST_MS_EACH);
    assert(await end() > 0);
    await engine.shutdown();
  }, { skip });
}

test("own thread: two engines on one thread and one with a thread serve side by side", async () => {
  const engines = [epollEngine({ ownThread: true }), epollEngine({ ownThread: true }), epollEngine()];
  const ends = engines.map((engine) => keepBusy(engine));
  await sleep(200);
  for (const end of ends) assert(await end() > 0);
  for (const engine of engines) await engine.shutdown();
}, { skip });

test("own thread: tasks and timers keep their order and time while the engine waits", async () => {
  const engine = epollEngine({ ownThread: true });
  const [one, other] = await engine.pair();
  void read(one);
  await sleep(60);
  const early: number[] = [];
  let ran = 0;
  for (let i = 0; i < 100; i++) {
    const at = engine.now() + i * 0.77;
    engine.runAt(at, () => {
      if (engine.now() < at) early.push(at);
      ran++;
    });
  }
  await until(() => ran === 100, "every task");
  assertEquals(early, []);
  one.close();
  other.close();
  await engine.shutdown();
}, { skip });
