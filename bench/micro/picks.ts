// Picks: what each balancing policy costs a call, with what follows the call where the policy does that.
import type { Bench } from "tinybench";
import { loadReportService } from "../../surface/mod.ts";
import { TrackedPick } from "../../surface/channel/picker.ts";
import { EVERY_POLICY } from "../../surface/channel/balancer/registry.ts";
import { encodeMessage } from "../../surface/proto/mod.ts";
import { binaryField, HeaderList, NO_HEADERS, protocolName } from "../../transport/mod.ts";
import type { PendingCall } from "../../surface/client/call_route.ts";
import { BalancingWorld, CALL, speak } from "../../tests/surface/channel/balancing.ts";
import { addBatch, expect } from "./batch.ts";

const PICKS = 1_000;
const SERVERS = 100;
/** What calls of ring_hash are told apart by. */
const USERS = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);

const POLICIES: Readonly<Record<string, object>> = {
  pick_first: {},
  round_robin: {},
  least_request: {},
  weighted_round_robin: { blackoutPeriod: "0s" },
  ring_hash: { requestHashHeader: "x-user" },
  outlier_detection: { failurePercentageEjection: {}, childPolicy: [{ round_robin: {} }] },
};

const { responseCodec } = loadReportService().methods.streamCoreMetrics;

/** The trailers of an answer whose server reports its load. */
const reporting = (load: number) => {
  const report = encodeMessage(responseCodec, { cpuUtilization: load, rpsFractional: 100 });
  return new HeaderList([binaryField(protocolName("endpoint-load-metrics-bin"), report)]);
};

let calls = 0;
const call: PendingCall = { ...CALL, metadataValue: () => USERS[calls++ % USERS.length] };

/** A policy over `SERVERS` servers that are all connected. */
async function connected(policy: string): Promise<BalancingWorld> {
  const world = new BalancingWorld(
    EVERY_POLICY.read([{ [policy]: POLICIES[policy]! }], "policies"),
  );
  const servers = [];
  for (let i = 0; i < SERVERS; i++) servers.push(await world.serve(speak, 81 + i));
  world.resolve(...servers);
  world.engine.random = Math.random; // as engines on real sockets have it
  for (let i = 0; i < 50; i++) {
    for (let j = 0; j < USERS.length; j++) world.present.pick(call); // ring_hash connects to those that calls find
    await world.runUntil(200 * (i + 1));
  }
  if (policy !== "weighted_round_robin") return world;
  for (let i = 0; i < SERVERS; i++) world.start().tracker.callEnded(0, reporting(0.1 + i % 10 / 20));
  await world.runUntil(12_000);
  return world;
}

const worlds = new Map<string, BalancingWorld>();
for (const policy of Object.keys(POLICIES)) worlds.set(policy, await connected(policy));

/** Adds the measurements. */
export function add(bench: Bench): void {
  for (const [policy, world] of worlds) {
    const picker = world.present;
    const followed = () => {
      let picked = 0;
      for (let i = 0; i < PICKS; i++) {
        const result = picker.pick(call);
        if (result instanceof TrackedPick) {
          result.tracker.callStarted();
          result.tracker.callEnded(0, NO_HEADERS);
        }
        if (typeof result === "object") picked++;
      }
      return picked;
    };
    expect(`picks of ${policy}`, followed(), PICKS);
    addBatch(bench, `pick: ${policy}, ${SERVERS} servers`, PICKS, followed);
  }
  const { tracker } = worlds.get("weighted_round_robin")!.start();
  const trailers = reporting(0.5);
  addBatch(bench, "pick: a load report with an answer", PICKS, () => {
    for (let i = 0; i < PICKS; i++) tracker.callEnded(0, trailers);
    return PICKS;
  });
}
