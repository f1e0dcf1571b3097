// Reactor workers: one port, several threads, each with its own engine; they share, die, are replaced and end.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import {
  Channel,
  type ChannelOptions,
  createClient,
  type ErrorContext,
  type ReactorWorkers,
  type ReactorWorkersOptions,
  RpcError,
  selectPoller,
  startReactorWorkers,
  type WorkerEnd,
} from "pollwire";
import { useEngine } from "../../../surface/full/engines.ts";
import { runtime, test, type TestOptions } from "../../harness.ts";
import { handleCount } from "../../pollers/iocp/setup.ts";
import { collect, gate, sleep, Trial, until } from "../serving.ts";
import { type Sharing, whyNot } from "./sharing.ts";
import type { TrialData } from "./trial_service.ts";

const MODULE = new URL("./trial_service.ts", import.meta.url);
const poller = selectPoller().name;
const withReusePort: TestOptions = { timeoutMs: 120_000, skip: whyNot("reuse-port", poller) };
const withBoss: TestOptions = { timeoutMs: 120_000, skip: whyNot("boss", poller) };
const SHARING: ReadonlyArray<readonly [Sharing, TestOptions]> = [
  ["reuse-port", withReusePort],
  ["boss", withBoss],
];
/** However they are shared here. */
const options: TestOptions = withReusePort.skip === undefined ? withReusePort : withBoss;

const noUnixSockets = process.platform === "win32"
  ? "no unix sockets through the runtimes on Windows"
  : undefined;

/** Descriptors of this process; handles on Windows, where some come and go with the runtime's threads. */
function openDescriptors(): number {
  return process.platform === "win32" ? Math.ceil(handleCount() / 8) : readdirSync("/proc/self/fd").length;
}

async function withWorkers(
  given: Partial<ReactorWorkersOptions> & { data?: TrialData },
  check: (workers: ReactorWorkers) => Promise<void>,
): Promise<void> {
  const workers = await startReactorWorkers({
    module: MODULE,
    address: "127.0.0.1:0",
    threads: 2,
    poller,
    ...given,
  });
  let isSound = false;
  try {
    await check(workers);
    isSound = true;
  } finally {
    await workers.shutdown({ graceMs: 500 });
    if (!isSound) { for (const channel of opened) channel.close(); // or Deno fails the tests behind it as well
     }
    opened.clear();
  }
}

/** Channels of the test that runs. */
const opened = new Set<Channel>();

function channelTo(address: string, options: ChannelOptions = {}): Channel {
  const channel = new Channel(address, { shareConnections: false, ...options });
  opened.add(channel);
  return channel;
}

/** Calls over a connection of its own, and gives the worker's number. */
async function ask(address: string, text = "who", number = 0): Promise<number> {
  const channel = channelTo(address);
  try {
    return (await createClient(Trial, channel).one({ text, number })).number!;
  } finally {
    channel.close();
  }
}

/**
 * Ends the worker that a new connection comes to, by a call whose own answer may be lost with it; `text` says how. Gives
 * the worker's number.
 */
async function end(address: string, text = "crash"): Promise<number> {
  const channel = channelTo(address);
  try {
    const { one } = createClient(Trial, channel);
    const ended = (await one({ text: "who" })).number!;
    await one({ text }).catch(() => {});
    return ended;
  } finally {
    channel.close();
  }
}

/** Answers of `count` calls, each over a connection of its own. */
function askOften(address: string, count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => ask(address)));
}

test(
  "reactor workers: what a handler throws, or a listener on its signal, ends its call and no worker",
  async () => {
    const ends: WorkerEnd[] = [];
    await withWorkers({ threads: 1, onWorkerEnd: (end) => ends.push(end) }, async ({ port }) => {
      const channel = channelTo(`127.0.0.1:${port}`);
      const { one } = createClient(Trial, channel);
      const beside = one({ text: "sleep", number: 300 });
      await assertRejects(() => one({ text: "throw" }), RpcError, "UNKNOWN: handler failed");
      await assertRejects(() => one({ text: "listen" }, { deadlineMs: 50 }), RpcError, "DEADLINE_EXCEEDED");
      assertEquals([(await beside).number, (await one({})).text, ends], [0, poller, []]);
      channel.close();
    });
  },
  options,
);

