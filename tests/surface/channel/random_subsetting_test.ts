// random_subsetting: which servers a channel connects to, and what a change of the list changes (gRFC A68).
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type EventEngine, formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import type { BalancerHelper, ConfiguredPolicy } from "../../../surface/channel/balancer/balancer.ts";
import { RandomSubsetting } from "../../../surface/channel/balancer/random_subsetting.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { ServiceConfigError } from "../../../surface/channel/service_config/service_config_error.ts";
import { test } from "../../harness.ts";
import { BalancingWorld, speak } from "./balancing.ts";

const read = (config: unknown): ConfiguredPolicy =>
  EVERY_POLICY.read([{ random_subsetting: config }], "loadBalancingConfig");

const SUBSET_OF_THREE = { subsetSize: 3, childPolicy: [{ round_robin: {} }] };

/** Has channels say which of `count` servers they take: one channel for each number that it gives as seed. */
function chosen(seeds: number, counts: readonly number[], subsetSize: number): string[][][] {
  return Array.from({ length: seeds }, (_, seed) => {
    const random = (): number => ((seed * 0.754_877_666 + 0.1) % 1);
    let given: string[] = [];
    const policy = {
      name: "writes down",
      readConfig: () => undefined,
      make: () => ({
        update: (servers: ReadonlyArray<{ addresses: readonly SocketAddress[] }>) => {
          given = servers.map(({ addresses }) => formatAddress(addresses[0]!));
        },
        exitIdle: () => {},
        resetBackoff: () => {},
        close: () => {},
      }),
    };
    const balancer = new RandomSubsetting({ engine: { random } as EventEngine } as BalancerHelper);
    return counts.map((count) => {
      const servers = Array.from({ length: count }, (_, i) => ({
        addresses: [{ family: "ipv4", host: `10.0.0.${i}`, port: 80 } as const],
      }));
      balancer.update(servers, { subsetSize, child: { policy, config: undefined } });
      return given;
    });
  });
}

test("[C47] a channel connects to subsetSize servers, and its child policy balances over them", async () => {
  const world = new BalancingWorld(read(SUBSET_OF_THREE));
  const servers = await Promise.all([81, 82, 83, 84, 85, 86].map((port) => world.serve(speak, port)));
  world.resolve(...servers);
  await world.runUntil(100);
  const six = Array.from({ length: 6 }, () => world.pick());
  assertEquals([world.attempts.length, new Set(six).size], [3, 3]);
});

test("[C47] of fewer servers than that all are taken", async () => {
  const world = new BalancingWorld(read(SUBSET_OF_THREE));
  world.resolve(...await Promise.all([81, 82, 83].map((port) => world.serve(speak, port))));
  await world.runUntil(100);
  assertEquals(world.attempts.map((line) => line.split(":")[1]), ["81", "82", "83"]);
});

test("[C47] a server that is there twice is one of the subset", async () => {
  const world = new BalancingWorld(read(SUBSET_OF_THREE));
  const servers = await Promise.all([81, 82, 83, 84].map((port) => world.serve(speak, port)));
  world.resolve(...servers, ...servers, ...servers);
  await world.runUntil(100);
  assertEquals(world.attempts.length, 3);
});

test("[C47] a server that comes or goes changes one of a channel's servers at most", () => {
  for (const [before, after, again] of chosen(50, [20, 21, 20], 5)) {
    assertEquals(before!.filter((server) => !after!.includes(server)).length <= 1, true);
    assertEquals(again, before);
  }
});

test("[C47] channels have different servers, about as many of each", () => {
  const counts = new Map<string, number>();
  for (const [servers] of chosen(400, [20], 5)) {
    for (const server of servers!) counts.set(server, (counts.get(server) ?? 0) + 1);
  }
  assertEquals(counts.size, 20);
  for (const count of counts.values()) assertEquals(count > 60 && count < 140, true, `${count}`); // 100 each
});

test("[C47] config: what is missing or wrong is named", () => {
  const wrong: Array<[object, RegExp]> = [
    [
      { childPolicy: [{ round_robin: {} }] },
      /loadBalancingConfig\[0\]\.random_subsetting\.subsetSize is missing/,
    ],
    [{ ...SUBSET_OF_THREE, subsetSize: 0 }, /subsetSize is 0; give 1 or more/],
    [{ subsetSize: 3 }, /random_subsetting\.childPolicy is empty/],
    [{ subsetSize: 3, childPolicy: [{ robin: {} }] }, /childPolicy has no policy that is known: robin/],
  ];
  for (const [json, message] of wrong) {
    assertMatch(assertThrows(() => read(json), ServiceConfigError).message, message);
  }
});
