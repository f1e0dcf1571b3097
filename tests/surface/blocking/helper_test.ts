// The helper thread of calls that block where their thread cannot wait: its life, and what it refuses.
import { assert, assertEquals, assertMatch, assertThrows, fail } from "@std/assert";
import { Channel, createClient, createSyncClient, registerBalancer, Server, Status, tls } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Mailbox } from "../../../pollers/native/mailbox.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { Helper, helperOfThread } from "../../../surface/blocking/helper.ts";
import type { FromHelper } from "../../../surface/blocking/helper_protocol.ts";
import { HelperCalls, Outbox } from "../../../surface/blocking/helper_worker.ts";
import { engineCount } from "../../../surface/engines.ts";
import { callContext } from "../../../surface/channel/channel.ts";
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";
import { test } from "../../harness.ts";
import { countDescriptors, countSets } from "../../pollers/epoll/setup.ts";
import { Program } from "../../pollers/program.ts";
import { sleep, until } from "../../pollers/promised.ts";
import { countingFrees } from "../../transport/tls/counted_frees.ts";
import { authority, shown } from "../../transport/tls/secured_pair.ts";
import { Trial } from "../serving.ts";
import { LOCAL_WAYS, ServingThread, thrown } from "./bench.ts";

const opened = openOpenSsl();
const POLLERS = ["native", ...new Set(LOCAL_WAYS.map(([poller]) => poller))];

for (const poller of POLLERS) {
  test(`${poller}: a script that makes calls which block ends by itself, whatever it leaves open`, async () => {
    const server = new ServingThread();
    const args = [poller, String(await server.port)];
    const { code, output } = await new Program(new URL("./programs/script.ts", import.meta.url), args).ended;
    assertEquals([code, output.trim()], [0, "done 1,2,3"]);
    await server.end();
  });
}

test("channels share the helper thread, and it ends with the last of them", async () => {
  const server = new ServingThread();
  const target = `127.0.0.1:${await server.port}`;
  const one = new Channel(target, { poller: "native" });
  const other = new Channel(target, { poller: "native" });
  createSyncClient(Trial, one).one({});
  const helper = helperOfThread();
  createSyncClient(Trial, other).one({});
  assertEquals(helperOfThread(), helper);
  await one[Symbol.asyncDispose]();
  assertEquals(createSyncClient(Trial, other).one({ number: 2 }).number, 2);
  await other[Symbol.asyncDispose]();
  const third = new Channel(target, { poller: "native" });
  createSyncClient(Trial, third).one({});
  assert(helperOfThread() !== helper, "it should have ended");
  await third[Symbol.asyncDispose]();
  await server.end();
});

test("what OpenSSL has of a helper thread is freed when it has ended", async () => {
  const server = new ServingThread("127.0.0.1", shown);
  const target = `127.0.0.1:${await server.port}`;
  const credentials = tls.client({ ca: authority.cert });
  const { freed, end } = countingFrees();
  try {
    for (let thread = 1; thread <= 2; thread++) {
      const channel = new Channel(target, { poller: "native", credentials });
      createSyncClient(Trial, channel).one({});
      await channel[Symbol.asyncDispose]();
      assertEquals(freed.SSL_CTX_free, thread);
    }
  } finally {
    end();
  }
  await server.end();
  assertEquals(credentials.options, { ca: authority.cert }, "they live until here");
}, opened.ok ? {} : { skip: opened.because });

/** What engines export of themselves, among others: what they wait by, of which the first is 0 once it is closed. */
interface Held {
  readonly own: Int32Array;
}

const ownSockets = new Set(LOCAL_WAYS.map(([name]) => name).filter((name) => name !== "iocp"));

for (const poller of ownSockets) {
  for (const way of ["by itself", "by force"]) {
    test(`${poller}: what a helper thread has open is released when it ends ${way}`, async () => {
      const server = new ServingThread("127.0.0.1", shown);
      const target = `127.0.0.1:${await server.port}`;
      const credentials = tls.client({ ca: authority.cert, provider: "node" }); // needs the runtime's loop
      const end = async (by: string): Promise<void> => {
        const channel = new Channel(target, { poller: by, credentials });
        createSyncClient(Trial, channel).one({});
        const helper = helperOfThread();
        const resources = [...helper["holdings"]["resources"].values()].filter(({ poller }) => poller === by);
        const held = by === "native" ? [] : resources.map(({ exported }) => exported as Held);
        assertEquals(resources.length, 1);
        if (way === "by force") helper["dispatch"]({ kind: "crashed", reason: "out of order" });
        else helper["holdings"].reclaim = () => Promise.resolve(); // it leaves nothing
        await channel[Symbol.asyncDispose]();
        await helper["mailbox"].ended;
        await until(() => held.every(({ own }) => own[0] === 0), "the end of its engine's set");
      };
      await end("native"); // the runtime opens its own
      const before = countDescriptors() + countSets();
      await end(poller);
      await until(() => countDescriptors() + countSets() <= before, "the end of all that it had");
      await server.end();
    });
  }
}

