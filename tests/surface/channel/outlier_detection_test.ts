// outlier_detection: servers of which too many calls fail get none for a while, and their connections stay (gRFC A50).
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { Status, type StatusCode } from "../../../surface/call/status.ts";
import { NO_HEADERS } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { BalancingWorld, speak, type StartedCall } from "./balancing.ts";

const configured = (config: object) =>
  EVERY_POLICY.read([{
    outlier_detection: { childPolicy: [{ round_robin: {} }], ...config },
  }], "loadBalancingConfig");

/** Of few servers and calls, with whatever else a test says. */
const FAILURES = { threshold: 50, minimumHosts: 2, requestVolume: 10 };
const RATES = { minimumHosts: 3, requestVolume: 10 };

/** Servers at ports from 81 on, connected; intervals end at 10 s, 20 s and so on. */
class OutlierWorld extends BalancingWorld {
  servers: SocketAddress[] = [];

  static async of(config: object, count: number): Promise<OutlierWorld> {
    const world = new OutlierWorld(configured(config));
    for (let port = 81; port < 81 + count; port++) world.servers.push(await world.serve(speak, port));
    world.resolve(...world.servers);
    await world.runUntil(100);
    return world;
  }

  /** Says another config of the same servers. */
  configure(config: object): void {
    const endpoints = this.servers.map((address) => ({ addresses: [address] }));
    this.turn(() => this.balancer.update(endpoints, configured(config).config));
  }

  /** Each server that takes calls gets `count`; of those in `failing` so many of them fail. */
  call(count: number, failing: Record<number, number> = {}, code: StatusCode = Status.UNAVAILABLE): void {
    const left = new Map(Object.entries(failing).map(([port, failures]) => [Number(port), failures]));
    const open = this.open();
    for (let i = 0; i < count * open.length; i++) {
      const { port, tracker } = this.start();
      const failures = left.get(port) ?? 0;
      left.set(port, failures - 1);
      tracker.callEnded(failures > 0 ? code : Status.OK, NO_HEADERS);
    }
  }

  /** The ports of servers that take calls. */
  open(): number[] {
    return [...new Set(Array.from({ length: 3 * this.servers.length }, () => this.pick().split(":")[1]))]
      .map(Number).toSorted();
  }
}

test("[C45] failure percentage: a server of whose calls more fail than the threshold is ejected after the interval", async () => {
  const world = await OutlierWorld.of(
    { maxEjectionPercent: 100, failurePercentageEjection: FAILURES },
    3,
  );
  world.call(10, { 82: 6, 83: 5 });
  await world.runUntil(9_990);
  assertEquals(world.open(), [81, 82, 83]);
  await world.runUntil(10_010);
  assertEquals(world.open(), [81, 83]);
});

test("[C45] success rate: a server below the mean by more than 1.9 standard deviations is ejected", async () => {
  const world = await OutlierWorld.of({ successRateEjection: { ...RATES, requestVolume: 100 } }, 5);
  world.call(100, { 81: 2, 82: 3, 83: 3, 84: 2, 85: 10 });
  await world.runUntil(10_010);
  assertEquals(world.open(), [81, 82, 83, 84]); // mean 96, deviation 3.03: less than 90.24 is an outlier
  const even = await OutlierWorld.of({ successRateEjection: RATES }, 5);
  even.call(100, { 81: 10, 82: 10, 83: 10, 84: 90, 85: 90 });
  await even.runUntil(10_010);
  assertEquals(even.open(), [81, 82, 83, 84, 85]); // mean 58, deviation 39
});

test("[C45] stdevFactor: thousandths of a deviation", async () => {
  const world = await OutlierWorld.of({
    maxEjectionPercent: 50,
    successRateEjection: { ...RATES, stdevFactor: 1_000 },
  }, 5);
  world.call(100, { 81: 10, 82: 10, 83: 10, 84: 90, 85: 90 });
  await world.runUntil(10_010);
  assertEquals(world.open(), [81, 82, 83]);
});

test("[C45] servers with too few calls are not judged, and nobody is where too few servers have enough", async () => {
  for (const key of ["failurePercentageEjection", "successRateEjection"]) {
    const judged = async (requestVolume: number, minimumHosts: number) => {
      const world = await OutlierWorld.of({
        [key]: { threshold: 50, stdevFactor: 1_000, requestVolume, minimumHosts },
      }, 3);
      world.call(10, { 83: 10 });
      await world.runUntil(10_010);
      return world.open().length < 3;
    };
    const cases = await Promise.all([judged(10, 3), judged(11, 3), judged(10, 4), judged(0, 0)]);
    assertEquals(cases, [true, false, false, true], key);
  }
});

