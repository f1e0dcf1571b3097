// The service by which servers report their load, as clients and servers know it (gRFC A51): xds.service.orca.v3.OpenRcaService,
// and xds.data.orca.v3.OrcaLoadReport, which also comes with the trailers of calls.

import { encodeFramed } from "../proto/codec.ts";
import type { ServiceOf } from "../proto/service.ts";
import { OpenRcaService } from "../protos/xds/service/orca/v3/orca.ts";

export type { OrcaLoadReport as LoadReport } from "../protos/xds/data/orca/v3/orca_load_report.ts";
export type {
  OpenRcaService as LoadReportMethods,
  OrcaLoadReportRequest as LoadReportRequest,
} from "../protos/xds/service/orca/v3/orca.ts";

/** `xds.service.orca.v3.OpenRcaService`, for clients: `createClient(loadReportService(), channel)`. */
export function loadReportService(): ServiceOf<OpenRcaService> {
  return OpenRcaService;
}

/** A request for reports every `intervalMs`, after 5 free octets. */
export function encodeReportRequest(intervalMs: number): Uint8Array {
  const seconds = Math.floor(intervalMs / 1_000);
  const nanos = Math.round((intervalMs - seconds * 1_000) * 1e6);
  const { requestCodec } = loadReportService().methods.streamCoreMetrics;
  return encodeFramed(requestCodec, { reportInterval: { seconds: BigInt(seconds), nanos } }).slice();
}