test("[Q127] where no helper thread can make the call, the refusal says why", async () => {
  const simulation = new Simulation();
  const unable = Object.assign(simulation.host(), { extension: () => undefined });
  const channel = new Channel("10.0.0.2:1", { poller: unable });
  assertThrows(
    () => createSyncClient(Trial, channel).one({}),
    TypeError,
    'Cannot call /trial.Trial/One and block: the poller "simulated" has its events from the runtime\'s loop, which ' +
      "stands still while a thread blocks, and a helper thread has no such poller",
  );
  channel.close();
  const plain = new Channel("127.0.0.1:1", { poller: "native" });
  const context = callContext("look", plain);
  assertEquals(Helper.lack(context), undefined);
  assertMatch(
    Helper.lack({ ...context, channelOptions: { keepalive: () => {} } })!,
    /the channel's option keepalive is .* cannot be sent to a thread/,
  );
  assertEquals(Helper.lack({ ...context, channelOptions: { onError: () => {}, logger: {} } }), undefined);
  await plain[Symbol.asyncDispose]();
});

test("a helper thread that hangs, or is gone, fails its calls", async () => {
  const server = new ServingThread();
  const channel = new Channel(`127.0.0.1:${await server.port}`, { poller: "native" });
  const client = createSyncClient(Trial, channel);
  client.one({});
  const helper = helperOfThread();
  const stream = client.down({ number: 1_000_000 });
  assertEquals(stream.next().value?.number, 1);
  helper["dispatch"]({ kind: "crashed", reason: "out of order" });
  const error = thrown(() => {
    while (!stream.next().done);
  });
  assertEquals([error.code, error.endedBy], [Status.UNAVAILABLE, "library"]);
  assert(error.details.endsWith("is gone: out of order"), error.details);
  await helper["mailbox"].ended; // what could not go on is no thread any more
  assertEquals(client.one({ number: 5 }).number, 5, "another one makes the next call");
  await channel[Symbol.asyncDispose]();
  await server.end();
});

test("a call of the helper thread ends with the call that it was made for, and does not begin after it", async () => {
  const thread = new ServingThread();
  const below = new Channel(`127.0.0.1:${await thread.port}`, { poller: "native" });
  const client = createSyncClient(Trial, below);
  const outcomes: unknown[] = [];
  let handled = (): void => {};
  const isHandled = new Promise<void>((resolve) => handled = resolve);
  const server = new Server({ poller: "native" });
  server.addService(Trial, {
    async one(_note, parent) {
      await sleep(0); // no callback of the engine
      using _ = { [Symbol.dispose]: () => handled() };
      const stream = client.down({ number: 100_000 }, { parent });
      outcomes.push(stream.next().value?.number);
      leave.abort();
      await until(() => parent.cancelled, "the end of the call");
      const ended = thrown(() => {
        while (!stream.next().done);
      });
      const late = thrown(() => client.one({}, { parent }));
      outcomes.push(ended.code, ended.details, late.code, late.details);
      handled();
      return {};
    },
    down: () => [],
    up: () => ({}),
    both: () => [],
  });
  const leave = new AbortController();
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, { poller: "native" });
  await createClient(Trial, channel).one({}, { signal: leave.signal }).catch(() => {});
  await isHandled;
  const why = "the call that it was made for is over";
  assertEquals(outcomes, [1, Status.CANCELLED, why, Status.CANCELLED, why]);
  await channel[Symbol.asyncDispose]();
  await server.shutdown();
  await below[Symbol.asyncDispose]();
  await thread.end();
});

test("[Q127] an observer that makes a call which blocks does not change the order of responses", async () => {
  const server = new ServingThread();
  const channel = new Channel(`127.0.0.1:${await server.port}`, { poller: "native" });
  const client = createSyncClient(Trial, channel);
  let ended: number | undefined;
  const stop = channel.observe({
    onInitialMetadata() {
      stop(); // or the call made here would make another one
      ended = client.one({ text: "wait 60", number: 7 }).number;
    },
  });
  const got = [...client.down({ text: "slow", number: 6 })].map(({ number }) => number);
  assertEquals([got, ended], [[1, 2, 3, 4, 5, 6], 7]);
  await channel[Symbol.asyncDispose]();
  await server.end();
});