test(
  "reactor workers: what onWorkerEnd throws is reported once, and the worker is replaced all the same",
  async () => {
    const reported: unknown[][] = [];
    const boom = new Error("boom");
    const onWorkerEnd = () => {
      throw boom;
    };
    const onError = (error: unknown, context: ErrorContext) => void reported.push([error, context]);
    await withWorkers({ threads: 1, onWorkerEnd, onError }, async ({ port }) => {
      await end(`127.0.0.1:${port}`);
      await until(() => reported.length > 0);
      const channel = channelTo(`127.0.0.1:${port}`);
      await createClient(Trial, channel).one({}, { waitForReady: true, deadlineMs: 15_000 });
      channel.close();
      assertEquals(reported, [[boom, { where: "onWorkerEnd", level: "error" }]]);
    });
  },
  options,
);

/** Has the only worker end, notes that in `ends`, and waits for a call that the next one answers. */
async function crash(port: number, ends: WorkerEnd[], text = "crash"): Promise<void> {
  const before = ends.length;
  await end(`127.0.0.1:${port}`, text);
  await until(() => ends.length > before);
  const channel = channelTo(`127.0.0.1:${port}`, { initialBackoffMs: 50 });
  await createClient(Trial, channel).one({}, { waitForReady: true, deadlineMs: 15_000 });
  channel.close();
}

test(
  "reactor workers: who dies again is replaced later each time, and soon once it was well between",
  async () => {
    const ends: WorkerEnd[] = [];
    const use = useEngine(poller);
    const { engine } = use;
    const { now } = engine;
    let ahead = 0;
    engine.now = () => now.call(engine) + ahead;
    try {
      const onWorkerEnd = (end: WorkerEnd): void => {
        ends.push(end);
        ahead = 0; // timers would wait for it
      };
      await withWorkers({ sharing: "boss", threads: 1, onWorkerEnd }, async ({ port }) => {
        for (let round = 1; round <= 3; round++) {
          await crash(port, ends);
          assertEquals(ends.length, round);
        }
        ahead = 20_000;
        await end(`127.0.0.1:${port}`);
        await until(() => ends.length === 4);
      });
    } finally {
      engine.now = now;
      await use.end();
    }
    const within = (ms: number, of: number) => ms >= 0.8 * of - 1 && ms <= 1.2 * of + 1;
    const waits = ends.map(({ restartInMs }) => restartInMs);
    assertEquals(
      waits.map((ms, i) => within(ms, [100, 160, 256, 100][i]!)),
      [true, true, true, true],
      `${waits}`,
    );
  },
  withBoss,
);

test("reactor workers: what a service module posts by itself ends no worker", async () => {
  const ends: WorkerEnd[] = [];
  await withWorkers({ threads: 1, onWorkerEnd: (end) => ends.push(end) }, async ({ port }) => {
    await ask(`127.0.0.1:${port}`, "post");
    await sleep(2_500); // who says that it fails has two seconds
    await ask(`127.0.0.1:${port}`, "who");
  });
  assertEquals(ends, []);
}, options);

test("reactor workers: one that hangs in its last moments is ended by force, and replaced", async () => {
  const ends: WorkerEnd[] = [];
  await withWorkers(
    { sharing: "boss", threads: 1, onWorkerEnd: (end) => ends.push(end) },
    async ({ port }) => {
      const startedAt = performance.now();
      await crash(port, ends, "hang");
      assert(performance.now() - startedAt > 1_000, "it did not hang");
      assertEquals(ends.map(({ reason }) => reason), ["crashed as asked"]);
    },
  );
}, { ...withBoss, skip: runtime === "bun" ? "such a thread of Bun ends by itself" : withBoss.skip });

