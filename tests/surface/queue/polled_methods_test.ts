// gRPC's synchronous server shape on completion queues, by the numbers of the rules.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  createClient,
  PolledMethods,
  type PolledMethodsOptions,
  RpcError,
  selectPoller,
  Server,
  type ServerContext,
  type ServerOptions,
  startReactorWorkers,
  ThreadQuota,
} from "pollwire";
import { useEngine } from "../../../surface/full/engines.ts";
import "../../shared_engines.ts";
import { counted } from "../../counted_engine.ts";
import { test, type TestOptions } from "../../harness.ts";
import {
  collect,
  echo,
  failure,
  gate,
  nothingLeft,
  numbersOf,
  Trial,
  type TrialClient,
  until,
} from "../serving.ts";
import { whyNot } from "../workers/sharing.ts";
import { keeping } from "./queues.ts";

interface PolledBench {
  readonly client: TrialClient;
  readonly polled: PolledMethods;
  readonly server: Server;
}

async function polling(
  setUp: (polled: PolledMethods, server: Server) => void,
  check: (bench: PolledBench) => Promise<void>,
  options: { polled?: PolledMethodsOptions; server?: ServerOptions } = {},
): Promise<void> {
  const use = useEngine(undefined);
  const accounts = counted(use.engine);
  const server = new Server({ ...options.server, poller: accounts.engine });
  const polled = new PolledMethods(server, options.polled);
  setUp(polled, server);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, { poller: accounts.engine });
  try {
    await check({ client: createClient(Trial, channel), polled, server });
  } finally {
    channel.close();
    server.close();
  }
  await server.shutdown();
  await until(() => polled.pollers.every((pollers) => pollers === 0));
  await nothingLeft(accounts);
  await use.end();
}

test("polled methods: [Q75] a server that did not start for its quota starts once that allows all of its pollers", async () => {
  const quota = new ThreadQuota(8);
  assert(quota.reserve(7));
  const server = new Server();
  const polled = new PolledMethods(server, { quota, numQueues: 2 });
  server.addService(Trial, { one: polled.method((request) => request) });
  for (let i = 0; i < 2; i++) {
    await assertRejects(
      () => server.listen("127.0.0.1:0"),
      Error,
      "Cannot start the 2 pollers of a server: the thread quota is used up",
    );
    assertEquals(polled.pollers, [0, 0]);
  }
  quota.release(7);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  try {
    assertEquals(polled.pollers, [1, 1]);
    assertEquals((await createClient(Trial, channel).one({ number: 3 })).number, 3);
  } finally {
    channel.close();
    server.close();
  }
});

test("polled methods: [Q74] handlers of all four kinds, beside methods of other styles", async () => {
  await polling((polled, server) =>
    server.addService(Trial, {
      one: polled.method((request, context) => {
        context.addInitialMetadata("initial", "1");
        context.addTrailingMetadata("trailing", context.clientMetadata.get("sent") as string);
        return request;
      }),
      down: polled.method(async ({ number }, writer) => {
        for (let i = 1; i <= number!; i++) assert(await writer.write({ number: i }));
      }),
      up: polled.method(async (reader) => {
        let total = 0;
        for (let note; (note = await reader.read()) !== undefined;) total += note.number!;
        return { number: total };
      }),
      both: echo.both!,
    }), async ({ client, polled }) => {
    const seen: unknown[] = [];
    const answer = await client.one({ text: "a" }, {
      metadata: { sent: "yes" },
      onHeaders: (metadata) => void seen.push(metadata.get("initial")),
      onTrailers: (metadata) => void seen.push(metadata.get("trailing")),
    });
    assertEquals([answer.text, ...seen], ["a", "1", "yes"]);
    assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
    assertEquals((await client.up([{ number: 1 }, { number: 2 }])).number, 3);
    assertEquals(numbersOf(await collect(client.both([{ number: 4 }]))), [8]);
    assertEquals(polled.pollers.length, 1);
  });
});