test("[Q127] a call whose helper thread cannot start ends with UNAVAILABLE, for observers too", async () => {
  const channel = new Channel("127.0.0.1:1", { poller: "native" });
  const seen: string[] = [];
  channel.observe({ onCallBegin: () => seen.push("begins"), onCallEnd: ({ status }) => seen.push(status) });
  const client = createSyncClient(Trial, channel);
  const { lack } = Thread;
  Thread.lack = () => "no descriptors are left";
  try {
    const error = thrown(() => client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertEquals(error.details, "no helper thread can make the call: no descriptors are left");
  } finally {
    Thread.lack = lack;
  }
  assertEquals(seen, ["begins", "UNAVAILABLE"]);
  await channel[Symbol.asyncDispose]();
});

test("[Q127] a channel that the helper thread cannot make fails its own calls alone", async () => {
  registerBalancer({ name: "of_this_thread", readConfig: () => ({}), make: () => fail("never made here") });
  const server = new ServingThread();
  const target = `127.0.0.1:${await server.port}`;
  const channel = new Channel(target, { poller: "native" });
  const stream = createSyncClient(Trial, channel).down({ number: 500 });
  assertEquals(stream.next().value?.number, 1);
  const helper = helperOfThread();
  const other = new Channel(target, { poller: "native", loadBalancing: "of_this_thread" });
  const client = createSyncClient(Trial, other);
  for (let i = 0; i < 2; i++) {
    const error = thrown(() => client.one({}));
    assertEquals(error.code, Status.INTERNAL);
    assertMatch(
      error.details,
      /^a helper thread cannot make the channel: .*loadBalancing is "of_this_thread"/,
    );
  }
  assertEquals([...stream].length, 499);
  assertEquals(helperOfThread(), helper);
  await other[Symbol.asyncDispose]();
  await channel[Symbol.asyncDispose]();
  await server.end();
});

test("a helper keeps nothing of calls that are over, nor of channels that are closed", async () => {
  const server = new ServingThread();
  const target = `127.0.0.1:${await server.port}`;
  const came: FromHelper[] = [];
  const post = (messages: unknown): void => void came.push(...messages as FromHelper[]);
  const calls = new HelperCalls(new Outbox(() => ({ post })));
  const unknown = { loadBalancing: "of_nobody" } as const;
  for (const [channel, options] of [[1, {}], [2, unknown]] as const) {
    calls.obey({ kind: "channel", channel, target, options: { ...options, poller: "native" } });
    calls.obey({
      kind: "start",
      channel,
      call: 10 * channel,
      path: "/trial.Trial/One",
      request: new ArrayBuffer(5),
      singleMessage: true,
      deadlineMs: undefined,
      headers: undefined,
      authority: undefined,
      waitForReady: undefined,
      compression: undefined,
      corked: false,
      observed: false,
    });
  }
  await until(() => came.filter(({ kind }) => kind === "status").length === 2, "both ends");
  assertEquals(
    came.map((one) => one.kind === "status" ? [one.call, one.code] : one.kind).filter(Array.isArray),
    [
      [20, Status.INTERNAL],
      [10, Status.OK],
    ],
  );
  assertEquals([calls["calls"].size, calls["channels"].size, calls["unmade"].size], [0, 1, 1]);
  for (const channel of [1, 2]) calls.obey({ kind: "close", channel });
  assertEquals([calls["channels"].size, calls["unmade"].size], [0, 0]);
  await until(() => engineCount() === 0, "the end of the channel's engine");
  await server.end();
});

test("a mailbox whose thread shows no life throws instead of waiting for ever", async () => {
  const mailbox = new Mailbox(new URL("./silent_thread.ts", import.meta.url), 700);
  assertEquals(mailbox.receive(50, 0), undefined);
  const begin = performance.now();
  assertThrows(() => mailbox.receive(Infinity, 0), Error, "has not shown any life");
  assert(performance.now() - begin < 10_000);
  await mailbox.end();
});

test("what a thread has said before its end is heard, though nobody received it", async () => {
  const unread: unknown[] = [];
  const mailbox = new Mailbox(new URL("./silent_thread.ts", import.meta.url), 30_000, (message) => {
    unread.push(message);
  });
  await mailbox.end();
  assertEquals(unread, ["over"]);
});

test("a mailbox whose thread was stopped together with this one, as by Ctrl-Z, waits on", async () => {
  const mailbox = new Mailbox(new URL("./silent_thread.ts", import.meta.url), 30_000);
  const { now } = performance;
  let stopped = 0;
  performance.now = () => now.call(performance) + (stopped += 60_000); // a minute at each look
  try {
    mailbox.post("on");
    assertEquals(mailbox.receive(Infinity, 0), "on");
  } finally {
    performance.now = now;
  }
  await mailbox.end();
});
