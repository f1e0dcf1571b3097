// What is known against a server that is connected: policies of several servers give it no calls while its connection stays,
// and a lone pick_first takes no notice (gRFC A17, A50, A61).
import { assertEquals } from "@std/assert";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { PickFailure, QUEUE } from "../../../surface/channel/picker.ts";
import { test } from "../../harness.ts";
import { BalancingWorld, speak } from "./balancing.ts";

const AGAINST_IT = new PickFailure("it answers nothing");

/** A world with servers at ports 81 and 82, connected; what was published and begun until then is dropped. */
async function worldOf(policy: "round_robin" | "pick_first") {
  const world = new BalancingWorld(EVERY_POLICY.chosen(policy));
  const servers = [await world.serve(speak, 81), await world.serve(speak, 82)] as const;
  world.resolve(...servers);
  await world.runUntil(100);
  world.states.length = world.attempts.length = 0;
  return { world, first: servers[0], second: servers[1] };
}

const picks = (world: BalancingWorld) =>
  [...new Set(Array.from({ length: 4 }, () => world.pick().split(":")[1] ?? world.pick()))].toSorted();

test("[C37] a server of several gets no calls while something is known against it, and its connection stays", async () => {
  const { world, first, second } = await worldOf("round_robin");
  world.setHealth(first, AGAINST_IT);
  assertEquals(picks(world), ["82"]);
  world.setHealth(second, QUEUE);
  assertEquals([picks(world), world.states], [["queue"], ["100 READY", "100 CONNECTING"]]);
  world.setHealth(second, AGAINST_IT);
  assertEquals([picks(world), world.states.at(-1)], [[AGAINST_IT.reason], "100 TRANSIENT_FAILURE"]);
  world.setHealth(first, "SERVING");
  world.setHealth(second, "SERVING");
  assertEquals(picks(world), ["81"]); // and the second, which is there beside it, from the next turn on
  await world.runUntil(101);
  assertEquals(picks(world), ["81", "82"]);
  await world.runUntil(1_000);
  assertEquals(world.attempts, []);
});

test("[C37] a connection that comes up with something known against it gets no calls from the start", async () => {
  const world = new BalancingWorld(EVERY_POLICY.chosen("round_robin"));
  const [first, second] = [await world.serve(speak, 81), await world.serve(speak, 82)];
  world.setHealth(first, AGAINST_IT);
  world.resolve(first, second);
  await world.runUntil(100);
  assertEquals(picks(world), ["82"]);
});

test("[C37] a lone pick_first keeps its connection and its calls, whatever is known against it", async () => {
  const { world, first } = await worldOf("pick_first");
  world.setHealth(first, AGAINST_IT);
  assertEquals(picks(world), ["81"]);
  world.setHealth(first, QUEUE);
  assertEquals(picks(world), ["81"]);
  await world.runUntil(1_000);
  assertEquals([world.attempts, new Set(world.states)], [[], new Set(["100 READY"])]);
});
