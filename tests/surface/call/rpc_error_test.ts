// What a call that did not end with OK tells its caller: code, details, trailing metadata, who ended it and why.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type CallOptions,
  Channel,
  createClient,
  Metadata,
  RpcError,
  type RpcErrorOptions,
  Server,
  Status,
} from "pollwire";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { type Handlers, Trial, type TrialClient } from "../serving.ts";

interface World {
  readonly simulation: Simulation;
  readonly server: SimulatedEngine;
  readonly client: TrialClient;
}

/** Runs `check` with a client of `handlers`, in virtual time. */
async function inVirtualTime(handlers: Handlers, check: (world: World) => Promise<void>): Promise<void> {
  const simulation = new Simulation();
  const [at, from] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: at });
  server.addService(Trial, handlers);
  await server.listen(`${at.hostAddress}:80`);
  const channel = new Channel(`${at.hostAddress}:80`, { poller: from });
  await check({ simulation, server: at, client: createClient(Trial, channel) });
  channel.close();
  server.close();
  await simulation.run();
}

/** The error that a unary call ends with. */
async function errorOf({ simulation, client }: World, options: CallOptions = {}): Promise<RpcError> {
  const ended = client.one({}, options).then(() => undefined, (error: unknown) => error);
  await simulation.run();
  const error = await ended;
  assertInstanceOf(error, RpcError);
  return error;
}

const silent: Handlers = { one: () => new Promise(() => {}) };

test("rpc error: an Error with a name, and a message of code and details", () => {
  const error = new RpcError(Status.NOT_FOUND, "no such place");
  assertInstanceOf(error, Error);
  assertEquals(
    [error.name, error.message, error.code, error.details],
    ["RpcError", "NOT_FOUND: no such place", 5, "no such place"],
  );
  assertMatch(String(error), /^RpcError: NOT_FOUND: no such place$/);
  assertMatch(error.stack!, /rpc_error_test/);
  assertEquals(new RpcError(Status.ABORTED, "").message, "ABORTED");
});

test("rpc error: without options there is empty metadata of its own, no cause, and the peer ended it", () => {
  const [one, other] = [new RpcError(5, ""), new RpcError(5, "")];
  one.metadata.set("a", "1");
  assertEquals([one.metadata.size, other.metadata.size], [1, 0]);
  assertEquals([one.endedBy, one.cause], ["remote", undefined]);
});

test("rpc error: metadata and cause are those given", () => {
  const metadata = new Metadata({ a: "1" });
  const cause = new Error("before");
  const error = new RpcError(5, "", { metadata, cause, endedBy: "library" });
  assertStrictEquals(error.metadata, metadata);
  assertStrictEquals(error.cause, cause);
  assertEquals(error.endedBy, "library");
});

test("rpc error: a code is 1 to 16 or a name; anything else is refused by a sentence that says what was given", () => {
  for (const [code, name] of [[1, "CANCELLED"], [5, "NOT_FOUND"], [16, "UNAUTHENTICATED"]] as const) {
    assertEquals([new RpcError(code).code, new RpcError(name).code], [code, code]);
    assertEquals([new RpcError(code).message, new RpcError(name, "why").message], [name, `${name}: why`]);
  }
  const wrong: unknown[] = [
    0,
    "OK",
    17,
    -1,
    1.5,
    NaN,
    "5",
    "NOTFOUND",
    "not_found",
    "__proto__",
    undefined,
    null,
    {},
    5n,
  ];
  for (const code of wrong) {
    const make = () => new RpcError(code as number, "lost otherwise");
    const what = typeof code === "string" ? JSON.stringify(code) : code === wrong[12] ? "{}" : String(code);
    const { message } = assertThrows(make, TypeError);
    assert(message.startsWith(`Cannot make an RpcError with code ${what}: `), message);
    const why = code === 0 || code === "OK" ? "OK is no error" : "it is no status";
    assert(
      message.endsWith(
        `: ${why}; give 1 to 16, or a name such as "NOT_FOUND" (details: "lost otherwise")`,
      ),
      message,
    );
    assert(!assertThrows(() => new RpcError(code as number), TypeError).message.includes("details"));
  }
});

test("rpc error: details that are no string become text", () => {
  const details = (given: unknown) => new RpcError(5, given as string).details;
  assertEquals([details(undefined), details(null), details(7), details({ a: 1 })], [
    "",
    "null",
    "7",
    '{"a":1}',
  ]);
  assertEquals(typeof details(Object.create(null)), "string");
});

