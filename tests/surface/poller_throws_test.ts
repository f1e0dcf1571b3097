// A poller that is the application's and throws where it must not: the call ends with a status, and what comes after it,
// once the poller works again, succeeds.
import { assertEquals, assertMatch } from "@std/assert";
import {
  type CallOptions,
  Channel,
  createClient,
  insecure,
  type RpcError,
  Server,
  statusName,
} from "pollwire";
import type { Endpoint, EventEngine } from "../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { Trial } from "./serving.ts";

const throwing = (): never => {
  throw new Error("boom");
};

/** Makes the next calls of one method throw; gives what undoes it. */
function breakMethod<T extends object>(object: T, method: keyof T): () => void {
  Object.defineProperty(object, method, { configurable: true, writable: true, value: throwing });
  return () => void delete object[method];
}

interface World {
  readonly simulation: Simulation;
  readonly client: SimulatedEngine;
  readonly server: SimulatedEngine;
}

/** The endpoint that `engine` has open. */
function endpointOf(engine: EventEngine & { opened: Iterable<object> }): Endpoint {
  return [...engine.opened].find((one) => "read" in one) as Endpoint;
}

const CONNECTED: ReadonlyArray<[what: string, broken: (world: World) => () => void]> = [
  ["write of the client's endpoint", ({ client }) => breakMethod(endpointOf(client), "write")],
  ["read of the client's endpoint", ({ client }) => breakMethod(endpointOf(client), "read")],
  ["write of the server's endpoint", ({ server }) => breakMethod(endpointOf(server), "write")],
  ["read of the server's endpoint", ({ server }) => breakMethod(endpointOf(server), "read")],
  ["runAt of the client's engine", ({ client }) => breakMethod(client as EventEngine, "runAt")],
  ["cancel of the client's engine", ({ client }) => breakMethod(client as EventEngine, "cancel")],
  ["runAt of the server's engine", ({ server }) => breakMethod(server as EventEngine, "runAt")],
  ["now of the server's engine", ({ server }) => breakMethod(server as EventEngine, "now")],
];

const CONNECTING: ReadonlyArray<[what: string, broken: (world: World) => () => void]> = [
  ["connect", ({ client }) => breakMethod(client as EventEngine, "connect")],
  ["runAt of the client's engine", ({ client }) => breakMethod(client as EventEngine, "runAt")],
  ["run of the client's engine", ({ client }) => breakMethod(client as EventEngine, "run")],
  ["resolver", ({ client }) => breakMethod(client as EventEngine, "resolver")],
  ["lookup", ({ client }) => {
    client.resolver = () => ({ lookup: throwing });
    return () => void delete (client as Partial<EventEngine>).resolver;
  }],
  ["runAt of the server's engine", ({ server }) => breakMethod(server as EventEngine, "runAt")],
];

/** Runs a call while `broken` is, and another one after it. */
async function check(broken: (world: World) => () => void, connected: boolean): Promise<void> {
  const simulation = new Simulation();
  const [serverHost, client] = [simulation.host(), simulation.host()];
  simulation.network.names.set("server.test", [serverHost.hostAddress]);
  const reported: string[] = [];
  const onError = (error: unknown) => void reported.push(String(error));
  const server = new Server({ poller: serverHost, onError });
  server.addService(Trial, { one: (request) => request });
  await server.listen("0.0.0.0:80");
  const channel = new Channel("server.test:80", { poller: client, onError, initialBackoffMs: 1 });
  const { one } = createClient(Trial, channel);
  const call = async (deadlineMs: number, options: CallOptions = { deadlineMs }) => {
    const ended = one({}, options).then(() => "OK", (error: RpcError) => statusName(error.code));
    await simulation.run({ until: simulation.now + deadlineMs + 1_000 });
    return await ended;
  };
  if (connected) assertEquals(await call(1_000), "OK");
  const restore = broken({ simulation, client, server: serverHost });
  // Without a deadline, or the call itself would run into an engine that cannot keep time.
  const ended = await call(30_000, connected ? { deadlineMs: 30_000 } : {});
  restore();
  assertMatch(ended, /^(?:OK|UNAVAILABLE|DEADLINE_EXCEEDED|INTERNAL)$/);
  await simulation.run({ until: simulation.now + 60_000 });
  assertEquals([await call(10_000), await call(10_000), channel.state], ["OK", "OK", "READY"]);
  // What was begun and not ended may be in the way of the last attempt to write.
  assertMatch(
    reported.join(),
    /^Error: boom(?:,Error: boom|,TypeError: Cannot write: a write is outstanding.*)*$/,
  );
  channel.close();
  server.close();
  await simulation.run();
  assertEquals([...serverHost.opened, ...client.opened].map((one) => one.describe()), []);
}

for (const [what, broken] of CONNECTED) {
  test(`a poller that throws: ${what}, while connected`, () => check(broken, true));
}

for (const [what, broken] of CONNECTING) {
  test(`a poller that throws: ${what}, while connecting`, () => check(broken, false));
}

test("a poller that throws when a connection is tried again by itself: the next call begins anew", async () => {
  const simulation = new Simulation();
  const [serverHost, client] = [simulation.host(), simulation.host()];
  const reported: string[] = [];
  const channel = new Channel(`${serverHost.hostAddress}:80`, {
    poller: client,
    credentials: insecure,
    onError: (error) => void reported.push(String(error)),
  });
  const { one } = createClient(Trial, channel);
  const failed = one({}).catch(({ code }: RpcError) => statusName(code));
  await simulation.run({ until: 900 });
  assertEquals([await failed, channel.state], ["UNAVAILABLE", "TRANSIENT_FAILURE"]);
  const restore = breakMethod(client as EventEngine, "runAt");
  await simulation.run({ until: 3_000 });
  restore();
  const server = new Server({ poller: serverHost, credentials: insecure });
  server.addService(Trial, { one: (request) => request });
  await server.listen("0.0.0.0:80");
  const answered = one({ text: "again" }, { waitForReady: true });
  await simulation.run({ until: 4_000 });
  assertEquals([(await answered).text, channel.state], ["again", "READY"]);
  assertEquals(new Set(reported), new Set(["Error: boom"]));
  channel.close();
  server.close();
  await simulation.run();
});
