// Which engine channels and servers run on: one a poller, that a thread may replace by its own; and how long it lives.
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Channel, createClient, createEngine, selectPoller, Server } from "pollwire";
import type { EngineOptions, EventEngine, ProbeResult } from "../../pollers/contract/engine.ts";
import type { BaseEngine } from "../../pollers/core/base_engine.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { shareEngine } from "../../surface/engines.ts";
import { useEngine } from "../../surface/full/engines.ts";
import { test } from "../harness.ts";
import { echo, Trial } from "./serving.ts";

const poller = selectPoller().name;

test("engines: one for each poller, whoever asks and however", async () => {
  const { engine, end } = useEngine();
  for (const list of [undefined, poller, [poller], `${poller},native`]) {
    const other = useEngine(list);
    assertStrictEquals(other.engine, engine);
    await other.end();
    await using server = new Server(list === undefined ? {} : { poller: list });
    assertStrictEquals(server.engine, engine);
  }
  assertThrows(() => useEngine("none such"), Error, "none such");
  await end();
});

test("engines: a poller that runs already is not asked whether it can: a list has the same engine then", async () => {
  const factory = selectPoller();
  let descriptors = 1;
  const named = (engine: EventEngine): EventEngine => Object.assign(engine, { name: "counted" });
  const probe = (): ProbeResult =>
    descriptors-- > 0 ? { usable: true } : { usable: false, because: "no descriptor is left" };
  const counted = {
    name: "counted",
    probe,
    create: (options: EngineOptions) => named(factory.create(options)),
  };
  const first = useEngine(counted);
  const second = useEngine([counted, factory]);
  assertStrictEquals(second.engine, first.engine);
  await Promise.all([first.end(), second.end()]);
  assertThrows(() => useEngine(counted), Error, "no descriptor is left");
});

test("engines: one whose poller is made of another, with its name, ends as others do", async () => {
  const factory = selectPoller();
  const wrapping = { ...factory, name: "wrapping" };
  const first = useEngine(wrapping);
  await first.end();
  const next = useEngine(wrapping);
  assertNotStrictEquals(next.engine, first.engine);
  await next.end();
});

test("engines: one that is given is taken as it is, becomes nobody else's, and is not shut down", async () => {
  const host = new Simulation().host();
  const given = useEngine(host);
  assertStrictEquals(given.engine, host);
  const own = useEngine();
  assertNotStrictEquals(own.engine, host);
  const engine = createEngine(poller);
  await using server = new Server({ poller: engine });
  await Promise.all([given.end(), own.end(), server.shutdown()]);
  await new Promise<void>((ran) => void engine.runAt(engine.now() + 1, ran));
  await engine.shutdown();
});

test("engines: one that is shared is that of all who name its poller, or none, until that is undone", async () => {
  const before = useEngine();
  const own = createEngine(poller);
  for (let round = 0; round < 2; round++) {
    const undo = shareEngine(own);
    for (const list of [undefined, poller]) {
      const use = useEngine(list);
      assertStrictEquals(use.engine, own);
      await use.end(); // which does not shut it down
    }
    await new Promise<void>((ran) => void own.runAt(own.now() + 1, ran));
    undo();
    const use = useEngine(poller);
    assertStrictEquals(use.engine, before.engine);
    await use.end();
  }
  await own.shutdown();
  await before.end();
});

test("engines: who is given one that is shared uses it as those do that name it", async () => {
  const first = useEngine();
  const second = useEngine(first.engine);
  assertStrictEquals(second.engine, first.engine);
  await first.end();
  const third = useEngine();
  assertStrictEquals(third.engine, first.engine);
  await third.end();
  await second.end();
  const fourth = useEngine();
  assertNotStrictEquals(fourth.engine, first.engine);
  await fourth.end();
});

/** Whether an engine was shut down: then its tasks do not run. */
async function isShutDown(engine: BaseEngine): Promise<boolean> {
  let ran = false;
  engine.runAt(engine.now(), () => ran = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return !ran;
}

test("engines: the last user's end shuts it down, once and no earlier, and the next user has a new one", async () => {
  let before: BaseEngine | undefined = undefined;
  for (let round = 0; round < 3; round++) {
    const uses = [useEngine(), useEngine(), useEngine()];
    const engine = uses[0]!.engine as BaseEngine;
    assertNotStrictEquals<unknown>(engine, before);
    before = engine;
    for (const use of uses.slice(1)) {
      await use.end();
      await use.end(); // counts once
    }
    assert(!await isShutDown(engine));
    await uses[0]!.end();
    assert(await isShutDown(engine));
    assertEquals([engine.opened.size, engine.timers.size], [0, 1]); // the task from above, which never runs
  }
});

test("engines: whoever comes before the end of the last use has been carried out keeps it", async () => {
  const first = useEngine();
  const ending = first.end();
  const second = useEngine();
  assertStrictEquals(second.engine, first.engine);
  await ending;
  assert(!await isShutDown(second.engine as BaseEngine));
  await second.end();
  assert(await isShutDown(second.engine as BaseEngine));
});

test("engines: one with something open is not shut down before that closes, and nobody waits for it for long", async () => {
  const use = useEngine();
  const engine = use.engine as BaseEngine;
  const [one, other] = await engine.pair();
  await use.end(); // after a second
  assert(!await isShutDown(engine));
  one.close();
  other.close();
  assert(await isShutDown(engine));
  await engine.shutdown(); // which is under way
});

test("engines: a server that is shut down and a channel that is disposed of leave nothing of theirs", async () => {
  for (const last of ["server", "channel"]) {
    const server = new Server();
    const engine = server.engine as BaseEngine;
    server.addService(Trial, echo);
    const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    await createClient(Trial, channel).one({}, { deadlineMs: 60_000 });
    if (last === "channel") await server.shutdown();
    await channel[Symbol.asyncDispose]();
    if (last === "server") await server.shutdown();
    assert(await isShutDown(engine), last);
    channel.close();
    server.close();
  }
});

test("engines: calls of a closed channel fail, and leave nothing either", async () => {
  const channel = new Channel("127.0.0.1:1");
  await channel[Symbol.asyncDispose]();
  let code = 0;
  await createClient(Trial, channel).one({}, { deadlineMs: 60_000 }).catch((error) => code = error.code);
  assertEquals(code, 14);
});
