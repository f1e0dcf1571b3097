import { assert, assertEquals, assertRejects } from "@std/assert";
import { pairOverLoopback } from "../../../pollers/core/loopback_pair.ts";
import { type EventEngine, type IoResult, type Listener, selectPoller } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { PlainSocket } from "../plain_peer.ts";
import { firstDifference, pattern, readExactly, withEngine, write } from "../promised.ts";

const native = selectPoller("native");

test("loopback pair: two ends of one connection, and nothing else is left open", () =>
  withEngine(native, async (engine) => {
    const [one, other] = await pairOverLoopback(engine);
    assertEquals([one.local, one.peer], [other.peer, other.local]);
    const sent = pattern(300_000);
    const reading = readExactly(other, sent.length);
    assertEquals(await write(one, sent), undefined);
    assertEquals(firstDifference(await reading, sent), -1);
    assertEquals(await write(other, "back"), undefined);
    assertEquals((await readExactly(one, 4)).length, 4);
    one.close();
    other.close();
  }));

test("loopback pair: a stranger who connects first is shown out", () =>
  withEngine(native, async (engine) => {
    let stranger: PlainSocket | undefined = undefined;
    // Between the binding and our own connect somebody else is quicker.
    const crowded: EventEngine = Object.create(engine, {
      listen: {
        value: (...values: Parameters<EventEngine["listen"]>): Listener => {
          const listener = engine.listen(...values);
          return Object.create(listener, {
            bind: {
              async value(at: Parameters<Listener["bind"]>[0]): Promise<IoResult<number>> {
                const bound = await listener.bind(at);
                assert(bound.ok);
                stranger = await PlainSocket.connect({
                  family: "ipv4",
                  host: "127.0.0.1",
                  port: bound.value,
                });
                return bound;
              },
            },
            start: { value: () => listener.start() },
            shutdown: { value: () => listener.shutdown() },
          });
        },
      },
      connect: { value: engine.connect.bind(engine) },
    });
    const [one, other] = await pairOverLoopback(crowded);
    assertEquals([one.local, one.peer], [other.peer, other.local]);
    assertEquals((await stranger!.readToEnd()).length, 0);
    stranger!.destroy();
    one.close();
    other.close();
  }));

test("loopback pair: where loopback is out of reach it rejects, and leaves nothing open", () =>
  withEngine(native, async (engine) => {
    const unreachable: EventEngine = Object.create(engine, {
      listen: { value: engine.listen.bind(engine) },
      connect: {
        value: (_: unknown, options: object, done: Parameters<EventEngine["connect"]>[2]) =>
          engine.connect({ family: "ipv4", host: "127.0.0.1", port: 1 }, options, done),
      },
    });
    await assertRejects(() => pairOverLoopback(unreachable), Error, "refused");
  }));

test("loopback pair: it rejects where the engine is shut down before the two are connected", async () => {
  for (let microtasks = 0; microtasks < 8; microtasks++) {
    const engine = native.create({});
    const pair = pairOverLoopback(engine);
    for (let i = 0; i < microtasks; i++) await null;
    const over = assertRejects(() => engine.shutdown(), Error, "open");
    await assertRejects(() => pair, Error);
    await over;
  }
});
