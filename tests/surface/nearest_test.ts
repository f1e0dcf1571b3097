// The right name for a wrong one.

import { assertEquals } from "@std/assert";
import { hint, nearest } from "../../surface/nearest.ts";
import { test } from "../harness.ts";

test("nearest: the right name, or none where nothing is near", () => {
  const names = ["deadlineMs", "signal", "metadata", "waitForReady"];
  const cases: [string, string | undefined][] = [
    ["deadlinems", "deadlineMs"],
    ["deadline_ms", "deadlineMs"],
    ["sginal", "signal"],
    ["meta", "metadata"],
    ["wait", "waitForReady"],
    ["waitForready", "waitForReady"],
    ["foo", undefined],
    ["x", undefined],
    ["", undefined],
    ["metadata".repeat(50), undefined],
  ];
  for (const [wrong, right] of cases) assertEquals(nearest(wrong, names), right, wrong);
});

test("nearest: the same but for case and underscores comes before what begins alike", () => {
  assertEquals(nearest("sent_at", ["sentAtMs", "sentAt"]), "sentAt");
  assertEquals(nearest("sent_at", ["sentAtMs", "sentBy"]), "sentAtMs");
});

test("nearest: what is said of a wrong name", () => {
  assertEquals(hint("nmae", ["name", "other"]), "; did you mean name?");
  assertEquals(hint("x", ["name", "other"]), "; there are name, other");
  assertEquals(hint("x", ["name"]), "; there is name");
  assertEquals(hint("x", []), "");
  const many = Array.from({ length: 15 }, (_, i) => `name${i}`);
  assertEquals(hint("x", many), `; there are ${many.slice(0, 12).join(", ")} and 3 more`);
});
