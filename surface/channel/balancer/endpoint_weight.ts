// The weight of one server, by the load that it reports (gRFC A58), per call or by a stream.

import type { Instant } from "../../../pollers/mod.ts";
import { binaryValue, binaryValues, type HeaderList, protocolName } from "../../../transport/mod.ts";
import type { StatusCode } from "../../call/status.ts";
import type { CallTracker } from "../call_tracker.ts";
import { type Load, readLoad } from "./load_reader.ts";
import type { WeightedConfig } from "./weighted_config.ts";

/** Where calls have the report, among their trailers (gRFC A51). */
const TRAILER = protocolName("endpoint-load-metrics-bin");

const load: Load = { cpuUtilization: 0, applicationUtilization: 0, qps: 0, eps: 0 };

/** The policy. */
export interface WeightOwner {
  readonly engine: { now(): Instant };
  /** The present one. */
  readonly config: WeightedConfig;
}

/** See the head of this file. */
export class EndpointWeight implements CallTracker {
  private weight = 0;
  private reportedAt: Instant = -Infinity;
  /** Since when there are reports; Infinity where there are none, or none that count. */
  private since: Instant = Infinity;

  constructor(private readonly owner: WeightOwner) {}

  callStarted(): void {}
  callLeft(): void {}
  callEnded(_code: StatusCode, trailers: HeaderList): void {
    if (this.owner.config.enableOobLoadReport) return;
    const field = trailers.find(TRAILER);
    if (field === undefined) return;
    const bytes = binaryValue(field) ?? binaryValues(field)?.[0];
    if (bytes !== undefined) this.report(bytes);
  }

  /** The server reports `bytes`. What says nothing of its load, or is no report, changes nothing. */
  report(bytes: Uint8Array): void {
    if (!readLoad(bytes, load)) return;
    const { qps, eps, applicationUtilization, cpuUtilization } = load;
    const utilization = applicationUtilization > 0 ? applicationUtilization : cpuUtilization;
    if (!(qps > 0 && utilization > 0)) return;
    const penalty = eps > 0 ? eps / qps * this.owner.config.errorUtilizationPenalty : 0;
    const weight = qps / (utilization + penalty);
    if (!(weight > 0 && weight < Infinity)) return;
    this.weight = weight;
    this.reportedAt = this.owner.engine.now();
    if (this.since === Infinity) this.since = this.reportedAt;
  }

  /** It has another connection, and may be another process: what it reported before does not count. */
  reconnected(): void {
    this.since = Infinity;
  }

  /** The weight at `now`; 0 where there is none that counts. */
  at(now: Instant): number {
    const { weightExpirationPeriodMs, blackoutPeriodMs } = this.owner.config;
    if (now - this.reportedAt >= weightExpirationPeriodMs) {
      this.since = Infinity;
      return 0;
    }
    return now - this.since < blackoutPeriodMs ? 0 : this.weight;
  }
}
