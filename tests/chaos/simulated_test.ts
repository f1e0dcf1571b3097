// Servers that go and come under calls, in virtual time: a few of the seeds that `npm run chaos -- --seeds=1000` runs.
import { assert, assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { Ledger } from "./ledger.ts";
import { runSeed } from "./simulated.ts";

const SEEDS = 24;
const BATCH = 8;

for (let first = 1; first <= SEEDS; first += BATCH) {
  test(
    `chaos, seeds ${first} to ${
      first + BATCH - 1
    }: no call is lost that is to be retried, and none made twice that must not be`,
    async () => {
      for (let seed = first; seed < first + BATCH; seed++) {
        const { problems, calls, faults } = await runSeed(seed);
        assertEquals(problems, [], `seed ${seed}: npm run chaos -- --seed=${seed} --seeds=1`);
        assert(calls > 100 && faults.length > 5, `seed ${seed}: ${calls} calls, ${faults.length} faults`);
      }
    },
    { timeoutMs: 120_000 },
  );
}

test("chaos: the verdict sees calls that were lost, made twice, made too often and answered by nobody", () => {
  const judged = (
    kind: "once" | "again" | "down",
    code: number,
    times: number,
    attempts: number,
  ): string[] => {
    const ledger = new Ledger(5);
    for (let i = 0; i < times; i++) ledger.execute("a");
    ledger.attempted("a", attempts);
    ledger.end({ id: "a", kind, code, problems: [] });
    return ledger.judge();
  };
  assertEquals(judged("once", 0, 1, 1), []);
  assertEquals(judged("once", 14, 1, 1), []);
  assertEquals(judged("once", 14, 0, 1), []);
  assertEquals(judged("again", 0, 2, 3), []);
  assertEquals(judged("again", 14, 1, 5), []);
  assertEquals(judged("once", 14, 2, 2), ["once a, UNAVAILABLE: it was executed 2 times"]);
  assertEquals(judged("once", 0, 0, 1), ["once a, OK: no server has executed it"]);
  assertEquals(judged("again", 14, 1, 4), ["again a, UNAVAILABLE: lost after 4 attempts"]);
  assertEquals(judged("again", 0, 3, 2), ["again a, OK: it was executed 3 times in 2 attempts"]);
  assertEquals(judged("down", 4, 1, 1), [
    "down a, DEADLINE_EXCEEDED: calls here end with OK or UNAVAILABLE",
  ]);
});
