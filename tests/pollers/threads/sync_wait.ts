// What an engine that can be waited in keeps, whichever it is: the tests of `SyncWait`.
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type Endpoint,
  type EngineFactory,
  type EngineOptions,
  type EventEngine,
  type IoError,
  SliceBuffer,
  SYNC_WAIT,
  type SyncWait,
} from "../../../pollers/mod.ts";
import type { BlockableResolver } from "../../../pollers/threads/blockable_resolver.ts";
import { test } from "../../harness.ts";
import { LOOPBACK, NOBODY, read, sleep, until, withEngine, write } from "../promised.ts";
import { callsLinux } from "../powers.ts";

/** The thread has been without an event for long enough that a poller thread, where there is one, waits. */
const IDLE_MS = 60;

const SHAPES: ReadonlyArray<readonly [name: string, options: EngineOptions]> = [
  ["a poller thread waits", {}],
  ["own thread", { ownThread: true }],
];

/** The power, which the engine must have. */
function syncWaitOf(engine: EventEngine): SyncWait {
  const power = engine.extension(SYNC_WAIT);
  assert(power !== undefined);
  return power;
}

/** Starts a read; gives what has come of it. */
function reading(endpoint: Endpoint): { result(): string | undefined } {
  const into = new SliceBuffer();
  let result: string | undefined;
  const done = (error?: IoError): void => {
    result = error === undefined ? new TextDecoder().decode(into.join()) : error.kind;
  };
  if (endpoint.read(into, done)) done();
  return { result: () => result };
}

/** Declares the tests for both shapes. */
export function syncWaitTests(factory: EngineFactory): void {
  const probed = factory.probe();
  if (!probed.usable) {
    return test(`${factory.name}: a blocked thread waits in it`, () => {}, { skip: probed.because });
  }
  for (const [shape, options] of SHAPES) {
    const rule = (name: string, body: (engine: EventEngine, wait: SyncWait) => Promise<void> | void) =>
      test(
        `${factory.name}, ${shape}: ${name}`,
        () => withEngine(factory, (engine) => body(engine, syncWaitOf(engine)), options),
      );
    whatIsDispatched(rule);
    whatIsRefused(rule);
  }
}

type Rule = (name: string, body: (engine: EventEngine, wait: SyncWait) => Promise<void> | void) => void;

