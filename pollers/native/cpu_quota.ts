// How much of a machine's processors a container may use, as Linux's control groups have it.

import { readTextFileSync } from "./files.ts";
import { isGranted } from "./permission.ts";

/** Version 2, as a container sees its own group: "50000 100000" or "max 100000". */
const CURRENT = "/sys/fs/cgroup/cpu.max";

/** Version 1: the quota, -1 without one, and the period. */
const OLD_QUOTA = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us";
const OLD_PERIOD = "/sys/fs/cgroup/cpu/cpu.cfs_period_us";

let known: number | undefined = undefined;

/**
 * Processors that this process may use, with fractions; Infinity where there is no limit, where it cannot be read, and where
 * Deno may not read it. Found out once.
 */
export function processorQuota(): number {
  return known ??= quotaOf((path) => {
    if (!isGranted({ name: "read", path })) return undefined;
    try {
      return readTextFileSync(path);
    } catch {
      return undefined; // another system, or another version of control groups
    }
  });
}

/** The same from the files that `read` gives; undefined for one that is not there. */
export function quotaOf(read: (path: string) => string | undefined): number {
  const text = read(CURRENT) ?? `${read(OLD_QUOTA) ?? "max"} ${read(OLD_PERIOD) ?? ""}`;
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : Infinity;
}
