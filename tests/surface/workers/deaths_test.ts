// Reactor workers that die more than once, or lose their listeners: who comes back gets its share, and nothing is lost.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  createClient,
  createSyncClient,
  describePollers,
  type ErrorContext,
  type ReactorWorkers,
  type ReactorWorkersOptions,
  RpcError,
  selectPoller,
  startReactorWorkers,
  Status,
  tls,
  type WorkerEnd,
} from "pollwire";
import { useEngine } from "../../../surface/full/engines.ts";
import { test, type TestOptions } from "../../harness.ts";
import { sleep, until } from "../../pollers/promised.ts";
import { failure, Trial } from "../serving.ts";
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";
import { countingFrees } from "../../transport/tls/counted_frees.ts";
import { authority, shown } from "../../transport/tls/secured_pair.ts";
import { type Sharing, whyNot } from "./sharing.ts";

const MODULE = new URL("./mortal_service.ts", import.meta.url);
const poller = selectPoller().name;
const opened = openOpenSsl();
// For all tests: what is collected is freed as well.
const credentials = tls.client({ ca: authority.cert });
const serverCredentials = tls.server(shown);

function limits(sharing: Sharing): TestOptions {
  return { timeoutMs: 120_000, skip: whyNot(sharing, poller) };
}

const anySharing: TestOptions = {
  ...limits("reuse-port"),
  skip: limits("reuse-port").skip && limits("boss").skip,
};

/** What a test knows of its workers. */
interface WorkerPool {
  readonly workers: ReactorWorkers;
  readonly at: string;
  readonly ends: WorkerEnd[];
  readonly reported: Array<[unknown, ErrorContext]>;
}

async function withWorkers(
  options: Partial<ReactorWorkersOptions>,
  check: (pool: WorkerPool) => Promise<void>,
): Promise<void> {
  const ends: WorkerEnd[] = [];
  const reported: Array<[unknown, ErrorContext]> = [];
  const workers = await startReactorWorkers({
    module: MODULE,
    address: "127.0.0.1:0",
    poller,
    onWorkerEnd: (end) => ends.push(end),
    onError: (error, context) => reported.push([error, context]),
    ...options,
  });
  try {
    await check({ workers, at: `127.0.0.1:${workers.port}`, ends, reported });
  } finally {
    await workers.shutdown({ graceMs: 500 });
  }
}

/** Channels that stay open, and the worker that each is connected to. */
class Held {
  readonly #channels: Channel[] = [];

  constructor(private readonly at: string) {}

  /** Connects `count` more; how many of them each worker has. */
  async more(count: number): Promise<Map<number, number>> {
    const channels = Array.from({ length: count }, () => new Channel(this.at, { shareConnections: false }));
    this.#channels.push(...channels);
    const answers = await Promise.all(
      channels.map((channel) => createClient(Trial, channel).one({ text: "who" })),
    );
    const counts = new Map<number, number>();
    for (const { number = 0 } of answers) counts.set(number, (counts.get(number) ?? 0) + 1);
    return counts;
  }

