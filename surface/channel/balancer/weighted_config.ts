// What a service config says of weighted_round_robin (gRFC A58), and what it means where it says nothing.

import { JsonField } from "../service_config/json_field.ts";

/** See the head of this file. */
export interface WeightedConfig {
  /** Servers report their load by a stream of its own, and not with the answers to calls. */
  readonly enableOobLoadReport: boolean;
  /** How often they are asked to, by that stream. */
  readonly oobReportingPeriodMs: number;
  /** A server has to report for so long before its weight counts. */
  readonly blackoutPeriodMs: number;
  /** A weight counts no more where there was no report for so long. */
  readonly weightExpirationPeriodMs: number;
  /** How often weights become shares of the calls. */
  readonly weightUpdatePeriodMs: number;
  /** What the share of failed calls adds to a server's utilization is multiplied by it. */
  readonly errorUtilizationPenalty: number;
}

const LEAST_UPDATE_PERIOD_MS = 100;

/** Reads it; throws ServiceConfigError. */
export function readWeightedConfig(json: Readonly<Record<string, unknown>>): WeightedConfig {
  const root = new JsonField("", json);
  const durationMs = (name: string, usual: number, positive = false) =>
    root.get(name).optional((field) => field.durationMs(positive)) ?? usual;
  return {
    enableOobLoadReport: root.get("enableOobLoadReport").optional((field) => field.flag()) ?? false,
    oobReportingPeriodMs: durationMs("oobReportingPeriod", 10_000, true),
    blackoutPeriodMs: durationMs("blackoutPeriod", 10_000),
    weightExpirationPeriodMs: durationMs("weightExpirationPeriod", 180_000),
    weightUpdatePeriodMs: Math.max(LEAST_UPDATE_PERIOD_MS, durationMs("weightUpdatePeriod", 1_000)),
    errorUtilizationPenalty:
      root.get("errorUtilizationPenalty").optional((field) => field.number(Infinity, true)) ?? 1,
  };
}
