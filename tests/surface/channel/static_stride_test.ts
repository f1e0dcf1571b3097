// Turns by weights: how often each index has its turn.
import { assert, assertEquals } from "@std/assert";
import { staticStride } from "../../../surface/channel/balancer/static_stride.ts";
import { test } from "../../harness.ts";

/** How often each of `weights` has one of `turns` turns. */
function shares(weights: number[], turns: number): number[] {
  const stride = staticStride(weights, 0)!;
  const counts = weights.map(() => 0);
  for (let i = 0; i < turns; i++) counts[stride.take()]!++;
  return counts;
}

/** Within 1% of the turns. */
function assertShares(found: number[], expected: number[]): void {
  const turns = expected.reduce((sum, share) => sum + share, 0);
  assert(found.every((share, i) => Math.abs(share - expected[i]!) <= turns / 100), `${found}`);
}

test("[C42] turns are in proportion to weights", () => {
  assertShares(shares([1, 2, 3], 6_000), [1_000, 2_000, 3_000]);
  assertShares(shares([70, 10, 10, 10], 1_000), [700, 100, 100, 100]);
  assertShares(shares([0.001, 0.003], 4_000), [1_000, 3_000]);
});

test("[C42] weights of any size have their turns, which are a server's to report", () => {
  assertShares(shares([1.7e308, 1.7e308], 1_000), [500, 500]);
  assertShares(shares([1.7e308, 1.7e308, 0.85e308], 1_000), [400, 400, 200]);
  assertShares(shares([5e-324, 5e-324], 1_000), [500, 500]);
});

test("[C42] equal weights have their turns one after another", () => {
  const stride = staticStride([5, 5, 5, 5], 2)!;
  const turns = Array.from({ length: 8 }, () => stride.take());
  assertEquals(new Set(turns.slice(0, 4)).size, 4);
  assertEquals(turns.slice(4), turns.slice(0, 4));
});

test("[C42] the turns of a heavy one are spread over those of the others", () => {
  const stride = staticStride([4, 1, 1], 0)!;
  const turns = Array.from({ length: 60 }, () => stride.take());
  for (let i = 3; i < turns.length; i++) {
    assert(turns.slice(i - 3, i + 1).some((one) => one !== 0) || i < 8, `${turns}`);
  }
});

test("[C43] what is not known counts as the mean of what is", () => {
  assertShares(shares([1, 0, 3], 6_000), [1_000, 2_000, 3_000]);
});

test("[C43] with fewer than two weights there is nothing to share out by", () => {
  assertEquals([staticStride([], 0), staticStride([0, 0], 0), staticStride([0, 7, 0], 0)], [
    undefined,
    undefined,
    undefined,
  ]);
});

test("[C42] a weight counts for ten times the mean at most, and for a hundredth of it at least", () => {
  const many = [1e9, ...Array.from({ length: 99 }, () => 1)]; // the mean is 1e7: ten times that is the most
  const [heavy, ...light] = shares(many, 100_000);
  // A hundredth of the mean, 1e5, against 1e8: each of the 99 has a thousandth of the turns of the heavy one.
  assertShares([heavy!, light.reduce((sum, one) => sum + one, 0)], [90_992, 9_008]);
});