  close(): void {
    for (const channel of this.#channels.splice(0)) channel.close();
  }
}

async function ask(at: string, text: string, number = 0): Promise<number> {
  const channel = new Channel(at, { shareConnections: false });
  try {
    return (await createClient(Trial, channel).one({ text, number })).number!;
  } finally {
    channel.close();
  }
}

/** Waits until a worker that came back answers. */
async function answers(at: string, index: number): Promise<void> {
  const limit = performance.now() + 60_000;
  while (await ask(at, "who").catch(() => -1) !== index) {
    assert(performance.now() < limit, `worker ${index} does not answer`);
    await sleep(20); // which leaves the machine to its thread's start
  }
}

for (const sharing of ["reuse-port", "boss"] as const) {
  test(
    `reactor workers, ${sharing}: who came back gets its share of new connections, after several deaths`,
    () =>
      withWorkers({ sharing, threads: 3 }, async ({ at, ends }) => {
        const held = new Held(at);
        await held.more(30);
        for (let death = 1; death <= 3; death++) {
          const dead = await ask(at, "crash");
          await until(() => ends.length === death, `end ${death}`);
          assertEquals(ends[death - 1]!.index, dead);
          await held.more(10); // they go to the others
          await answers(at, dead);
          const counts = await held.more(60);
          const share = counts.get(dead) ?? 0;
          // A hash chooses between three; a boss lets who has fewest catch up.
          assert(share >= (sharing === "boss" ? 20 : 1), `worker ${dead} got ${share} of 60 connections`);
        }
        held.close();
      }),
    limits(sharing),
  );

  test(
    `reactor workers, ${sharing}: one whose module shuts its server down gets no connections, and is replaced`,
    () => {
      const released = new Int32Array(new SharedArrayBuffer(4));
      return withWorkers({ sharing, threads: 2, data: { released } }, async ({ at, ends }) => {
        const channel = new Channel(at, { shareConnections: false });
        let begun = (): void => {};
        const isStopping = new Promise<void>((resolve) => begun = resolve);
        const stopping = createClient(Trial, channel).one({ text: "shut down" }, {
          onHeaders: () => begun(),
        });
        await isStopping;
        let counts: ReadonlyMap<number, number> = new Map();
        for (let tries = 0; tries < 100 && counts.size !== 1; tries++) { // until its owner knows
          await sleep(50);
          const held = new Held(at);
          counts = await held.more(10);
          held.close();
        }
        assertEquals(ends, []); // a call of it runs
        Atomics.store(released, 0, 1);
        const { number = -1 } = await stopping;
        channel.close();
        assertEquals([...counts], [[1 - number, 10]]);
        await until(() => ends.length === 1, "its end");
        const { index, reason } = ends[0]!;
        assertEquals([index, reason], [number, "its service module has shut the server down"]);
        await answers(at, number);
      });
    },
    limits(sharing),
  );

  test(
    `reactor workers, ${sharing}: each death of a worker has its replacement wait longer`,
    () =>
      withWorkers({ sharing, threads: 1 }, async ({ at, ends }) => {
        for (let death = 1; death <= 3; death++) {
          await answers(at, 0);
          await ask(at, "crash");
          await until(() => ends.length === death, `end ${death}`);
        }
        const waits = ends.map(({ restartInMs }) => restartInMs);
        // 100 ms, then 1.6 times longer each time, give or take a fifth.
        for (const [i, most] of [120, 192, 308].entries()) {
          assert(waits[i]! <= most && waits[i]! >= Math.floor(most / 1.5), `${waits}`);
        }
      }),
    limits(sharing),
  );
}

for (const death of ["crash", "exit"]) {
  test(
    `reactor workers: what OpenSSL has of one is freed when it dies (${death}), and when it is drained`,
    async () => {
      const { freed, end } = countingFrees();
      const channels: Channel[] = [];
      const call = async (text: string) => {
        const channel = new Channel(at, { credentials, shareConnections: false });
        channels.push(channel);
        await createClient(Trial, channel).one({ text }, { waitForReady: true }).catch(() => {});
      };
      let at = "";
      try {
        await withWorkers({ threads: 1, server: { credentials: serverCredentials } }, async (pool) => {
          ({ at } = pool);
          for (const text of ["who", "who", death]) await call(text);
          await until(() => pool.ends.length === 1, "its end");
          await until(() => freed.SSL_CTX_free >= 1, "its context");
          channels.forEach((channel) => channel.close());
          // Of an engine that ends in order, after an error, the connections are freed with it, by the worker.
          if (death === "exit") await until(() => freed.SSL_free >= 6, "the connections of both sides");
          assertEquals(freed.SSL_CTX_free, 1);
          await call("who");
        });
        assertEquals(freed.SSL_CTX_free, 2);
      } finally {
        end();
        channels.forEach((channel) => channel.close());
      }
    },
    { ...anySharing, skip: anySharing.skip ?? (opened.ok ? undefined : opened.because) },
  );
}

for (const ending of ["ends in order", "is drained"]) {
  test(
    `reactor workers: what a service module has open by another poller is closed when its thread ${ending}`,
    async () => {
      const usable = describePollers().filter(({ usable }) => usable).map(({ name }) => name);
      const other = ["poll", "epoll", "native"].find((name) => name !== poller && usable.includes(name))!;
      let port = 0;
      const released = new Int32Array(new SharedArrayBuffer(4)).fill(1);
      await withWorkers({ threads: 1, data: { released } }, async ({ at, ends }) => {
        port = await ask(at, `listen by ${other}`);
        assertEquals(await ask(`127.0.0.1:${port}`, "", 5), 5);
        if (ending === "is drained") return;
        await ask(at, "shut down");
        await until(() => ends.length === 1, "its end");
      });
      const channel = new Channel(`127.0.0.1:${port}`);
      const { code } = await failure(createClient(Trial, channel).one({}, { deadlineMs: 20_000 }));
      assertEquals(code, Status.UNAVAILABLE);
      await channel[Symbol.asyncDispose]();
    },
    anySharing,
  );
}

const others = describePollers()
  .filter(({ usable, name }) => usable && ["epoll", "poll", "io_uring"].includes(name) && name !== poller);

for (const { name: other } of others) {
  test(
    `reactor workers: what a service module has open by ${other} is closed when its thread ends by accident`,
    () =>
      withWorkers({ threads: 1 }, async ({ at, ends }) => {
        for (let death = 1; death <= 2; death++) {
          await answers(at, 0);
          const port = await ask(at, `listen by ${other}`);
          const channel = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
          const client = createClient(Trial, channel);
          assertEquals((await client.one({ number: 5 })).number, 5);
          await ask(at, "exit").catch(() => {});
          await until(() => ends.length === death, "its end");
          // Neither its connection nor its port is there any more.
          assertEquals((await failure(client.one({}, { deadlineMs: 20_000 }))).code, Status.UNAVAILABLE);
          await channel[Symbol.asyncDispose]();
        }
      }),
    anySharing,
  );
}

for (const sharing of ["reuse-port", "boss"] as const) {
  test(
    `[Q127] reactor workers, ${sharing}: neither a worker nor its boss may block for who would answer on its thread`,
    () =>
      withWorkers({ sharing, threads: 1 }, async ({ at }) => {
        const channel = new Channel(at);
        const { text } = await createClient(Trial, channel).one({ text: `block for ${at}` });
        assertMatch(text!, /^Cannot call .* and block: the server at .* is one of this very thread/);
        channel.close();
        if (sharing === "reuse-port") return;
        const itself = new Channel(at, { poller }); // a boss that blocks in its engine accepts there
        assertEquals(createSyncClient(Trial, itself).one({ text: "who" }).number, 0);
        itself.close();
        const elsewhere = new Channel(at, { poller: "native" });
        assertThrows(
          () => createSyncClient(Trial, elsewhere).one({ text: "who" }, { deadlineMs: 5_000 }),
          TypeError,
          "is one of this very thread",
        );
        elsewhere.close();
      }),
    limits(sharing),
  );
}

test("[Q127] reactor workers, boss: once they are shut down nobody is refused for them", async () => {
  let target = "";
  await withWorkers({ sharing: "boss", threads: 1 }, ({ at }) => {
    target = at;
    return Promise.resolve();
  });
  const channel = new Channel(target, { poller: "native" });
  const { code } = assertThrows(
    () => createSyncClient(Trial, channel).one({}, { deadlineMs: 5_000 }),
    RpcError,
  );
  assertEquals(code, Status.UNAVAILABLE);
  await channel[Symbol.asyncDispose]();
}, limits("boss"));

test(
  "reactor workers, boss: connections that are closed do not count",
  () =>
    withWorkers({ sharing: "boss", threads: 2 }, async ({ at }) => {
      const channels = Array.from({ length: 12 }, () => new Channel(at, { shareConnections: false }));
      const one = (channel: Channel) => createClient(Trial, channel).one({ text: "who" });
      const workers = (await Promise.all(channels.map(one))).map(({ number }) => number);
      // One worker loses all that it has, which it hears of a little later.
      channels.forEach((channel, i) => workers[i] === 0 && channel.close());
      const limit = performance.now() + 40_000;
      for (let inARow = 0; inARow < 4;) {
        inARow = await ask(at, "who") === 0 ? inARow + 1 : 0;
        assert(performance.now() < limit, "connections go to both workers in turn");
      }
      for (const channel of channels) channel.close();
    }),
  limits("boss"),
);

test("reactor workers, boss: what was dealt to a worker before it is told to end is served", async () => {
  const calls: Array<Promise<{ number?: number }>> = [];
  const channels: Channel[] = [];
  const spinning = new Int32Array(new SharedArrayBuffer(4));
  await withWorkers({ sharing: "boss", threads: 1, data: { spinning } }, async ({ at }) => {
    const busy = ask(at, "spin", 1_000);
    await until(() => Atomics.load(spinning, 0) === 1, "a busy worker");
    for (let i = 0; i < 8; i++) channels.push(new Channel(at, { shareConnections: false }));
    calls.push(...channels.map((channel) => createClient(Trial, channel).one({ text: "who" })));
    const use = useEngine(poller);
    const { opened } = use.engine as unknown as { opened: { all(): Array<{ describe(): string }> } };
    await use.end(); // the boss goes on to use it
    const ours = () => opened.all().filter((one) => one.describe().startsWith("endpoint 127.0.0.1:")).length;
    await until(() => ours() >= 9, "all connections");
    await sleep(100); // the boss, of this thread, has accepted them; the worker still spins
    void busy.catch(() => {});
  });
  assertEquals((await Promise.all(calls)).map(({ number }) => number), new Array(8).fill(0));
  for (const channel of channels) channel.close();
}, limits("boss"));

test(
  "reactor workers, boss: a worker that is about to be started is not, once they are shut down",
  async () => {
    const started = new Int32Array(new SharedArrayBuffer(4));
    const use = useEngine(poller);
    await withWorkers({ sharing: "boss", threads: 1, data: { started } }, async ({ workers, at, ends }) => {
      const pair = use.engine.pair.bind(use.engine);
      const asked = new Promise<void>((resolve) =>
        use.engine.pair = () => {
          resolve();
          return sleep(200).then(pair);
        }
      );
      await ask(at, "crash");
      await until(() => ends.length === 1, "the death");
      await asked;
      use.engine.pair = pair;
      await workers.shutdown({ graceMs: 500 });
      await sleep(500); // in which a worker's thread would start
      assertEquals(Atomics.load(started, 0), 1);
    });
    await use.end();
  },
  limits("boss"),
);

test("reactor workers: a shutdown that is over leaves no timer", async () => {
  const use = useEngine(poller);
  const { timers } = use.engine as unknown as { timers: { size: number } };
  await until(() => timers.size === 0, "timers of what ran before");
  const workers = await startReactorWorkers({ module: MODULE, address: "127.0.0.1:0", threads: 1, poller });
  await workers.shutdown({ graceMs: 60_000 });
  assertEquals(timers.size, 0);
  await use.end();
}, anySharing);

const onEpoll = poller === "epoll" ? undefined : "the fault is put into the epoll poller";

test(
  "reactor workers, reuse-port: a worker whose listener ends listens again, twice",
  () =>
    withWorkers({ sharing: "reuse-port", threads: 1 }, async ({ at, ends }) => {
      for (let round = 0; round < 2; round++) {
        const channel = new Channel(at, { shareConnections: false });
        const client = createClient(Trial, channel);
        await client.one({ text: "lose listener" });
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
        await ask(at, "who").catch(() => {}); // the accept that fails
        await answers(at, 0);
        assertEquals((await client.one({ text: "who" })).number, 0); // over the connection from before
        channel.close();
      }
      assertEquals(ends, []);
    }),
  { ...limits("reuse-port"), skip: onEpoll },
);

test(
  "reactor workers, boss: a boss whose listener ends is reported, and listens again, twice",
  () =>
    withWorkers({ sharing: "boss", threads: 1 }, async ({ at, reported }) => {
      const use = useEngine(poller);
      const { sockets } = use.engine as unknown as { sockets: { accept(fd: number): number } };
      await use.end(); // the boss goes on to use it
      const { accept } = sockets;
      for (let round = 1; round <= 2; round++) {
        const channel = new Channel(at, { shareConnections: false });
        const client = createClient(Trial, channel);
        assertEquals((await client.one({ text: "who" })).number, 0);
        sockets.accept = () => {
          sockets.accept = accept;
          return -9;
        };
        const unlucky = new Channel(at, { shareConnections: false });
        await failure(createClient(Trial, unlucky).one({ text: "who" }, { deadlineMs: 5_000 })).catch(
          () => {},
        );
        unlucky.close();
        await until(() => reported.length === round, "the report");
        const [error, context] = reported[round - 1]!;
        assertMatch(
          (error as Error).message,
          /^Reactor workers stopped listening on 127.*: accept/,
        );
        assertEquals(context, { where: "listener", level: "error" });
        await answers(at, 0);
        assertEquals((await client.one({ text: "who" })).number, 0);
        channel.close();
      }
    }),
  { ...limits("boss"), skip: onEpoll },
);
