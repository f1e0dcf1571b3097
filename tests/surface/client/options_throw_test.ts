// Options of a call that throw when they are read, and signals that are none: the caller hears of it, and nothing is left.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type CallOptions, type ErrorContext, RpcError, Status } from "pollwire";
import { test } from "../../harness.ts";
import { type Bench, failure, serving, sleep } from "../serving.ts";

const boom = new Error("boom");
const throwing = (): never => {
  throw boom;
};

/** Runs `check` with what channels report. */
function reporting(check: (bench: Bench, reported: unknown[]) => Promise<void>): Promise<void> {
  const reported: unknown[] = [];
  const onError = (error: unknown, { where, level }: ErrorContext) =>
    void reported.push([error === boom, where, level]);
  return serving({ one: (request) => request }, async (bench) => {
    await check(bench, reported);
    assertEquals((await bench.client.one({ number: 7 })).number, 7);
    assertEquals(bench.channel.state, "READY");
  }, { channel: { onError } });
}

test("options that throw: a getter throws to the caller, before anything is begun", () =>
  reporting(async ({ client }, reported) => {
    for (
      const name of [
        "deadlineMs",
        "signal",
        "metadata",
        "waitForReady",
        "corked",
        "authority",
        "onHeaders",
        "onTrailers",
      ]
    ) {
      const options = Object.defineProperty({ deadlineMs: 5 }, name, { get: throwing }) as CallOptions;
      assertStrictEquals(assertThrows(() => client.one({}, options)), boom);
      assertStrictEquals(assertThrows(() => client.down({}, options)), boom);
    }
    const metadata = { [Symbol.iterator]: throwing };
    assertStrictEquals(assertThrows(() => client.one({}, { deadlineMs: 5, metadata })), boom);
    await sleep(20); // nor does a deadline end what was never begun
    assertEquals(reported, []);
  }));

test("options that throw: an option is read once, on the caller's stack", () =>
  reporting(async ({ client }) => {
    const reads: string[] = [];
    const options = new Proxy({
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      metadata: {},
      waitForReady: true,
      corked: false,
      parent: undefined,
      callCredentials: undefined,
      authority: undefined,
      onHeaders: () => {},
      onTrailers: () => {},
    }, {
      get: (given, name) => {
        if (name !== "constructor") reads.push(String(name)); // whether it is an object of options is looked at
        return given[name as keyof typeof given];
      },
    });
    const call = client.one({}, options as unknown as CallOptions);
    const atOnce = [...reads];
    await call;
    assertEquals([new Set(reads).size, reads.length, atOnce.length], [11, 11, 11]);
  }));

test("options that throw: a signal that cannot be listened to ends its call with INTERNAL, and its deadline is gone", () =>
  reporting(async ({ client }, reported) => {
    const signals: object[] = [
      { aborted: false, addEventListener: throwing },
      Object.defineProperty({ addEventListener: () => {} }, "aborted", { get: throwing }),
    ];
    for (const signal of signals) {
      const options = { signal: signal as AbortSignal, deadlineMs: 20 };
      const error = await failure(client.one({}, options));
      assertEquals([error.code, error.details], [Status.INTERNAL, "cannot start the call: boom"]);
      assertStrictEquals(error.cause, boom);
    }
    assertEquals(reported, signals.map(() => [true, "options", "info"]));
    await sleep(30);
  }));

test("options that throw: a signal that cannot be left does not take the response away", () =>
  reporting(async ({ client }, reported) => {
    const signal = { aborted: false, addEventListener: () => {}, removeEventListener: throwing };
    assertEquals((await client.one({ number: 3 }, { signal: signal as unknown as AbortSignal })).number, 3);
    assertEquals(reported, [[true, "options", "error"]]);
  }));

test("options that throw: whatever a signal was aborted with, the call is CANCELLED with that cause", () =>
  reporting(async ({ client }, reported) => {
    const reasons: unknown[] = [
      new Proxy(new Error(), { get: throwing, getPrototypeOf: throwing }),
      Object.defineProperty(new Error(), "message", { get: throwing }),
      Object.defineProperty(new Error("why"), "name", { get: throwing }),
      Object.create(null),
      null,
      "a text",
      new RpcError("ABORTED"),
    ];
    for (const reason of reasons) {
      for (const when of ["before", "after"]) {
        const controller = new AbortController();
        if (when === "before") controller.abort(reason);
        const call = failure(client.one({}, { signal: controller.signal }));
        if (when === "after") controller.abort(reason);
        const error = await call;
        assertEquals(error.code, Status.CANCELLED);
        assert(Object.is(error.cause, reason));
      }
    }
    const aborted = { aborted: true, addEventListener: () => {} };
    const signal = Object.defineProperty(aborted, "reason", { get: throwing }) as unknown as AbortSignal;
    const error = await failure(client.one({}, { signal }));
    assertEquals([error.code, error.details, error.cause], [1, "call aborted by its signal", undefined]);
    assertEquals(reported, []);
  }));
