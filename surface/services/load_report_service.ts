// The service by which servers report their load, as clients and servers know it (gRFC A51): xds.service.orca.v3.OpenRcaService,
// and xds.data.orca.v3.OrcaLoadReport, which also comes with the trailers of calls.

import { encodeFramed } from "../proto/codec.ts";
import type { ServerStreaming, ServiceDescriptor, ServiceOf } from "../proto/service.ts";
import { OpenRcaService } from "../protos/xds/service/orca/v3/orca.ts";

/** The path of the method. */
export const STREAM_CORE_METRICS = "/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics";

/** The load of a server, or what one call cost it. What is 0 or left out is not said. */
export interface LoadReport {
  /** The processor's: 0 is idle, 1 is all of it, and above 1 there is more work than it can do. */
  readonly cpuUtilization?: number;
  /** The memory's: 0 to 1. */
  readonly memUtilization?: number;
  /** Of whatever limits the application, in its own measure: 0 is idle, 1 what it can do. */
  readonly applicationUtilization?: number;
  /** Calls a second. */
  readonly rpsFractional?: number;
  /** Failed calls a second. */
  readonly eps?: number;
  /** Other utilizations, by name: 0 to 1. */
  readonly utilization?: Readonly<Record<string, number>>;
  /** What the call cost, by name; of a call alone. */
  readonly requestCost?: Readonly<Record<string, number>>;
  /** Anything else, by name. */
  readonly namedMetrics?: Readonly<Record<string, number>>;
}

/** Asks a server for its load. */
export interface LoadReportRequest {
  /** How often; no more often than the server allows. */
  readonly reportInterval?: { readonly seconds: bigint; readonly nanos: number };
  /** Not used by this library's server. */
  readonly requestCostNames?: readonly string[];
}

/** The methods of `xds.service.orca.v3.OpenRcaService`. */
export interface LoadReportMethods {
  /** The load now, and then once in each interval. */
  readonly streamCoreMetrics: ServerStreaming<LoadReportRequest, LoadReport>;
}

/** `xds.service.orca.v3.OpenRcaService`, for clients: `createClient(loadReportService(), channel)`. */
export function loadReportService(): ServiceOf<LoadReportMethods> {
  return OpenRcaService as ServiceDescriptor<unknown> as ServiceOf<LoadReportMethods>;
}

/** A request for reports every `intervalMs`, after 5 free octets. */
export function encodeReportRequest(intervalMs: number): Uint8Array {
  const seconds = Math.floor(intervalMs / 1_000);
  const nanos = Math.round((intervalMs - seconds * 1_000) * 1e6);
  const { requestCodec } = loadReportService().methods.streamCoreMetrics;
  return encodeFramed(requestCodec, { reportInterval: { seconds: BigInt(seconds), nanos } }).slice();
}
