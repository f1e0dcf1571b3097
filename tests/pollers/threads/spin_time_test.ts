import { assertEquals, assertThrows } from "@std/assert";
import process from "node:process";
import { quotaOf } from "../../../pollers/native/cpu_quota.ts";
import { spinMsOf } from "../../../pollers/threads/spin_time.ts";
import { test } from "../../harness.ts";

function withVariable(value: string | undefined, body: () => void): void {
  const before = process.env["POLLWIRE_SPIN_US"];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env["POLLWIRE_SPIN_US"];
    else process.env["POLLWIRE_SPIN_US"] = to;
  };
  set(value);
  try {
    body();
  } finally {
    set(before);
  }
}

test("spin time: what the engine was made with, then the environment, then what is usual", () => {
  withVariable("40", () => {
    assertEquals(spinMsOf({ spinUs: 20 }, 0.15), 0.02);
    assertEquals(spinMsOf({ spinUs: 0 }, 0.15), 0);
    assertEquals(spinMsOf({}, 0.15), 0.04);
  });
  withVariable(undefined, () => assertEquals([0, 0.15].includes(spinMsOf({}, 0.15)), true));
});

test("spin time: what is no span of time is refused, with its source", () => {
  for (
    const [spinUs, found] of [[-1, "-1"], [NaN, "NaN"], [Infinity, "Infinity"], [
      "20" as never,
      '"20"',
    ]] as const
  ) {
    assertThrows(
      () => spinMsOf({ spinUs }, 1),
      RangeError,
      `Cannot spin as spinUs says: expected 0 to 1000000 microseconds, found ${found}`,
    );
  }
  for (const said of ["soon", " "]) {
    withVariable(said, () => {
      assertThrows(
        () => spinMsOf({}, 1),
        RangeError,
        `as POLLWIRE_SPIN_US says: expected 0 to 1000000 microseconds, found "${said}"`,
      );
    });
  }
});

test("processor quota: control groups of both versions, with and without a limit", () => {
  const files = (entries: Record<string, string>) => (path: string): string | undefined => entries[path];
  const old = "/sys/fs/cgroup/cpu/cpu.cfs_";
  assertEquals(quotaOf(files({ "/sys/fs/cgroup/cpu.max": "50000 100000\n" })), 0.5);
  assertEquals(quotaOf(files({ "/sys/fs/cgroup/cpu.max": "max 100000\n" })), Infinity);
  assertEquals(quotaOf(files({ [`${old}quota_us`]: "200000\n", [`${old}period_us`]: "100000\n" })), 2);
  assertEquals(quotaOf(files({ [`${old}quota_us`]: "-1\n", [`${old}period_us`]: "100000\n" })), Infinity);
  assertEquals(quotaOf(files({})), Infinity);
  assertEquals(quotaOf(files({ "/sys/fs/cgroup/cpu.max": "what is this" })), Infinity);
});
