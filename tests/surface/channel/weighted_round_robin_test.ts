// weighted_round_robin: calls by the load that servers report (gRFC A58).
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type LoadReport, loadReportService, type MessageInit } from "pollwire";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { PickFailure } from "../../../surface/channel/picker.ts";
import { Status } from "../../../surface/call/status.ts";
import { encodeMessage } from "../../../surface/proto/mod.ts";
import { encodeBinary, HeaderList, NO_HEADERS } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { BalancingWorld, speak } from "./balancing.ts";

const configured = (config: object) =>
  EVERY_POLICY.read([{ weighted_round_robin: config }], "loadBalancingConfig");

const { responseCodec } = loadReportService().methods.streamCoreMetrics;

/** The trailers of a call that a server answers with `report`. */
const trailersOf = (report: MessageInit<LoadReport>) =>
  HeaderList.of([["endpoint-load-metrics-bin", encodeBinary(encodeMessage(responseCodec, report))]]);

/** Servers at ports from 81 on, connected. */
class WeightedWorld extends BalancingWorld {
  servers: SocketAddress[] = [];

  static async of(config: object, count: number): Promise<WeightedWorld> {
    const world = new WeightedWorld(configured(config));
    for (let port = 81; port < 81 + count; port++) world.servers.push(await world.serve(speak, port));
    world.resolve(...world.servers);
    await world.runUntil(100);
    return world;
  }

  /** Each server answers one call with its report; one that has none answers without. */
  report(reports: Record<number, MessageInit<LoadReport>>): void {
    for (const seen = new Set<number>(); seen.size < this.servers.length;) {
      const { port, tracker } = this.start();
      const report = seen.has(port) ? undefined : reports[port];
      seen.add(port);
      tracker.callEnded(Status.OK, report === undefined ? NO_HEADERS : trailersOf(report));
    }
  }

  /** Reports that are the same go on until `untilMs`, one a second. */
  async reportUntil(untilMs: number, reports: Record<number, MessageInit<LoadReport>>): Promise<void> {
    for (let at = Math.round(this.simulation.now); at < untilMs; at += 1_000) {
      this.report(reports);
      await this.runUntil(Math.min(at + 1_000, untilMs));
    }
  }

  /** The same servers with another config. */
  configure(config: object): void {
    const endpoints = this.servers.map((address) => ({ addresses: [address] }));
    this.turn(() => this.balancer.update(endpoints, configured(config).config));
  }

  /** How many of `count` calls each server gets. */
  shares(count: number): Record<number, number> {
    const shares: Record<number, number> = {};
    for (let i = 0; i < count; i++) {
      const port = Number(this.pick().split(":")[1]);
      shares[port] = (shares[port] ?? 0) + 1;
    }
    return shares;
  }
}

/** Within 2% of the calls. */
function assertShares(found: Record<number, number>, expected: Record<number, number>): void {
  const calls = Object.values(expected).reduce((sum, share) => sum + share, 0);
  for (const [port, share] of Object.entries(expected)) {
    assert(Math.abs((found[Number(port)] ?? 0) - share) <= calls / 50, JSON.stringify(found));
  }
}

const EVEN = { 81: 300, 82: 300, 83: 300 };

test("[C42] a server's share is its calls a second by its utilization, once it has reported for 10 s", async () => {
  const world = await WeightedWorld.of({}, 3);
  const reports = {
    81: { cpuUtilization: 0.5, rpsFractional: 100 }, // 200
    82: { cpuUtilization: 0.5, rpsFractional: 200 }, // 400
    83: { cpuUtilization: 0.1, rpsFractional: 30 }, // 300
  };
  await world.reportUntil(10_000, reports);
  assertShares(world.shares(900), EVEN);
  await world.reportUntil(12_200, reports);
  assertShares(world.shares(900), { 81: 200, 82: 400, 83: 300 });
});

test("[C42] shares hold where weights come anew more often than calls", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s", weightUpdatePeriod: "0.1s" }, 3);
  world.report({
    81: { cpuUtilization: 0.5, rpsFractional: 90 },
    82: { cpuUtilization: 0.5, rpsFractional: 100 },
    83: { cpuUtilization: 0.5, rpsFractional: 50 },
  });
  const shares: Record<number, number> = {};
  for (let i = 0; i < 480; i++) {
    await world.runUntil(1_000 + 200 * i);
    const port = Number(world.pick().split(":")[1]);
    shares[port] = (shares[port] ?? 0) + 1;
  }
  assertShares(shares, { 81: 180, 82: 200, 83: 100 });
});

