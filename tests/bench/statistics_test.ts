// Medians, ratios and verdicts of the benchmarks.
import { assertEquals } from "@std/assert";
import { median, ratio, spread } from "../../bench/measure/statistics.mjs";
import { groups, short } from "../../bench/report/groups.mjs";
import { selectScenarios } from "../../bench/scenarios.mjs";
import { test } from "../harness.ts";

test("statistics: the median is the middle, of an even number the mean of the middle two", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7]);
  assertEquals(spread([5, 1, 3]), { median: 3, min: 1, max: 5 });
});

test("statistics: ratios are taken round by round, so that a slow round is slow for both", () => {
  const value = (value: number) => ({ value });
  assertEquals(ratio([value(20), value(2), value(40)], [value(10), value(1), value(20)]), 2);
  assertEquals(ratio([value(20), null, value(60)], [value(10), value(1), value(20)]), 2.5);
  assertEquals(ratio([null], [value(1)]), undefined);
});

test("statistics: groups put the best first and compare with the best that is not ours; failures come along", () => {
  const result = (contender: string, ours: boolean, values: number[], error?: string) => ({
    contender,
    ours,
    version: "1",
    scenario: "unary",
    unit: "calls/s",
    better: "more",
    side: "server",
    load: "generator",
    error,
    rounds: values.map((value) => ({ value })),
  });
  const results = [
    result("slow", false, [1, 1, 1]),
    result("broken", false, [], "it crashed"),
    result("pollwire", true, [10, 12, 11]),
    result("quick", false, [2, 2, 2]),
  ];
  const [group] = groups({ results });
  assertEquals(group!.bases, ["quick"]);
  const told = group!.rows.map((
    { contender, ratios, error }: { contender: string; ratios: number[]; error?: string },
  ) => `${contender} ${error ?? ratios[0]}`);
  assertEquals(told, ["pollwire 5.5", "quick 1", "slow 0.5", "broken it crashed"]);
});

test("statistics: numbers are short, scenarios found by a beginning of their names", () => {
  assertEquals([1234567, 12345, 234.5, 1.2345].map(short), ["1.23M", "12.3k", "235", "1.23"]);
  assertEquals(selectScenarios("unary-1x1").map(({ id }: { id: string }) => id), [
    "unary-1x1-16",
    "unary-1x1-1k",
    "unary-1x1-64k",
  ]);
  assertEquals(selectScenarios("headers-production").map(({ id }: { id: string }) => id), [
    "headers-production",
  ]);
});
