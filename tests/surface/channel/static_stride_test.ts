// Turns by weights: how often each index has its turn.
import { assert, assertEquals } from "@std/assert";
import {
  firstCredits,
  type StaticStride,
  staticStride,
} from "../../../surface/channel/balancer/static_stride.ts";
import { test } from "../../harness.ts";

const strideOf = (weights: number[], next = 0): StaticStride | undefined =>
  staticStride(weights, next, firstCredits(weights.length, 0));

/** How often each of `weights` has one of `turns` turns. */
function shares(weights: number[], turns: number): number[] {
  const stride = strideOf(weights)!;
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
  const stride = strideOf([5, 5, 5, 5], 2)!;
  const turns = Array.from({ length: 8 }, () => stride.take());
  assertEquals(new Set(turns.slice(0, 4)).size, 4);
  assertEquals(turns.slice(4), turns.slice(0, 4));
});

test("[C42] the turns of a heavy one are spread over those of the others", () => {
  const stride = strideOf([4, 1, 1])!;
  const turns = Array.from({ length: 60 }, () => stride.take());
  for (let i = 3; i < turns.length; i++) {
    assert(turns.slice(i - 3, i + 1).some((one) => one !== 0) || i < 8, `${turns}`);
  }
});

test("[C42] turns are in proportion to weights, though new ones come with each turn", () => {
  for (const random of [0, 0.3, 0.999]) {
    const weights = [5, 6, 3, 1];
    const credits = firstCredits(weights.length, random);
    const counts = weights.map(() => 0);
    for (let i = 0, next = 0; i < 3_000; i++) {
      const stride = staticStride(weights, next, credits)!;
      counts[stride.take()]!++;
      next = stride.next;
    }
    assertShares(counts, [1_000, 1_200, 600, 200]);
  }
});

test("[C42] over many channels each server has first turns, a heavy one more than a light one", () => {
  const weights = [9, 10, 5, 1];
  const counts = weights.map(() => 0);
  for (let random = 0; random < 1; random += 0.001) {
    for (let next = 0; next < 4; next++) {
      counts[staticStride(weights, next, firstCredits(4, random))!.take()]!++;
    }
  }
  const [nine, ten, five, one] = counts;
  assert(one! > 100 && five! > one! && nine! > five! && ten! > five!, `${counts}`);
});

test("[C43] what is not known counts as the mean of what is", () => {
  assertShares(shares([1, 0, 3], 6_000), [1_000, 2_000, 3_000]);
});

test("[C43] with fewer than two weights there is nothing to share out by", () => {
  assertEquals([strideOf([]), strideOf([0, 0]), strideOf([0, 7, 0])], [
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