test("[C42] application_utilization stands before cpu_utilization; failed calls a second add to it", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s", errorUtilizationPenalty: 2 }, 3);
  world.report({
    81: { applicationUtilization: 0.5, cpuUtilization: 0.1, rpsFractional: 100 }, // 200
    82: { cpuUtilization: 0.25, rpsFractional: 100 }, // 400
    83: { cpuUtilization: 0.5, rpsFractional: 100, eps: 25 }, // 100 / (0.5 + 0.25 * 2): 100
  });
  await world.runUntil(1_200);
  assertShares(world.shares(700), { 81: 200, 82: 400, 83: 100 });
});

test("[C42] a report without calls a second, or without utilization, is ignored, and so is what is none", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s" }, 3);
  const good = { cpuUtilization: 0.5, rpsFractional: 100 };
  world.report({ 81: good, 82: { cpuUtilization: 0.25, rpsFractional: 100 } });
  world.report({ 81: { cpuUtilization: 0.9 }, 82: { rpsFractional: 7, memUtilization: 1, eps: 3 } });
  world.report({ // weights that are no numbers to share by
    81: { cpuUtilization: 1e-300, rpsFractional: 1e300 },
    82: { cpuUtilization: 1e300, rpsFractional: 1e-300 },
  });
  const [garbage, noBase64] = [encodeBinary(Uint8Array.of(0xff, 0xff)), "*?*"];
  for (const value of [garbage, noBase64]) {
    world.start().tracker.callEnded(Status.OK, HeaderList.of([["endpoint-load-metrics-bin", value]]));
  }
  await world.runUntil(1_200);
  assertShares(world.shares(900), { 81: 200, 82: 400, 83: 300 }); // 83 has none: the mean
});

test("[C43] fewer than two servers with a weight: round robin", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s" }, 3);
  world.report({ 81: { cpuUtilization: 0.01, rpsFractional: 1_000 } });
  await world.runUntil(1_200);
  const turns = Array.from({ length: 9 }, () => world.pick());
  assertEquals(new Set(turns.slice(0, 3)).size, 3);
  assertEquals([turns.slice(3, 6), turns.slice(6)], [turns.slice(0, 3), turns.slice(0, 3)]);
});

test("[C42] weights without a report for 3 minutes count no more, and then there is a blackout again", async () => {
  const world = await WeightedWorld.of({}, 3);
  const reports = {
    81: { cpuUtilization: 0.5, rpsFractional: 100 },
    82: { cpuUtilization: 0.5, rpsFractional: 500 },
    83: { cpuUtilization: 0.5, rpsFractional: 300 },
  };
  const weighted = { 81: 100, 82: 500, 83: 300 };
  await world.reportUntil(12_100, reports); // the last at 11.1 s
  await world.runUntil(191_000);
  assertShares(world.shares(900), weighted);
  await world.runUntil(192_200);
  assertShares(world.shares(900), EVEN);
  await world.reportUntil(202_000, reports);
  assertShares(world.shares(900), EVEN);
  await world.reportUntil(204_300, reports);
  assertShares(world.shares(900), weighted);
});

test("[C42] a new connection begins without a weight", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s" }, 3);
  world.report({
    81: { cpuUtilization: 0.5, rpsFractional: 100 },
    82: { cpuUtilization: 0.5, rpsFractional: 100 },
    83: { cpuUtilization: 0.5, rpsFractional: 700 },
  });
  await world.runUntil(1_200);
  assertShares(world.shares(900), { 81: 100, 82: 100, 83: 700 });
  world.peers[2]!.endpoint.close();
  await world.runUntil(2_500);
  assertShares(world.shares(900), EVEN);
});

test("[C42] weights become shares once in weightUpdatePeriod, of which the least is 100 ms", async () => {
  for (const [weightUpdatePeriod, untilMs] of [["5s", 5_000], ["0.001s", 100]] as const) {
    const world = await WeightedWorld.of({ blackoutPeriod: "0s", weightUpdatePeriod }, 2);
    await world.runUntil(Math.ceil(100 / untilMs) * untilMs + 5); // an update has just been
    world.report({
      81: { cpuUtilization: 0.5, rpsFractional: 100 },
      82: { cpuUtilization: 0.5, rpsFractional: 300 },
    });
    const last = Math.round(world.simulation.now);
    await world.runUntil(last + untilMs - 10);
    assertShares(world.shares(400), { 81: 200, 82: 200 });
    await world.runUntil(last + untilMs + 10);
    assertShares(world.shares(400), { 81: 100, 82: 300 });
  }
});

