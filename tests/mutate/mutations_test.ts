// That every mutation still fits the tree: its text stands there once, and its test exists.
import { assert, assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { readMutations, staleReason } from "./mutations.mjs";

const mutations = await readMutations();

test("mutations: each has a text that stands once in its file, and a test that exists", () => {
  assert(mutations.length > 0);
  const stale = mutations.flatMap((mutation) => {
    const reason = staleReason(mutation);
    return reason === undefined ? [] : [`${mutation.id}: ${reason}`];
  });
  assertEquals(stale, []);
});

test("mutations: a text that does not stand there, stands twice, or changes nothing is stale", () => {
  const [one] = mutations;
  for (
    const wrong of [{ before: "no such text here" }, { before: "\n" }, { after: one.before }, {
      test: "gone_test.ts",
    }]
  ) {
    assert(staleReason({ ...one, ...wrong }) !== undefined, JSON.stringify(wrong));
  }
});