test("polled methods: bidi handlers read and write; its responses after a read are there", async () => {
  await polling((polled, server) =>
    server.addService(Trial, {
      both: polled.method(async (stream) => {
        for (let note; (note = await stream.read()) !== undefined;) {
          await stream.write({ number: note.number! * 2 });
        }
        await stream.write({ number: -1 });
      }),
    }), async ({ client }) => {
    assertEquals(numbersOf(await collect(client.both([{ number: 1 }, { number: 2 }]))), [2, 4, -1]);
  });
});

test("polled methods: [Q75] calls of a queue run beside each other, each on a poller, while the quota allows it", async () => {
  const { opened, open } = gate();
  let running = 0;
  await polling((polled, server) =>
    server.addService(Trial, {
      one: polled.method(async (request) => {
        running++;
        await opened;
        return request;
      }),
    }), async ({ client, polled }) => {
    const answers = [1, 2, 3].map((number) => client.one({ number }));
    await until(() => running === 3);
    assertEquals([polled.pollers, polled.mostThreads], [[1], [4]]);
    const { code, details } = await failure(client.one({ number: 4 }));
    assertEquals([code, details], [8, "no poller is left for the call: the thread quota is used up"]);
    open();
    assertEquals(numbersOf(await Promise.all(answers)), [1, 2, 3]);
    assertEquals((await client.one({ number: 5 })).number, 5);
  }, { polled: { quota: new ThreadQuota(4) } });
});

test("polled methods: [Q74] several queues: each has its pollers, and connections a home among them", async () => {
  await polling(
    (polled, server) => server.addService(Trial, { one: polled.method((request) => request) }),
    async (bench) => {
      const { polled, server, client } = bench;
      assertEquals(polled.pollers, [2, 2, 2]);
      assert(server.describePending().includes("queue 2: 2 consumers poll, 0 work"));
      assertEquals(numbersOf(await Promise.all([1, 2, 3, 4].map((number) => client.one({ number })))), [
        1,
        2,
        3,
        4,
      ]);
    },
    { polled: { numQueues: 3, minPollers: 2, maxPollers: 3 } },
  );
});

const trap = (): never => {
  throw new Error("trapped");
};

test("polled methods: [Q76] what a handler throws: an RpcError as it is, anything else as UNKNOWN, and to onError", async () => {
  const errors: string[] = [];
  const { logger, lines } = keeping();
  const hostile = new Proxy({}, { getPrototypeOf: trap, get: trap });
  await polling((polled, server) =>
    server.addService(Trial, {
      one: polled.method(({ text }, context) => {
        context.addTrailingMetadata("t", "1");
        if (text === "status") throw new RpcError("NOT_FOUND", "no such", { metadata: { why: "gone" } });
        if (text === "wrong") return { number: "x" } as never;
        if (text === "trap") throw hostile;
        if (text === "unsendable") {
          const error = new RpcError("ABORTED", "as told");
          throw Object.defineProperty(error, "metadata", { value: new Map([["why", "\n"]]) });
        }
        throw new Error("a secret");
      }),
      down: polled.method(async (_request, writer) => {
        await writer.write({ number: 1 });
        throw new Error("a secret");
      }),
    }), async ({ client }) => {
    const status = await failure(client.one({ text: "status" }));
    assertEquals(
      [status.message, status.metadata.get("why"), status.metadata.get("t")],
      ["NOT_FOUND: no such", "gone", "1"],
    );
    assertEquals((await failure(client.one({ text: "wrong" }))).message, "INTERNAL: cannot encode response");
    for (const text of ["", "trap"]) {
      assertEquals((await failure(client.one({ text }))).message, "UNKNOWN: handler failed");
    }
    const responses = client.down({});
    assertEquals((await responses.next()).value.number, 1);
    assertEquals((await assertRejects(() => responses.next(), RpcError)).message, "UNKNOWN: handler failed");
    assertEquals(errors.slice(1), ["handler: a secret", "handler: trapped", "handler: a secret"]);
    assert(
      errors[0]!.startsWith("handler: INVALID_MESSAGE: Cannot start SEND_MESSAGE on /trial.Trial/One"),
      errors[0],
    );
    const unsendable = await failure(client.one({ text: "unsendable" }));
    assertEquals([unsendable.message, unsendable.metadata.get("why")], ["ABORTED: as told", undefined]);
    assertEquals(lines, [
      'warn metadata of an RpcError was left out, for it cannot be sent: "why" (/trial.Trial/One)',
    ]);
  }, {
    server: {
      logger,
      onError: (error, { where }) => {
        errors.push(`${where}: ${error === hostile ? "trapped" : (error as Error).message}`);
      },
    },
  });
});