test("[C42] a server that fails has no turns, and what the others weigh stays", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s" }, 2);
  world.report({
    81: { cpuUtilization: 0.5, rpsFractional: 100 },
    82: { cpuUtilization: 0.5, rpsFractional: 300 },
  });
  world.resolve(...world.servers, world.refusing(99));
  await world.runUntil(200);
  assertShares(world.shares(400), { 81: 100, 82: 300 });
  world.resolve(world.servers[1]!);
  assertEquals(world.shares(10), { 82: 10 });
});

test("[C43] where the stream is asked for, reports of calls do not count", async () => {
  const world = await WeightedWorld.of({ blackoutPeriod: "0s", enableOobLoadReport: true }, 2);
  world.report({
    81: { cpuUtilization: 0.5, rpsFractional: 100 },
    82: { cpuUtilization: 0.5, rpsFractional: 300 },
  });
  await world.runUntil(1_200);
  assertShares(world.shares(400), { 81: 200, 82: 200 });
});

test("[C42] another config holds for what servers have reported before", async () => {
  const world = await WeightedWorld.of({}, 2);
  world.report({
    81: { cpuUtilization: 0.5, rpsFractional: 100 },
    82: { cpuUtilization: 0.5, rpsFractional: 300 },
  });
  await world.runUntil(1_200);
  assertShares(world.shares(400), { 81: 200, 82: 200 }); // in the blackout
  world.configure({ blackoutPeriod: "0s" });
  assertShares(world.shares(400), { 81: 100, 82: 300 });
});

test("[C43] streams begin and end with the config: each once, however often a list comes", async () => {
  const world = await WeightedWorld.of({}, 2);
  const frames = (type: string): number[] =>
    world.peers.map((peer) => peer.frames.filter((frame) => frame.startsWith(type)).length);
  assertEquals([frames("HEADERS"), frames("RST_STREAM")], [[0, 0], [0, 0]]);
  for (let i = 0; i < 3; i++) {
    world.configure({ enableOobLoadReport: true });
    await world.runUntil(200 + 50 * i);
    assertEquals([frames("HEADERS"), frames("RST_STREAM")], [[1, 1], [0, 0]]);
  }
  world.configure({ enableOobLoadReport: true, oobReportingPeriod: "20s" });
  await world.runUntil(400);
  assertEquals([frames("HEADERS"), frames("RST_STREAM")], [[2, 2], [1, 1]]);
  world.configure({});
  await world.runUntil(500);
  assertEquals([frames("HEADERS"), frames("RST_STREAM")], [[2, 2], [2, 2]]);
});

test("[C42] lists and configs that come begin no other updates", async () => {
  const world = await WeightedWorld.of({}, 2);
  for (let i = 0; i < 5; i++) world.resolve(...world.servers);
  let updates = 0;
  const { client } = world;
  const runAt = client.runAt.bind(client);
  client.runAt = (at, task) => {
    updates++;
    return runAt(at, task);
  };
  await world.runUntil(10_550);
  assertEquals(updates, 10);
});

test("[C42] a server that says it is not SERVING has no turns", async () => {
  const world = await WeightedWorld.of({}, 2);
  world.setHealth(world.servers[1]!, new PickFailure("NOT_SERVING"));
  await world.runUntil(200);
  assertEquals(world.shares(10), { 81: 10 });
});

test("[C42] nothing of it is left when it is closed", async () => {
  const world = await WeightedWorld.of({ enableOobLoadReport: true }, 2);
  world.turn(() => world.balancer.close());
  await world.rest();
});

test("[C42] what is left out has gRPC's defaults, and what is wrong is named", () => {
  assertEquals(configured({ weightUpdatePeriod: "0.05s" }).config, {
    enableOobLoadReport: false,
    oobReportingPeriodMs: 10_000,
    blackoutPeriodMs: 10_000,
    weightExpirationPeriodMs: 180_000,
    weightUpdatePeriodMs: 100,
    errorUtilizationPenalty: 1,
  });
  const wrong: ReadonlyArray<[config: object, path: string]> = [
    [{ enableOobLoadReport: "yes" }, "enableOobLoadReport"],
    [{ oobReportingPeriod: "0s" }, "oobReportingPeriod"],
    [{ blackoutPeriod: 10 }, "blackoutPeriod"],
    [{ weightExpirationPeriod: "-1s" }, "weightExpirationPeriod"],
    [{ weightUpdatePeriod: "1m" }, "weightUpdatePeriod"],
    [{ errorUtilizationPenalty: -0.1 }, "errorUtilizationPenalty"],
  ];
  for (const [config, path] of wrong) {
    assertThrows(() => configured(config), TypeError, `loadBalancingConfig[0].weighted_round_robin.${path} `);
  }
});
