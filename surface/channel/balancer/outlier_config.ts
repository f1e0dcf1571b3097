// What a service config says of outlier_detection (gRFC A50), and what it means where it says nothing.

import { JsonField } from "../service_config/json_field.ts";
import type { ConfiguredPolicy, ReadChildPolicy } from "./balancer.ts";

/** Servers are ejected of which fewer calls succeed than the others' let expect. */
export interface SuccessRateEjection {
  /** Thousandths of a standard deviation that a server's success rate may be below the mean. */
  readonly stdevFactor: number;
  /** Of 100 servers that are to be ejected, how many are. */
  readonly enforcementPercentage: number;
  /** Fewer servers with enough calls say nothing. */
  readonly minimumHosts: number;
  /** Fewer calls of a server in one interval say nothing of it. */
  readonly requestVolume: number;
}

/** Servers are ejected of which more calls fail than a fixed share. */
export interface FailurePercentageEjection {
  /** Failed calls in a hundred; more are too many. */
  readonly threshold: number;
  /** As of {@linkcode SuccessRateEjection}. */
  readonly enforcementPercentage: number;
  /** As of {@linkcode SuccessRateEjection}. */
  readonly minimumHosts: number;
  /** As of {@linkcode SuccessRateEjection}. */
  readonly requestVolume: number;
}

/** What is said of outlier_detection. */
export interface OutlierConfig {
  /** Calls are counted for so long before they are judged. */
  readonly intervalMs: number;
  /** How long a server is ejected for the first time. */
  readonly baseEjectionTimeMs: number;
  /** How long it is ejected at most. */
  readonly maxEjectionTimeMs: number;
  /** No more servers are ejected once so many of a hundred are. */
  readonly maxEjectionPercent: number;
  /** Undefined: servers are not judged by it. */
  readonly successRate: SuccessRateEjection | undefined;
  /** Undefined: servers are not judged by it. */
  readonly failurePercentage: FailurePercentageEjection | undefined;
  /** Balances over the servers. */
  readonly child: ConfiguredPolicy;
}

const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_BASE_EJECTION_TIME_MS = 30_000;
const DEFAULT_MAX_EJECTION_TIME_MS = 300_000;
const DEFAULT_MAX_EJECTION_PERCENT = 10;

/** Reads it; throws ServiceConfigError. */
export function readOutlierConfig(
  json: Readonly<Record<string, unknown>>,
  readChild: ReadChildPolicy,
): OutlierConfig {
  const root = new JsonField("", json);
  const durationMs = (name: string) => root.get(name).optional((field) => field.durationMs(false));
  return {
    intervalMs: root.get("interval").optional((field) => field.durationMs(true)) ?? DEFAULT_INTERVAL_MS,
    baseEjectionTimeMs: durationMs("baseEjectionTime") ?? DEFAULT_BASE_EJECTION_TIME_MS,
    maxEjectionTimeMs: durationMs("maxEjectionTime") ?? DEFAULT_MAX_EJECTION_TIME_MS,
    maxEjectionPercent: percentage(root, "maxEjectionPercent", DEFAULT_MAX_EJECTION_PERCENT),
    successRate: root.get("successRateEjection").optional((field) => ({
      stdevFactor: count(field, "stdevFactor", 1_900),
      enforcementPercentage: percentage(field, "enforcementPercentage", 100),
      minimumHosts: count(field, "minimumHosts", 5),
      requestVolume: count(field, "requestVolume", 100),
    })),
    failurePercentage: root.get("failurePercentageEjection").optional((field) => ({
      threshold: percentage(field, "threshold", 85),
      enforcementPercentage: percentage(field, "enforcementPercentage", 100),
      minimumHosts: count(field, "minimumHosts", 5),
      requestVolume: count(field, "requestVolume", 50),
    })),
    child: readChild(json.childPolicy, "childPolicy"),
  };
}

function count(field: JsonField, name: string, usual: number): number {
  return field.get(name).optional((one) => one.integer(0)) ?? usual;
}

function percentage(field: JsonField, name: string, usual: number): number {
  return field.get(name).optional((one) => one.integer(0, 100)) ?? usual;
}