test("[C45] no more are ejected once a tenth is, but one is in any case; none with 0%", async () => {
  const ejected = async (config: object, servers: number) => {
    const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES, ...config }, servers);
    world.call(10, { 81: 9, 82: 9, 83: 9 });
    await world.runUntil(10_010);
    return servers - world.open().length;
  };
  const counts = [
    await ejected({}, 4),
    await ejected({}, 11),
    await ejected({ maxEjectionPercent: 60 }, 4),
    await ejected({ maxEjectionPercent: 0 }, 4),
  ];
  assertEquals(counts, [1, 2, 3, 0]);
});

test("[C45] enforcementPercentage: a random share of the outliers is ejected, of 0 none", async () => {
  for (const [enforcementPercentage, random, open] of [[50, 0.49, 2], [50, 0.5, 3], [0, 0, 3]] as const) {
    const world = await OutlierWorld.of(
      { failurePercentageEjection: { ...FAILURES, enforcementPercentage } },
      3,
    );
    world.call(10, { 83: 10 });
    world.engine.random = () => random;
    await world.runUntil(10_010);
    assertEquals(world.open().length, open);
  }
});

test("[C45] every status but OK is a failure; a call that took no stream counts for nothing", async () => {
  for (const code of [Status.CANCELLED, Status.DEADLINE_EXCEEDED, Status.INVALID_ARGUMENT]) {
    const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
    world.call(10, { 82: 10 }, code);
    await world.runUntil(10_010);
    assertEquals(world.open(), [81, 83]);
  }
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
  for (let i = 0; i < 60; i++) world.start().tracker.callLeft();
  await world.runUntil(10_010);
  assertEquals(world.open(), [81, 82, 83]);
});

test("[C45] an interval counts its own calls alone", async () => {
  const world = await OutlierWorld.of({ interval: "2s", failurePercentageEjection: FAILURES }, 3);
  world.call(9, { 83: 9 });
  await world.runUntil(2_010);
  world.call(9, { 83: 9 });
  await world.runUntil(4_010);
  assertEquals(world.open(), [81, 82, 83]);
});

test("[C46] an ejected server is back after the base time, and its connection has stayed", async () => {
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
  world.call(10, { 83: 10 });
  await world.runUntil(40_010); // ejected at 10 s; at 40 s the 30 s are not over
  assertEquals(world.open(), [81, 82]);
  await world.runUntil(50_010);
  assertEquals(world.open(), [81, 82, 83]);
  assertEquals(world.attempts.length, 3);
});

test("[C46] each time it is ejected for longer, up to the most; an interval in which it is not takes one time off", async () => {
  const world = await OutlierWorld.of({
    interval: "1s",
    baseEjectionTime: "3s",
    maxEjectionTime: "5s",
    failurePercentageEjection: FAILURES,
  }, 3);
  const now = () => Math.round(world.engine.now());
  /** Has it ejected, and gives the whole seconds for which it is. */
  const ejectedFor = async () => {
    world.call(10, { 83: 10 });
    await world.runUntil(now() + 1_000);
    assertEquals(world.open(), [81, 82]);
    for (let seconds = 0;; seconds++) {
      if (world.open().length === 3) return seconds;
      await world.runUntil(now() + 1_000);
    }
  };
  assertEquals([await ejectedFor(), await ejectedFor(), await ejectedFor()], [4, 6, 6]); // over 3 s, over 5 s
  await world.runUntil(now() + 3_000); // three intervals
  assertEquals(await ejectedFor(), 4);
});

test("[C46] maxEjectionTime below the base time: the base time", async () => {
  const world = await OutlierWorld.of({
    interval: "1s",
    baseEjectionTime: "3s",
    maxEjectionTime: "1s",
    failurePercentageEjection: FAILURES,
  }, 3);
  world.call(10, { 83: 10 });
  await world.runUntil(4_010);
  assertEquals(world.open(), [81, 82]);
  await world.runUntil(5_010);
  assertEquals(world.open(), [81, 82, 83]);
});

test("[C46] where all are ejected calls fail with the reason", async () => {
  const world = await OutlierWorld.of(
    { maxEjectionPercent: 100, failurePercentageEjection: FAILURES },
    2,
  );
  world.call(10, { 81: 10, 82: 10 });
  await world.runUntil(10_010);
  assertEquals(world.states.at(-1), "10000 TRANSIENT_FAILURE");
  assertMatch(world.pick(), /:8[12]: no calls for a while, because too many failed$/);
});

test("[C46] a connection made anew to an ejected server gets no calls either; a list without it forgets it", async () => {
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
  world.call(10, { 83: 10 });
  await world.runUntil(10_010);
  world.resolve(...world.servers);
  world.peers[2]!.endpoint.close();
  await world.runUntil(11_000);
  assertEquals([world.attempts.length, world.open()], [4, [81, 82]]);
  world.resolve(world.servers[0]!, world.servers[1]!);
  world.resolve(...world.servers);
  await world.runUntil(12_000);
  assertEquals(world.open(), [81, 82, 83]);
});

