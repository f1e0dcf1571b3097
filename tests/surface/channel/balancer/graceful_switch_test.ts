// A policy is replaced by another one: which of the two takes the calls, and from when on.
import { assertEquals } from "@std/assert";
import type { SocketAddress } from "../../../../pollers/mod.ts";
import type { ConfiguredPolicy } from "../../../../surface/channel/balancer/balancer.ts";
import { GracefulSwitch } from "../../../../surface/channel/balancer/graceful_switch.ts";
import { EVERY_POLICY } from "../../../../surface/channel/balancer/registry.ts";
import { FixedPicker, PickFailure } from "../../../../surface/channel/picker.ts";
import { test } from "../../../harness.ts";
import { BalancingWorld, HANDSHAKE_MS, speak } from "../balancing.ts";

const PICK_FIRST = EVERY_POLICY.chosen("pick_first");
const ROUND_ROBIN = EVERY_POLICY.chosen("round_robin");

const makeWorld = () =>
  new BalancingWorld({
    policy: { name: "switch", readConfig: () => undefined, make: (helper) => new GracefulSwitch(helper) },
    config: undefined,
  } as ConfiguredPolicy);

/** Gives the newest list, and the policy that it is for. */
const resolve = (world: BalancingWorld, policy: ConfiguredPolicy, ...addresses: SocketAddress[]) =>
  world.turn(() => world.balancer.update(addresses.map((address) => ({ addresses: [address] })), policy));

const port = (world: BalancingWorld) => world.pick().split(":")[1];

test("[C26] the old policy takes calls until the new one is READY, and then ends", async () => {
  const world = makeWorld();
  const [old, next] = [await world.serve(speak, 81), await world.serve(speak, 82)];
  resolve(world, PICK_FIRST, old);
  await world.runUntil(100);
  resolve(world, ROUND_ROBIN, next);
  assertEquals(port(world), "81");
  await world.runUntil(100 + HANDSHAKE_MS - 1);
  assertEquals([port(world), world.peers[0]!.ended], ["81", "open"]);
  await world.runUntil(200);
  assertEquals([port(world), world.peers[0]!.ended !== "open"], ["82", true]);
  assertEquals(world.states.map((state) => state.split(" ")[1]), ["CONNECTING", "READY", "READY"]);
});

test("[C26] a new policy takes over where it has failed too, and where the old one is lost while it connects", async () => {
  const world = makeWorld();
  const old = await world.serve(speak, 81);
  resolve(world, PICK_FIRST, old);
  await world.runUntil(100);
  resolve(world, ROUND_ROBIN, world.refusing(70));
  assertEquals([port(world), world.states.at(-1)!.split(" ")[1]], ["81", "READY"]);
  await world.runUntil(200);
  assertEquals(world.states.at(-1)!.split(" ")[1], "TRANSIENT_FAILURE");
  const other = makeWorld();
  resolve(other, PICK_FIRST, await other.serve(speak, 81));
  await other.runUntil(100);
  resolve(other, ROUND_ROBIN, ...other.blackHoles(1));
  await other.runUntil(200);
  other.peers[0]!.close();
  await other.runUntil(300);
  assertEquals(other.states.at(-1)!.split(" ")[1], "CONNECTING");
});

test("[C26] an old policy that is not READY gives way at once to what the new one says", async () => {
  const world = makeWorld();
  const next = await world.serve(speak, 82);
  resolve(world, PICK_FIRST, world.refusing(70));
  await world.runUntil(100);
  resolve(world, ROUND_ROBIN, next);
  assertEquals(world.states.at(-1), "100 CONNECTING");
  await world.runUntil(200);
  assertEquals(port(world), "82");
});

test("[C26] what a policy publishes while it is made counts, of the first one and of one that is to follow", async () => {
  const world = makeWorld();
  const failing: ConfiguredPolicy = {
    policy: {
      name: "early",
      readConfig: () => undefined,
      make(helper) {
        helper.updateState("TRANSIENT_FAILURE", new FixedPicker(new PickFailure("nobody yet")));
        return { update() {}, exitIdle() {}, resetBackoff() {}, close() {} };
      },
    },
    config: undefined,
  };
  resolve(world, failing);
  assertEquals([world.pick(), world.states.at(-1)], ["nobody yet", "0 TRANSIENT_FAILURE"]);
  const other = makeWorld();
  resolve(other, PICK_FIRST, await other.serve(speak, 81));
  await other.runUntil(100);
  resolve(other, failing);
  assertEquals(other.pick(), "nobody yet");
});

test("[C26] of several new policies the last one counts, and the same policy again is not replaced", async () => {
  const world = makeWorld();
  const [old, skipped, next] = [
    await world.serve(speak, 81),
    await world.serve(speak, 82),
    await world.serve(speak, 83),
  ];
  resolve(world, PICK_FIRST, old);
  await world.runUntil(100);
  resolve(world, ROUND_ROBIN, skipped);
  resolve(world, PICK_FIRST, next);
  await world.runUntil(200);
  assertEquals(port(world), "83");
  const { length } = world.attempts;
  resolve(world, PICK_FIRST, next);
  await world.runUntil(300);
  assertEquals([port(world), world.attempts.length], ["83", length]);
  world.turn(() => world.balancer.close());
});