function whatIsDispatched(rule: Rule): void {
  rule(
    "[Q126] a blocked thread dispatches events, closures and tasks, and no timer or promise runs",
    async (engine, wait) => {
      const [one, other] = await engine.pair();
      const ran: string[] = [];
      setTimeout(() => ran.push("timer"), 0);
      void Promise.resolve().then(() => ran.push("promise"));
      engine.run(() => ran.push("run"));
      engine.runAt(engine.now() + 5, () => ran.push("runAt"));
      const got = reading(one);
      void write(other, "hello");
      assert(wait.waitSync(() => got.result() !== undefined && ran.includes("runAt"), engine.now() + 5_000));
      assertEquals(got.result(), "hello");
      assertEquals(ran, ["run", "runAt"]);
      await sleep(5);
      assertEquals(ran.sort(), ["promise", "run", "runAt", "timer"]);
      one.close();
      other.close();
    },
  );

  rule(
    "[Q126] what waits for a microtask to be flushed is flushed before the thread blocks",
    (engine, wait) => {
      let flushes = 0;
      engine.execCtx.touch({ flushScheduled: false, flushedIn: -1, flush: () => flushes++ });
      assert(wait.waitSync(() => flushes === 1, engine.now()));
    },
  );

  rule("[Q128] the deadline is neither early nor late", async (engine, wait) => {
    const [one, other] = await engine.pair();
    const bound = callsLinux(engine.name) ? 1 : 16;
    for (const ms of [0, 0.4, 3.3, 20.7]) {
      let least = Infinity; // the machine may be busy, but not every time
      for (let i = 0; i < 8 || (least >= bound && i < 64); i++) {
        const deadline = engine.now() + ms;
        assertEquals(wait.waitSync(() => false, deadline), false);
        const late = engine.now() - deadline;
        assert(late >= 0, `${late}`);
        least = Math.min(least, late);
      }
      assertLess(least, bound);
    }
    one.close();
    other.close();
  });

  rule("[Q128] a deadline that has passed still dispatches what is ready", async (engine, wait) => {
    const [one, other] = await engine.pair();
    const got = reading(one);
    await write(other, "ready");
    // Windows has it ready a moment later.
    for (let i = 0; i < 50 && got.result() === undefined; i++) wait.waitSync(() => false, engine.now() - 10);
    assertEquals(got.result(), "ready");
    one.close();
    other.close();
  });

  rule(
    "[Q128] the poller thread's token is taken and returned, two hundred times, and no event is lost",
    async (engine, wait) => {
      const [one, other] = await engine.pair();
      for (let round = 0; round < 200; round++) {
        if (round % 20 === 0) await sleep(IDLE_MS);
        if (round % 3 === 0) void write(other, "s");
        const got = reading(one);
        if (round % 3 === 1) engine.runAt(engine.now() + 1, () => void write(other, "s"));
        if (round % 3 === 2) {
          if (round % 2 === 0) assertEquals(wait.waitSync(() => false, engine.now() + 0.2), false);
          void write(other, "s");
        }
        assert(wait.waitSync(() => got.result() !== undefined, engine.now() + 5_000), `round ${round}`);
        assertEquals(got.result(), "s");
        // The thread's own loop goes on.
        const pending = read(one);
        if (round % 2 === 0) await sleep(0);
        await write(other, "a");
        assertEquals(new TextDecoder().decode(await pending as Uint8Array), "a");
      }
      one.close();
      other.close();
    },
  );

  rule(
    "[Q128] a read that is outstanding before a wait in which it is not asked for is not lost",
    async (engine, wait) => {
      const [one, other] = await engine.pair();
      await sleep(IDLE_MS);
      const pending = read(one);
      void write(other, "meanwhile");
      assertEquals(wait.waitSync(() => false, engine.now() + 5), false);
      assertEquals(new TextDecoder().decode(await pending as Uint8Array), "meanwhile");
      one.close();
      other.close();
    },
  );

  rule(
    "[Q127] names are looked up while the thread blocks, those asked for before it too",
    async (engine, wait) => {
      const found: string[] = [];
      const ask = (host: string): void =>
        engine.resolver().lookup(host, 7, (result) => {
          const addresses = result.ok ? result.value.map((address) => "port" in address && address.port) : [];
          found.push(result.ok ? `${host} ${addresses[0]}` : `${host} ${result.error.kind}`);
        });
      ask("localhost");
      engine.run(() => ask("no-such-host.invalid"));
      assert(wait.waitSync(() => found.length === 2, engine.now() + 10_000), found.join());
      assertEquals(found.sort(), ["localhost 7", "no-such-host.invalid not-found"]);
      // The runtime's own answers to both come late and to nobody; one that is asked for behind them comes behind them.
      for (let i = 0; i < 2; i++) {
        for (const host of ["localhost", "no-such-host.invalid"]) {
          await new Promise<void>((resolve) => engine.resolver().lookup(host, 7, () => resolve()));
        }
      }
    },
  );

  rule("[Q127] a name has an answer where the thread that looks it up is gone", async (engine, wait) => {
    const names = engine.resolver() as BlockableResolver;
    Object.assign(names, { silentMs: 600 });
    const answers: string[] = [];
    const ask = (): void =>
      engine.resolver().lookup(
        "localhost",
        7,
        (result) => answers.push(result.ok ? "found" : result.error.message),
      );
    engine.run(() => {
      ask();
      names["thread"]!.terminate();
    });
    assert(wait.waitSync(() => answers.length === 1, engine.now() + 10_000), "it waits for ever");
    assertStringIncludes(answers[0]!, "EAI_AGAIN");
    Object.assign(names, { silentMs: 30_000 }); // the next one has to start, which takes its time on a busy machine
    engine.run(ask);
    assert(wait.waitSync(() => answers.length === 2, engine.now() + 40_000), "no other one was started");
    assertEquals(answers[1], "found");
    for (let i = 0; i < 2; i++) { // behind the runtime's own answers
      await new Promise<void>((resolve) => engine.resolver().lookup("localhost", 7, () => resolve()));
    }
  });

  rule("a name that is too long for whatever memory there is has an answer too", async (engine, wait) => {
    const host = "a".repeat(600_000);
    let answer = "";
    const ask = (): void =>
      engine.resolver().lookup(host, 7, (result) => answer = result.ok ? "found" : result.error.kind);
    engine.run(ask);
    assert(wait.waitSync(() => answer !== "", engine.now() + 10_000));
    assertEquals(answer, "not-found");
    await new Promise<void>((resolve) => engine.resolver().lookup(host, 7, () => resolve()));
  });

  rule(
    "[Q15] a wait that does not listen accepts nothing, and what came meanwhile is accepted afterwards",
    async (engine, wait) => {
      const accepted: Endpoint[] = [];
      const listener = engine.listen({}, (endpoint) => accepted.push(endpoint), () => {});
      const port = await listener.bind(LOOPBACK);
      assert(port.ok);
      listener.start();
      await sleep(IDLE_MS);
      const connected: Endpoint[] = [];
      const connectTo = (): void =>
        void engine.connect({ family: "ipv4", host: "127.0.0.1", port: port.value }, {}, (result) => {
          if (result.ok) connected.push(result.value);
        });
      for (let round = 1; round <= 3; round++) {
        if (round === 2) await sleep(IDLE_MS);
        connectTo();
        assert(wait.waitSync(() => connected.length === round, engine.now() + 5_000, 0, false));
        assertEquals(wait.waitSync(() => false, engine.now() + 10, 0, false), false);
        assertEquals(accepted.length, round - 1);
        if (round === 1) await until(() => accepted.length === round, "the accept by the loop");
        else assert(wait.waitSync(() => accepted.length === round, engine.now() + 5_000));
      }
      listener.shutdown();
      for (const one of [...accepted, ...connected]) one.close();
      await sleep(5);
    },
  );

  rule("what is opened during a wait is waited for, and later too", async (engine, wait) => {
    let refused: string | undefined;
    engine.run(() =>
      engine.connect(NOBODY, {}, (result) => refused = result.ok ? "connected" : result.error.kind)
    );
    assert(wait.waitSync(() => refused !== undefined, engine.now() + 5_000));
    assertEquals(refused, "refused");
    const [one, other] = await engine.pair();
    const pending = read(one);
    await write(other, "on");
    assertEquals(new TextDecoder().decode(await pending as Uint8Array), "on");
    one.close();
    other.close();
  });
}

function whatIsRefused(rule: Rule): void {
  rule("[Q127] a wait inside a callback or inside another wait is refused", async (engine, wait) => {
    const [one, other] = await engine.pair();
    let inCallback: unknown;
    engine.run(() => {
      try {
        wait.waitSync(() => true, Infinity);
      } catch (error) {
        inCallback = error;
      }
    });
    await until(() => inCallback !== undefined, "the callback");
    assert(inCallback instanceof TypeError, String(inCallback));
    assertThrows(
      () => wait.waitSync(() => wait.waitSync(() => true, 0), 0),
      TypeError,
      "waits in the engine already",
    );
    assert(wait.waitSync(() => true, 0), "and the next one is not");
    one.close();
    other.close();
  });

  rule("a wait that nothing can end is refused", (_, wait) => {
    assertThrows(() => wait.waitSync(() => false, Infinity), Error, "nothing can end it");
    assertThrows(() => wait.waitSync(() => false, NaN), RangeError, "NaN");
    assert(wait.waitSync(() => true, Infinity));
  });

  rule("a wait after shutdown is refused", async (engine, wait) => {
    await engine.shutdown();
    assertThrows(() => wait.waitSync(() => true, 0), Error, "was shut down");
  });
}