test("reactor workers: a shutdown that waits for a call may be given a grace later", async () => {
  await withWorkers({ sharing: "boss" }, async (workers) => {
    const channel = channelTo(`127.0.0.1:${workers.port}`);
    const begun = gate();
    const call = createClient(Trial, channel).one({ text: "sleep", number: 60_000 }, {
      onHeaders: begun.open,
    });
    const answer = assertRejects(() => call);
    await begun.opened;
    const first = workers.shutdown();
    await sleep(100);
    assertEquals(workers.threads, 2);
    const startedAt = performance.now();
    await workers.shutdown({ graceMs: 100 });
    await first;
    assert(performance.now() - startedAt < 35_000);
    await answer;
    channel.close();
  });
}, withBoss);

test("reactor workers: a shutdown with graceMs ends one that hangs by force, soon after", async () => {
  const workers = await startReactorWorkers({
    module: MODULE,
    address: "127.0.0.1:0",
    sharing: "boss",
    threads: 2,
    poller,
  });
  await ask(`127.0.0.1:${workers.port}`, "spin", 60_000);
  assertThrows(() => workers.shutdown({ graceMs: NaN }), RangeError, "graceMs is the number NaN");
  const startedAt = performance.now();
  await workers.shutdown({ graceMs: 100 });
  const took = performance.now() - startedAt;
  // It would spin for 60 s. An endless turn of Deno is waited for 10 s, and on Windows then for the thread and its packets.
  assert(took > 1_000 && took < 35_000, `${took} ms`);
}, withBoss);

test(
  "reactor workers: options of their servers are passed on",
  () =>
    withWorkers({ server: { exposeErrors: true, maxReceiveMessageBytes: 100 } }, async ({ port }) => {
      const channel = channelTo(`127.0.0.1:${port}`);
      const { one } = createClient(Trial, channel);
      await assertRejects(() => one({ text: "throw" }), RpcError, "UNKNOWN: thrown as asked");
      await assertRejects(() => one({ body: new Uint8Array(200) }), RpcError, "limit of 100");
      channel.close();
    }),
  options,
);

