// What a server does with errors of its handlers that no status can carry: late ones, and promises of iterables.
import { assertEquals, assertMatch } from "@std/assert";
import { createEngine, type ErrorContext, RpcError, Status } from "pollwire";
import { IoError } from "../../pollers/mod.ts";
import { test } from "../harness.ts";
import { logged } from "../logged.ts";
import { collect, failure, type Handlers, numbers, numbersOf, serving, sleep, until } from "./serving.ts";

test("what a handler throws after its call was cancelled is reported as what came of that, or not at all", () => {
  const boom = new Error("boom");
  const late: Array<[thrown: (signal: AbortSignal) => unknown, reported: number]> = [
    [() => boom, 1],
    [(signal) => signal.reason, 0],
    [() => new RpcError("CANCELLED"), 0],
    [() => new DOMException("aborted", "AbortError"), 0],
    [() => Object.create(null), 1],
  ];
  const reported: Array<[error: unknown, context: ErrorContext]> = [];
  let [begun, ended] = [0, 0];
  const handlers: Handlers = {
    one: async ({ number = 0 }, { signal }) => {
      begun++;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended++;
      throw late[number - 1]![0](signal);
    },
  };
  return serving(handlers, async ({ client }) => {
    for (const [i, [, times]] of late.entries()) {
      const controller = new AbortController();
      const call = failure(client.one({ number: i + 1 }, { signal: controller.signal }));
      await until(() => begun === i + 1);
      controller.abort();
      assertEquals((await call).code, Status.CANCELLED);
      await until(() => ended === i + 1);
      await sleep(5);
      assertEquals([i, reported.splice(0).map(([, { where, level }]) => [where, level])], [
        i,
        Array(times).fill(["handler", "info"]),
      ]);
    }
  }, { server: { onError: (...report) => void reported.push(report) } });
});

test("a streaming handler may give a promise of its responses", () =>
  serving({
    down: async ({ number }) => (await sleep(1), numbers(number!)),
    both: (requests) => Promise.resolve(requests),
  }, async ({ client }) => {
    assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
    assertEquals(numbersOf(await collect(client.both([{ number: 7 }, { number: 8 }]))), [7, 8]);
  }));

test("responses that are promised when their call is over are never begun", () => {
  let give!: (responses: Iterable<object>) => void;
  let begun = 0;
  const promised = new Promise<Iterable<object>>((resolve) => give = resolve);
  let over = false;
  const handlers: Handlers = {
    down: (_request, { signal }) => {
      signal.addEventListener("abort", () => over = true);
      return promised;
    },
  };
  return serving(handlers, async ({ client }) => {
    await failure(collect(client.down({}, { deadlineMs: 1_000 })));
    await until(() => over);
    give({
      [Symbol.iterator]: () => {
        begun++;
        return [][Symbol.iterator]();
      },
    });
    await promised;
    await sleep(5);
    assertEquals(begun, 0);
  });
});

test("without onError, what a handler throws is on stderr with its stack, its method and its client", () =>
  logged((lines) =>
    serving({
      one: () => {
        throw new Error("secret", { cause: new TypeError("deeper") });
      },
    }, async ({ client }) => {
      assertEquals((await failure(client.one({}))).message, "UNKNOWN: handler failed");
      assertEquals(lines.length, 1);
      assertMatch(
        lines[0]!,
        /pollwire error: handler of \/trial\.Trial\/One threw \(peer 127\.0\.0\.1:\d+\)\nError: secret\n[^]*server_errors_test[^]*\nCaused by: TypeError: deeper\n/,
      );
    })
  ));

test("a handler of response streams that returns a text is told so: its letters are no messages", () =>
  logged((lines) =>
    serving(
      { down: () => "abc" as never, both: () => Promise.resolve("abc" as never) },
      async ({ client }) => {
        for (const [name, call] of [["Down", client.down({})], ["Both", client.both([])]] as const) {
          const error = await failure(call.next());
          const details = `handler of /trial.Trial/${name} returned string, not an iterable of responses`;
          assertEquals([error.code, error.details], [Status.INTERNAL, details]);
        }
        assertEquals(lines.length, 2);
      },
    )
  ));

test("a logger of the application gets what stderr would", () => {
  const lines: unknown[][] = [];
  const note = (level: string) => (...args: unknown[]) => void lines.push([level, ...args.map(String)]);
  const logger = { error: note("error"), warn: note("warn"), info: note("info"), debug: note("debug") };
  const thrown = new Error("server's");
  const own = new Error("client's");
  return serving({ up: () => Promise.reject(thrown) }, async ({ client }) => {
    await failure(client.up([]));
    await failure(client.up({
      [Symbol.iterator]: () => {
        throw own;
      },
    }));
    assertEquals(lines.map(([level, message, error]) => [level, String(message).split(" (")[0], error]), [
      ["error", "handler of /trial.Trial/Up threw", "Error: server's"],
      ["info", "the iterable of requests of /trial.Trial/Up threw", "Error: client's"],
    ]);
  }, { server: { logger }, channel: { logger } });
});

test("what onAcceptPaused throws, or rejects with, is reported once, and the server goes on", async () => {
  const boom = new Error("boom");
  const engine = createEngine();
  let pause: ((error: IoError) => void) | undefined;
  const { listen } = engine;
  engine.listen = (options, ...callbacks) => {
    pause = options.onAcceptPaused;
    return listen.call(engine, options, ...callbacks);
  };
  const reported: unknown[][] = [];
  const callbacks: Array<() => void> = [
    () => {
      throw boom;
    },
    () => Promise.reject(boom),
  ];
  for (const onAcceptPaused of callbacks) {
    await serving({ one: (request) => request }, async ({ client }) => {
      pause!(new IoError("too-many-files", "accept"));
      await until(() => reported.length > 0);
      assertEquals(reported.splice(0), [[boom, { where: "onAcceptPaused", level: "error" }]]);
      assertEquals((await client.one({ number: 1 })).number, 1);
    }, { server: { poller: engine, onAcceptPaused, onError: (...report) => void reported.push(report) } });
  }
  await engine.shutdown();
});
