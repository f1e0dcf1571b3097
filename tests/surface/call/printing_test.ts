// How errors and metadata print, and where an error of a call says that the application was.
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { inspect as nodeInspect } from "node:util";
import { Metadata, RpcError } from "pollwire";
import { runtime, test } from "../../harness.ts";
import { collect, gate, type Handlers, serving, sleep } from "../serving.ts";

/** What `console.log` writes. */
function inspect(value: unknown): string {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Record<
    "Deno" | "Bun",
    { inspect(value: unknown): string }
  >;
  return (runtime === "deno" ? deno : bun).inspect(value);
}

const flat = (text: string) => text.replaceAll("'", '"').replace(/\s+/g, " ").replace(/, ([}\]])/g, " $1");

test("printing: metadata prints as its entries, on its own and within others", () => {
  const metadata = new Metadata([["a", "1"], ["raw-bin", Uint8Array.of(1, 2)], ["many", "1"], ["many", "2"]]);
  const wanted = 'Metadata { a: "1", "raw-bin": Uint8Array(2) [ 1, 2 ], many: [ "1", "2" ] }';
  assertEquals(flat(inspect(metadata)), wanted);
  assertEquals(flat(inspect({ metadata })), `{ metadata: ${wanted} }`);
  assertEquals(flat(nodeInspect(metadata)), wanted);
  assertEquals(flat(inspect(new Metadata())), "Metadata {}");
  assertMatch(flat(inspect(new Metadata({ __proto__x: "1", constructor: "2" }))), /"?constructor"?: "2"/);
});

test("printing: an error prints its stack, its code, who ended it, and what it has besides", () => {
  const error = new RpcError("ABORTED", "no", {
    metadata: { a: "1" },
    cause: new TypeError("deeper"),
    endedBy: "user",
  });
  for (const text of [inspect(error), nodeInspect(error), inspect([error])]) {
    assertMatch(text, /RpcError: ABORTED: no\n\s+at .*printing_test/);
    assertMatch(
      flat(text),
      /code: 10, endedBy: "user", metadata: Metadata { a: "1" }, cause: TypeError: deeper/,
    );
  }
  assertMatch(flat(inspect(new RpcError(5))), /^RpcError: NOT_FOUND at .* \{ code: 5, endedBy: "remote" \}$/);
});

const failing: Handlers = {
  one: () => Promise.reject(new RpcError("NOT_FOUND", "no such place")),
  async *down({ number }) {
    yield {};
    if (number === 1) await sleep(5);
    throw new RpcError("ABORTED", "half way");
  },
  up: () => Promise.reject(new RpcError("NOT_FOUND", "no such place")),
};

/** The stack of what `call` rejects with, when the function that is named here waits for it. */
async function stackOf(call: () => Promise<unknown>): Promise<string> {
  async function whereTheApplicationCalls(): Promise<void> {
    await call();
  }
  try {
    await whereTheApplicationCalls();
  } catch (error) {
    return (error as Error).stack!;
  }
  throw new Error("it did not fail");
}

test("printing: the stack of a call's error has its method and server, the application's frames, and none of ours", () =>
  serving(failing, async ({ client, channel }) => {
    const calls: Array<[call: () => Promise<unknown>, message: string]> = [
      [() => client.one({}), "NOT_FOUND: no such place"],
      [() => client.up([]), "NOT_FOUND: no such place"],
      [() => collect(client.down({ number: 1 })), "ABORTED: half way"],
      [() => collect(client.down({ number: 2 })), "ABORTED: half way"],
      [() => client.one({}, { deadlineMs: -1 }), "DEADLINE_EXCEEDED: deadline of -1 ms has passed"],
    ];
    for (const [call, message] of calls) {
      const [head, method, ...frames] = (await stackOf(call)).split("\n");
      assertEquals(head, `RpcError: ${message}`);
      assertMatch(method!, /^ {4}at \/trial\.Trial\/\w+ \(127\.0\.0\.1:\d+\)$/);
      assertMatch(frames.join("\n"), /whereTheApplicationCalls .*printing_test\.ts:\d+:\d+/);
      assertEquals(frames.filter((frame) => /(?<!\/tests)\/surface\//.test(frame)), []);
    }
    channel.close();
    assertMatch(
      await stackOf(() => client.one({})),
      /UNAVAILABLE: channel is closed\n[^]*whereTheApplicationCalls/,
    );
  }));

test("printing: who reads a response that failed before it was asked for is in the stack", () => {
  const { opened, open } = gate();
  return serving({
    async *down() {
      yield {};
      open();
      throw new RpcError("ABORTED");
    },
  }, async ({ client }) => {
    const responses = client.down({});
    await responses.next();
    await opened;
    await sleep(20);
    assertMatch(await stackOf(() => responses.next()), /\n {4}at \/trial\.Trial\/Down .*\n[^]*printing_test/);
  });
});

test("printing: whoever waits for a stream gets the same error", () => {
  const bothWait = gate();
  const handlers: Handlers = {
    async *down() {
      yield {};
      await bothWait.opened;
      throw new RpcError("ABORTED", "half way");
    },
  };
  return serving(handlers, async ({ client }) => {
    const responses = client.down({});
    await responses.next();
    const [one, other] = [responses.next(), responses.next()].map((next) =>
      next.then(undefined, (error) => error)
    );
    bothWait.open();
    assert((await one) instanceof RpcError);
    assertStrictEquals(await other, await one);
  });
});

test("printing: calls that follow one that failed show where they were made, however many went before", () =>
  serving(failing, async ({ client }) => {
    for (let i = 0; i < 120; i++) await client.one({}).catch(() => {});
    assertMatch(await stackOf(() => client.one({})), /whereTheApplicationCalls/);
  }));

test("printing: nobody has to wait for a call by await", () =>
  serving(failing, async ({ client }) => {
    const error = await new Promise<RpcError>((resolve) => client.one({}).then(undefined, resolve));
    assertMatch(
      error.stack!,
      /^RpcError: NOT_FOUND: no such place\n {4}at \/trial\.Trial\/One \(127\.0\.0\.1:\d+\)/,
    );
    error.stack = "replaced";
    assertEquals(error.stack, "replaced");
    assert(!Object.keys(error).includes("stack"));
  }));
