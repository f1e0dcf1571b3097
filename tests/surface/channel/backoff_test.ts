// gRPC's connection backoff: 1 s, times 1.6, up to 120 s, give or take a fifth.
import { assert, assertEquals } from "@std/assert";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { test } from "../../harness.ts";

const rounded = (values: number[]) => values.map((value) => Math.round(value));

test("backoff: waits grow by 1.6 from 1 s to 120 s and stay there, until a reset", () => {
  const backoff = new Backoff(() => 0.5);
  assertEquals(rounded(Array.from({ length: 13 }, () => backoff.next())), [
    1_000,
    1_600,
    2_560,
    4_096,
    6_554,
    10_486,
    16_777,
    26_844,
    42_950,
    68_719,
    109_951,
    120_000,
    120_000,
  ]);
  backoff.reset();
  assertEquals(backoff.next(), 1_000);
});

test("backoff: jitter is a fifth either way", () => {
  assertEquals([new Backoff(() => 0).next(), new Backoff(() => 1).next()], [800, 1_200]);
  const backoff = new Backoff(Math.random, 50);
  for (let i = 0; i < 1_000; i++) {
    backoff.reset();
    const waitMs = backoff.next();
    assert(waitMs >= 40 && waitMs <= 60, `${waitMs} ms`);
  }
});

test("backoff: the limit holds before jitter, and jitter does not add up from wait to wait", () => {
  for (const [random, factor] of [[0, 0.8], [1, 1.2]] as const) {
    const backoff = new Backoff(() => random);
    const waits = Array.from({ length: 14 }, () => backoff.next());
    const plain = Array.from({ length: 14 }, (_, i) => Math.min(120_000, 1_000 * 1.6 ** i));
    assertEquals(rounded(waits), rounded(plain.map((wait) => wait * factor)));
  }
});
