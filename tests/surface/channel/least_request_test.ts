// least_request: a call goes to the least busy one of a few servers that are chosen at random (gRFC A48).
import { assert, assertEquals, assertThrows } from "@std/assert";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { Status, type StatusCode } from "../../../surface/call/status.ts";
import { NO_HEADERS } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { BalancingWorld, speak, type StartedCall } from "./balancing.ts";

const configured = (config: object) => EVERY_POLICY.read([{ least_request: config }], "loadBalancingConfig");

/** A world with servers at these ports, connected. */
async function worldOf(config: object, ...ports: number[]): Promise<BalancingWorld> {
  const world = new BalancingWorld(configured(config));
  world.resolve(...await Promise.all(ports.map((port) => world.serve(speak, port))));
  await world.runUntil(100);
  return world;
}

/** The next picks of `world` choose these of `count` servers, each the next indices: digits of a random number. */
function choose(world: BalancingWorld, count: number, ...picks: number[][]): void {
  const random = world.engine.random;
  world.engine.random = () => {
    const indices = picks.shift();
    if (indices === undefined) return random.call(world.engine);
    return indices.reduceRight((rest, index) => (index + rest) / count, 0.5);
  };
}

const end = ({ tracker }: StartedCall, code: StatusCode = Status.OK) => tracker.callEnded(code, NO_HEADERS);

test("[C41] of the servers that are chosen, the one with the fewest calls under way gets the call", async () => {
  const world = await worldOf({}, 81, 82, 83);
  choose(world, 3, [0, 1], [0, 1], [1, 0], [2, 0]);
  const ports = [world.start(), world.start(), world.start(), world.start()].map(({ port }) => port);
  assertEquals(ports, [81, 82, 82, 83]); // the third: one call each, and the second server is the first chosen
});

test("[C41] a call counts from its pick to its end, whatever its status, and while it waits for a stream", async () => {
  const world = await worldOf({}, 81, 82);
  const ends: ReadonlyArray<(call: StartedCall) => void> = [
    (call) => end(call),
    (call) => end(call, Status.INTERNAL),
    ({ tracker }) => tracker.callLeft(),
  ];
  for (const over of ends) {
    choose(world, 2, [0, 0], [0, 1], [1, 0]);
    const [first, second] = [world.start(), world.start()];
    assertEquals([first.port, second.port], [81, 82]);
    over(first);
    const third = world.start();
    assertEquals(third.port, 81);
    end(second);
    end(third);
  }
});

test("[C41] choiceCount: as many are looked at, 10 at most, and below 2 the config is invalid", async () => {
  /** How many choices come to the idle one of two servers, where it is the last to be chosen. */
  const looked = async (choiceCount: number | undefined): Promise<number> => {
    const world = await worldOf(choiceCount === undefined ? {} : { choiceCount }, 81, 82);
    choose(world, 2, Array(20).fill(0));
    world.start();
    for (let count = 2; count < 15; count++) {
      choose(world, 2, [...Array(count - 1).fill(0), 1, ...Array(20 - count).fill(0)]);
      if (world.pick().endsWith(":81")) return count - 1;
    }
    return Infinity;
  };
  assertEquals(
    await Promise.all([looked(undefined), looked(2), looked(5), looked(10), looked(11)]),
    [2, 2, 5, 10, 10],
  );
  for (const choiceCount of [0, 1, 2.5, -1, "many"]) {
    assertThrows(() => configured({ choiceCount }), TypeError, "least_request.choiceCount");
  }
  assertEquals(EVERY_POLICY.chosen("least_request").config, { choiceCount: 2 });
});

test("[C41] a new list and a new connection go on with the calls that there are", async () => {
  const world = await worldOf({}, 81, 82);
  choose(world, 2, [0, 0], [0, 0]);
  const calls = [world.start(), world.start()];
  assertEquals(calls.map(({ port }) => port), [81, 81]);
  world.resolve(...[81, 82, 83].map((port) => world.refusing(port)));
  await world.serve(speak, 83);
  await world.runUntil(200);
  for (let i = 0; i < 20; i++) {
    choose(world, 3, [0, 1 + i % 2]);
    const call = world.start();
    assert(call.port !== 81);
    end(call);
  }
});

test("[C38][C41] servers that fail are not chosen", async () => {
  const world = new BalancingWorld(configured({}));
  world.resolve(await world.serve(speak, 81), world.refusing(82));
  await world.runUntil(100);
  for (let i = 0; i < 20; i++) assertEquals(world.start().port, 81);
});

test("[C41] least_request: the calls that are under way at each of three servers differ by few", async () => {
  const world = await worldOf({}, 81, 82, 83);
  const counts = new Map<number, number>();
  for (let i = 0; i < 300; i++) {
    const { port } = world.start();
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  for (const count of counts.values()) assert(Math.abs(count - 100) <= 5, `${count}`);
  assertEquals(counts.size, 3);
});

test("[C41] of many servers each is chosen as often, by every one of several choices", async () => {
  const ports = Array.from({ length: 30 }, (_, i) => 81 + i);
  const world = await worldOf({ choiceCount: 10 }, ...ports);
  const counts = new Map<number, number>();
  for (let i = 0; i < 3_000; i++) {
    const { port } = world.start();
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  for (const port of ports) assert(Math.abs(counts.get(port)! - 100) <= 3, `${port}: ${counts.get(port)}`);
});