for (const [sharing, when] of SHARING) {
  test(
    `reactor workers, ${sharing}: every worker gets connections, and runs the chosen poller`,
    () =>
      withWorkers({ sharing }, async ({ port, threads }) => {
        assertEquals(threads, 2);
        const channels = Array.from({ length: 40 }, () => channelTo(`127.0.0.1:${port}`));
        const answers = await Promise.all(
          channels.map((one) => createClient(Trial, one).one({ text: "who" })),
        );
        assertEquals(new Set(answers.map(({ text }) => text)), new Set([poller]));
        const workers = answers.map(({ number }) => number);
        assertEquals(new Set(workers), new Set([0, 1]));
        // A boss deals out what is open at once; where the kernel chooses, it does by a hash.
        if (sharing === "boss") assertEquals(workers.filter((one) => one === 0).length, 20);
        const down = createClient(Trial, channels[0]!).down({ number: 3 });
        assertEquals(await collect(down).then((all) => all.length), 3);
        for (const channel of channels) channel.close();
      }),
    when,
  );

  test(
    `reactor workers, ${sharing}: a worker that dies is replaced, its connections are not left hanging`,
    async () => {
      const ends: WorkerEnd[] = [];
      await withWorkers({ sharing, onWorkerEnd: (end) => ends.push(end) }, async ({ port }) => {
        const channels = Array.from(
          { length: 20 }, // the kernel deals them out: that one worker has none of 20 does not happen
          () => channelTo(`127.0.0.1:${port}`),
        );
        const running = channels.map((channel) =>
          createClient(Trial, channel).one({ text: "sleep", number: 60_000 })
        );
        const failures = running.map((call) => assertRejects(() => call));
        await askOften(`127.0.0.1:${port}`, 4);
        const crashed = await end(`127.0.0.1:${port}`);
        await until(() => ends.length > 0);
        assertEquals(ends.map(({ index }) => index), [crashed]);
        assert(ends[0]!.reason.includes("crashed as asked"), ends[0]!.reason);
        // At least what was dealt to the dead one fails now, and not after a minute.
        await Promise.race(failures);
        let answers: number[] = [];
        const limit = performance.now() + 60_000; // a thread takes its time to start where the machine is busy
        while (!answers.includes(crashed) && performance.now() < limit) {
          await sleep(50);
          answers = (await Promise.allSettled(Array.from({ length: 10 }, () => ask(`127.0.0.1:${port}`))))
            .flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
        }
        // A boss deals to the one with the fewest connections: all ten may be its replacement's.
        assert(answers.includes(crashed), `the replacement takes no calls, of ${answers}`);
        for (const channel of channels) channel.close();
        await Promise.all(failures);
      });
    },
    when,
  );

  test(
    `reactor workers, ${sharing}: one that ends on the spot closes nothing in order, and is cleared up behind`,
    async () => {
      const ends: WorkerEnd[] = [];
      await withWorkers({ sharing, threads: 1, onWorkerEnd: (end) => ends.push(end) }, async ({ port }) => {
        const channels = Array.from(
          { length: 4 },
          () => channelTo(`127.0.0.1:${port}`),
        );
        const running = channels.map((channel) =>
          createClient(Trial, channel).one({ text: "sleep", number: 60_000 })
        );
        const failures = Promise.all(running.map((call) => assertRejects(() => call)));
        await ask(`127.0.0.1:${port}`);
        await assertRejects(() => ask(`127.0.0.1:${port}`, "exit"));
        await failures; // their connections were closed by the owner
        await until(() => ends.length > 0);
        assertEquals(ends.map(({ reason }) => reason), ["exit code 3"]);
        for (const channel of channels) channel.close();
        // Until the next worker listens nobody does, unless a boss lets connections wait.
        let answer: number | undefined = undefined;
        const limit = performance.now() + 60_000;
        while (answer === undefined && performance.now() < limit) {
          await sleep(50);
          answer = await ask(`127.0.0.1:${port}`).catch(() => undefined);
        }
        assertEquals(answer, 0);
        // A socket of the dead one that still listened would get its share of them.
        for (let i = 0; i < 8; i++) assertEquals(await ask(`127.0.0.1:${port}`), 0);
      });
    },
    when,
  );

  test(`reactor workers, ${sharing}: shutdown lets running calls finish`, async () => {
    let finished: Promise<unknown> = Promise.resolve();
    const channels: Channel[] = [];
    await withWorkers({ sharing }, async (workers) => {
      const { port } = workers;
      for (let i = 0; i < 6; i++) {
        channels.push(channelTo(`127.0.0.1:${port}`));
      }
      const clients = channels.map((channel) => createClient(Trial, channel));
      await Promise.all(clients.map((client) => client.one({ text: "who" })));
      await Promise.all(clients.map((client) =>
        new Promise<void>((begun) => {
          const call = client.one({ text: "sleep", number: 300 }, { onHeaders: () => begun() });
          finished = Promise.all([finished, call]);
        })
      ));
      await workers.shutdown();
    });
    await finished;
    for (const channel of channels) channel.close();
  }, when);
}