test("polled methods: a cancelled call: reads end, writes fail, and the handler may ask at any time", async () => {
  const seen: unknown[] = [];
  let context!: ServerContext;
  await polling((polled, server) =>
    server.addService(Trial, {
      both: polled.method(async (stream, given) => {
        context = given;
        seen.push(given.isCancelled());
        seen.push(await stream.read());
        seen.push(await stream.write({}), given.isCancelled());
      }),
    }), async ({ client }) => {
    const abort = new AbortController();
    const answer = failure(collect(client.both(
      { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
      { signal: abort.signal },
    )));
    await until(() => seen.length === 1);
    abort.abort();
    await answer;
    await until(() => seen.length === 4);
    assertEquals([seen, context.isCancelled()], [[false, undefined, false, true], true]);
  });
});

test("polled methods: a read that its handler leaves alone is no matter to the calls that follow", async () => {
  let left: Promise<unknown> = Promise.resolve();
  await polling((polled, server) =>
    server.addService(Trial, {
      up: polled.method((reader) => {
        left = reader.read();
        return { number: 1 };
      }),
      one: polled.method((request) => request),
    }), async ({ client }) => {
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    for (let i = 0; i < 3; i++) {
      assertEquals((await client.up(never)).number, 1);
      assertEquals(await left, undefined);
      assertEquals((await client.one({ number: i })).number, i);
    }
  });
});

test("polled methods: misuse is said at once", async () => {
  const server = new Server();
  const make = (options: PolledMethodsOptions) => () => new PolledMethods(server, options);
  assertThrows(make({ numQueues: 0 }), RangeError, "numQueues is the number 0; give a positive whole number");
  assertThrows(
    make({ queues: 1 } as never),
    TypeError,
    "Cannot poll for calls of a server: there is no option",
  );
  for (const [options, says] of [[{ minPollers: 0 }, "minPollers is"], [{ quota: 5 }, "quota is"]] as const) {
    assertThrows(make(options as never), Error, `Cannot poll for calls of a server: ${says} the number`);
  }
  assertThrows(() => new PolledMethods({} as never), TypeError, "expected a Server, found an object");
  const polled = new PolledMethods(server);
  assertThrows(() => polled.method({} as never), TypeError, "give a function as the handler");
  server.close();
  await server.shutdown();
});

const poller = selectPoller().name;
const unshared = whyNot("reuse-port", poller) !== undefined && whyNot("boss", poller) !== undefined;
const withWorkers: TestOptions = {
  skip: unshared ? "workers cannot share a port here" : undefined,
};

test("polled methods: [Q74] reactor workers have a queue each", async () => {
  const module = new URL("./polled_service.ts", import.meta.url);
  const workers = await startReactorWorkers({ module, address: "127.0.0.1:0", threads: 2, poller });
  try {
    const seen = new Set<number>();
    for (let tries = 0; seen.size < 2 && tries < 200; tries++) {
      const channel = new Channel(`127.0.0.1:${workers.port}`);
      const { text, number = 0 } = await createClient(Trial, channel).one({ text: "a" });
      assertEquals(text, "a!");
      seen.add(number);
      assertEquals(numbersOf(await collect(createClient(Trial, channel).down({ number: 3 }))), [1, 2, 3]);
      channel.close();
    }
    assertEquals(seen.size, 2);
  } finally {
    await workers.shutdown({ graceMs: 500 });
  }
}, withWorkers);