test("rpc error: options that would be lost are refused", () => {
  const refused = (options: unknown) =>
    assertThrows(() => new RpcError(5, "", options as RpcErrorOptions), TypeError).message;
  const makes = "Cannot make an RpcError: ";
  assertEquals(refused(new Metadata({ a: "b" })), `${makes}its options are a Metadata, not an object`);
  assertEquals(refused(null), `${makes}its options are null, not an object`);
  assertEquals(refused({ meta: {} }), `${makes}there is no option "meta"; did you mean metadata?`);
});

test("rpc error: metadata may be given as an object or pairs", () => {
  const of = (
    metadata: RpcErrorOptions["metadata"],
  ) => [...new RpcError(5, "", { metadata: metadata! }).metadata];
  assertEquals(of({ a: "1", b: ["2", "3"] }), [["a", "1"], ["b", "2"], ["b", "3"]]);
  assertEquals(of([["a", "1"]]), [["a", "1"]]);
});

test("rpc error: one of another copy of the package is one too, and subclasses are told apart", () => {
  class Missing extends RpcError {}
  const foreign = Object.defineProperty(new Error("afar"), Symbol.for("pollwire.RpcError"), { value: true });
  const hostile = new Proxy({}, {
    get: () => {
      throw new Error("trapped");
    },
  });
  const is = (value: unknown) => [value instanceof RpcError, value instanceof Missing];
  assertEquals([is(new RpcError(5)), is(new Missing(5)), is(foreign)], [[true, false], [true, true], [
    true,
    false,
  ]]);
  for (const other of [new Error(), { code: 5, details: "" }, null, undefined, 5, hostile]) {
    assertEquals(is(other), [false, false]);
  }
});

test("rpc error: one that a call ended with names its method and the server", () =>
  inVirtualTime({ one: () => Promise.reject(new RpcError("ABORTED")) }, async (world) => {
    const error = await errorOf(world);
    assertEquals([error.method, error.peer], ["/trial.Trial/One", "10.0.0.1:80"]);
    const own = new RpcError(5);
    assertEquals([own.method, own.peer], [undefined, undefined]);
    world.simulation.network.blackHole(world.server.hostAddress, "10.0.0.2");
    const lost = await errorOf(world, { deadlineMs: 60_000 });
    assertEquals([lost.method, lost.peer], ["/trial.Trial/One", "10.0.0.1:80"]);
  }));

test("ended by the peer: the server's status, with its details and trailing metadata", () =>
  inVirtualTime({
    one: () => {
      const metadata = new Metadata([["why", "1"], ["why", "2"], ["raw-bin", Uint8Array.of(0, 255)]]);
      throw new RpcError(Status.FAILED_PRECONDITION, "not béfore ☃", { metadata });
    },
  }, async (world) => {
    const error = await errorOf(world);
    assertEquals(
      [error.code, error.details, error.endedBy],
      [Status.FAILED_PRECONDITION, "not béfore ☃", "remote"],
    );
    assertEquals(error.metadata.getAll("why"), ["1", "2"]);
    assertEquals(error.metadata.get("raw-bin"), Uint8Array.of(0, 255));
  }));

test("ended by the peer: a connection that is reset is UNAVAILABLE", () =>
  inVirtualTime(silent, async (world) => {
    world.simulation.schedule(1_000, () => world.simulation.network.resetSome());
    const error = await errorOf(world);
    assertEquals([error.code, error.endedBy], [Status.UNAVAILABLE, "remote"]);
    assert(error.details !== "");
  }));

test("ended by the user: CANCELLED, with the signal's reason as its cause", () =>
  inVirtualTime(silent, async (world) => {
    const controller = new AbortController();
    const reason = new Error("the user left");
    world.simulation.schedule(1_000, () => controller.abort(reason));
    const error = await errorOf(world, { signal: controller.signal });
    assertEquals([error.code, error.endedBy], [Status.CANCELLED, "user"]);
    assertStrictEquals(error.cause, reason);
    assertMatch(error.details, /the user left/);
  }));

test("ended by the library: DEADLINE_EXCEEDED that names the deadline and what was waited for", () =>
  inVirtualTime(silent, async (world) => {
    const error = await errorOf(world, { deadlineMs: 500 });
    assertEquals([error.code, error.endedBy], [Status.DEADLINE_EXCEEDED, "library"]);
    assertMatch(error.details, /500 ms.*response/);
  }));

test("ended by the library: UNAVAILABLE where no connection could be made", () =>
  inVirtualTime(silent, async ({ simulation, server, client }) => {
    simulation.network.blackHole(server.hostAddress, "10.0.0.2");
    const error = await errorOf({ simulation, server, client });
    assertEquals([error.code, error.endedBy], [Status.UNAVAILABLE, "library"]);
    assertMatch(error.details, /10\.0\.0\.1:80/);
  }));
