// One thing that happens at every operation of a call, in every style: a cancel, a reset, a partition, a drain, an end.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { AMPLE_MS, type Interruption, INTERRUPTIONS, type Plan, type Style } from "./plan.ts";
import { type Outcome, runPlans } from "./program.ts";
import { type Kind, KINDS, SERVICES } from "./service.ts";
import { SimulatedWorld } from "./world.ts";

const CLIENTS = ["queue", "stub", "reactor"] as const;
const QUEUES = ["NEXT", "PLUCK", "CALLBACK"] as const;
/** The status that many calls must end with, or nothing was interrupted. */
const MOST: Readonly<Record<Interruption["what"], string>> = {
  cancel: "CANCELLED",
  reset: "UNAVAILABLE",
  part: "OK",
  stop: "UNAVAILABLE",
  drain: "OK",
  close: "UNAVAILABLE",
  shutdown: "REFUSED",
};
/** More than any of these calls has. */
const OPERATIONS = 20;

function planOf(
  id: number,
  kind: Kind,
  style: Pick<Style, "client" | "interruption"> & Partial<Style>,
): Plan {
  const choices = new SeededRandom(id);
  const isLost = style.interruption !== undefined && !["cancel", "drain"].includes(style.interruption.what);
  return {
    id,
    kind,
    startMs: 0,
    count: kind === "unary" ? 1 : 3,
    size: choices.pick([0, 100, 20_000]),
    requestSize: choices.pick([0, 100, 20_000]),
    pauseMs: choices.pick([0, 0, 1]),
    failWith: choices.chance(0.2) ? choices.between(1, 16) : 0,
    deadlineMs: isLost ? 5_000 : AMPLE_MS,
    cancelMs: undefined,
    leaveAfter: undefined,
    readerPauseMs: 0,
    waitForReady: choices.chance(0.5),
    style: {
      service: SERVICES[id % SERVICES.length]!,
      untyped: choices.chance(0.2),
      serverCancelsAt: 0,
      queue: QUEUES[id % QUEUES.length]!,
      early: choices.chance(0.5),
      later: choices.chance(0.3),
      choices,
      ...style,
    },
  };
}

/** The call, and one beside it that must not suffer from what is not its own. */
function runPair(seed: number, plan: Plan, what: string): Promise<Outcome> {
  const conditions = { latencyMs: seed % 2, bufferBytes: seed % 3 === 0 ? 1_000 : 262_144 };
  const world = new SimulatedWorld({ seed, conditions, traceLines: 60, windows: { client: {}, server: {} } });
  const isAlone = what === "cancel" || what === "drain" || what === "server";
  const other: Plan = {
    ...planOf(seed + 1_000_000, plan.kind, { client: plan.style.client, interruption: undefined }),
    deadlineMs: isAlone ? AMPLE_MS : 5_000,
  };
  return runPlans(world, seed, [plan, other], () => {});
}

for (const [number, what] of INTERRUPTIONS.entries()) {
  test(`${what} at every operation of calls in every style, seeds from ${number}0001`, async () => {
    let seed = number * 10_000;
    let expected = 0;
    for (const client of CLIENTS) {
      for (const kind of KINDS) {
        for (let at = 1; at <= OPERATIONS; at++) {
          seed++;
          const plan = planOf(seed, kind, { client, interruption: { what, at } });
          const { calls, statuses } = await runPair(seed, plan, what);
          assertEquals(calls, 2);
          expected += statuses[MOST[what]] ?? 0;
        }
      }
    }
    assert(expected > 20, `${expected} calls ended with ${MOST[what]}`);
  }, { timeoutMs: 120_000 });
}

test("a handler that cancels its call at every operation, in every style, seeds from 90001", async () => {
  let seed = 90_000;
  for (const service of SERVICES) {
    for (const kind of KINDS) {
      for (let at = 1; at <= OPERATIONS / 2; at++) {
        seed++;
        const client = CLIENTS[seed % CLIENTS.length]!;
        const plan = planOf(seed, kind, { client, service, serverCancelsAt: at, interruption: undefined });
        assertEquals((await runPair(seed, plan, "server")).calls, 2);
      }
    }
  }
}, { timeoutMs: 120_000 });