test("[C45] without anything to judge by nothing is counted, and who was ejected is back at once", async () => {
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
  world.call(10, { 83: 10 });
  await world.runUntil(10_010);
  world.configure({});
  await world.runUntil(10_011);
  assertEquals(world.open(), [81, 82, 83]);
  assertThrows(() => world.start(), Error, "not followed");
  world.configure({ failurePercentageEjection: FAILURES });
  await world.runUntil(10_012);
  world.call(10, { 83: 10 });
  await world.runUntil(20_000);
  assertEquals(world.open(), [81, 82, 83]); // its interval began at 10.01 s
  await world.runUntil(20_020);
  assertEquals(world.open(), [81, 82]);
});

test("[C45] an interval that ends while the channel is at work does not go on after the policy's end", async () => {
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 2);
  const held: Array<() => void> = [];
  world.run = (closure) => void held.push(closure);
  await world.runUntil(10_010);
  world.balancer.close();
  for (const closure of held.splice(0)) closure();
  await world.rest();
  assertEquals(held, []);
});

test("[C45] another interval holds for the one that runs", async () => {
  const world = await OutlierWorld.of({ failurePercentageEjection: FAILURES }, 3);
  world.call(10, { 83: 10 });
  world.configure({ interval: "4s", failurePercentageEjection: FAILURES });
  await world.runUntil(3_990);
  assertEquals(world.open(), [81, 82, 83]);
  await world.runUntil(4_010);
  assertEquals(world.open(), [81, 82]);
});

test("[C45] lists and configs that come while an interval runs begin no other one", async () => {
  const config = { maxEjectionPercent: 100, failurePercentageEjection: FAILURES };
  const world = await OutlierWorld.of(config, 2);
  world.resolve(...world.servers);
  for (const interval of ["20s", "6s", "10s"]) world.configure({ ...config, interval });
  await world.runUntil(5_000);
  world.call(8, { 82: 8 });
  await world.runUntil(9_000); // the calls of one interval are judged together
  world.call(8, { 82: 8 });
  await world.runUntil(9_990);
  assertEquals(world.open(), [81, 82]);
  await world.runUntil(10_010);
  assertEquals(world.open(), [81]);
});

test("[C45] a policy that follows calls too has the same ones: one tracker for both", async () => {
  const world = await OutlierWorld.of({
    childPolicy: [{ least_request: {} }],
    failurePercentageEjection: FAILURES,
  }, 2);
  const calls: StartedCall[] = Array.from({ length: 40 }, () => world.start());
  for (const { port, tracker } of calls) {
    tracker.callEnded(port === 82 ? Status.INTERNAL : Status.OK, NO_HEADERS);
  }
  const counts = [81, 82].map((port) => calls.filter((call) => call.port === port).length);
  assertEquals(counts.every((count) => count >= 18), true, `${counts}`);
  await world.runUntil(10_010);
  assertEquals(world.open(), [81]);
});

test("[C37] a lone pick_first below it keeps its calls", async () => {
  const world = await OutlierWorld.of({
    childPolicy: [{ pick_first: {} }],
    failurePercentageEjection: { ...FAILURES, minimumHosts: 1 },
  }, 2);
  for (let i = 0; i < 20; i++) world.start().tracker.callEnded(Status.INTERNAL, NO_HEADERS);
  await world.runUntil(10_010);
  assertEquals(world.open(), [81]);
});

test("[C45] what is left out has gRPC's defaults, and what is wrong is named", () => {
  const { config } = configured({ successRateEjection: {}, failurePercentageEjection: {} });
  assertEquals({ ...config as object, child: undefined }, {
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionTimeMs: 300_000,
    maxEjectionPercent: 10,
    successRate: { stdevFactor: 1_900, enforcementPercentage: 100, minimumHosts: 5, requestVolume: 100 },
    failurePercentage: { threshold: 85, enforcementPercentage: 100, minimumHosts: 5, requestVolume: 50 },
    child: undefined,
  });
  const wrong: ReadonlyArray<[config: object, path: string]> = [
    [{ interval: "0s" }, "interval"],
    [{ baseEjectionTime: 30 }, "baseEjectionTime"],
    [{ maxEjectionTime: "-1s" }, "maxEjectionTime"],
    [{ maxEjectionPercent: 101 }, "maxEjectionPercent"],
    [{ successRateEjection: { stdevFactor: -1 } }, "successRateEjection.stdevFactor"],
    [{ successRateEjection: { enforcementPercentage: 101 } }, "successRateEjection.enforcementPercentage"],
    [{ failurePercentageEjection: { threshold: 101 } }, "failurePercentageEjection.threshold"],
    [{ failurePercentageEjection: { requestVolume: "x" } }, "failurePercentageEjection.requestVolume"],
    [{ childPolicy: undefined }, "childPolicy"],
    [{ childPolicy: [{ nobody: {} }] }, "childPolicy"],
  ];
  for (const [config, path] of wrong) {
    assertThrows(() => configured(config), TypeError, `loadBalancingConfig[0].outlier_detection.${path} `);
  }
});