test("reactor workers: what a handler waits for elsewhere comes as usual", async () => {
  const server = createServer((_request, response) => response.end("from elsewhere"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await withWorkers({ data: { http } }, async ({ port }) => {
    const channel = channelTo(`127.0.0.1:${port}`);
    const client = createClient(Trial, channel);
    const texts = await Promise.all(Array.from({ length: 20 }, () => client.one({ text: "fetch" })));
    assert(texts.every(({ text }) => text === "from elsewhere"));
    channel.close();
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}, options);

test(
  "reactor workers: a channel of a worker runs on the worker's engine",
  () =>
    withWorkers({}, async ({ port }) => {
      const channel = channelTo(`127.0.0.1:${port}`);
      assertEquals((await createClient(Trial, channel).one({ text: "call", number: port })).text, poller);
      channel.close();
    }),
  options,
);

test("reactor workers: a unix socket is served by a boss", async () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-workers-`);
  try {
    await withWorkers({ address: `unix:${folder}/socket` }, async () => {
      const answers = await askOften(`unix:${folder}/socket`, 4);
      assertEquals(answers.sort(), [0, 0, 1, 1]);
    });
    assertEquals(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, { ...withBoss, skip: noUnixSockets ?? withBoss.skip });

test("reactor workers: a service module that fails says so, and nothing is left", async () => {
  const error = await assertRejects(() => withWorkers({ data: { failing: true } }, async () => {}), Error);
  assertMatch(error.message, /^Reactor worker [01] cannot start: this service does not start$/);
  assertMatch((error.cause as Error).stack!, /this service does not start[^]*trial_service\.ts/);
}, options);

for (const [sharing, when] of SHARING) {
  test(
    `reactor workers, ${sharing}: descriptors come back from workers that end, die or cannot start`,
    async () => {
      const live = async () => {
        let ended = false;
        await withWorkers({ sharing, onWorkerEnd: () => ended = true }, async ({ port }) => {
          const crashed = await end(`127.0.0.1:${port}`);
          assert(crashed < 2);
          await until(() => ended);
        });
        await assertRejects(() => withWorkers({ sharing, data: { failing: true } }, async () => {}));
      };
      await live(); // whatever the runtime opens once
      const before = openDescriptors();
      await live();
      for (let waited = 0; openDescriptors() > before && waited < 5_000; waited += 50) await sleep(50);
      assert(openDescriptors() <= before, `${openDescriptors()} descriptors, not ${before}`);
    },
    when,
  );
}

test("reactor workers: a module that does not exist is named", async () => {
  const module = new URL("./no_such_service.ts", import.meta.url);
  const error = await assertRejects(() => withWorkers({ module }, async () => {}), Error);
  assert(error.message.includes("no_such_service.ts"), error.message);
}, options);

test("reactor workers: wrong options are refused before anything starts", async () => {
  await assertRejects(
    () => withWorkers({ threads: 0 }, async () => {}),
    RangeError,
    "Cannot start 0 reactor workers",
  );
  await assertRejects(
    () => withWorkers({ address: "localhost:0" }, async () => {}),
    TypeError,
    'Cannot start reactor workers on "localhost:0"',
  );
  await assertRejects(
    () => withWorkers({ address: "unix:/nowhere/socket", sharing: "reuse-port" }, async () => {}),
    TypeError,
    'on "unix:/nowhere/socket": sharing is "reuse-port", and it has no port; give "boss"',
  );
  const cases: [object, string][] = [
    [{ thread: 2 }, 'there is no option "thread"; did you mean threads?'],
    [{ module: undefined }, "module is undefined, not a URL"],
    [{ module: "./service.ts" }, 'module is the string "./service.ts", not a URL; give new URL('],
    [{ sharing: "bos" }, 'sharing is the string "bos"; give "reuse-port" or "boss"'],
    [
      { server: { maxMessageBytes: 5 } },
      'Cannot start reactor workers, server: there is no option "maxMessageBytes"',
    ],
    [{ server: { maxSendMessageBytes: -1 } }, "maxSendMessageBytes"],
    [{ server: { poller: "native" } }, 'there is no option "poller"'],
    [{ server: { exposeErrors: "false" } }, 'exposeErrors is the string "false"; give true or false'],
    [{ onWorkerEnd: true }, "onWorkerEnd is the boolean true; give a function"],
    [{ logger: {} }, "logger.error is null; give a function"],
  ];
  for (const [options, says] of cases) {
    await assertRejects(() => withWorkers(options, async () => {}), Error, says);
  }
  if (poller === "native") {
    await assertRejects(
      () => withWorkers({ sharing: "boss" }, async () => {}),
      TypeError,
      'poller "native" cannot detach them',
    );
  }
  if (process.platform === "win32" && whyNot("boss", poller) === undefined) {
    await assertRejects(
      () => withWorkers({ sharing: "reuse-port" }, async () => {}),
      Error,
      "Windows cannot share a port",
    );
  }
});
