// HTTP/2 error codes and the gRPC status of a call that each ends, as PROTOCOL-HTTP2.md, "Errors", has them.
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { ErrorCode } from "../../../transport/http2/error.ts";

const { INTERNAL, UNAVAILABLE, CANCELLED, RESOURCE_EXHAUSTED, PERMISSION_DENIED } = GrpcStatus;

/** Every code that has a status there; STREAM_CLOSED ends no call. */
export const STATUS_OF_ERROR_CODE: ReadonlyArray<readonly [code: ErrorCode, status: number]> = [
  [ErrorCode.NO_ERROR, INTERNAL],
  [ErrorCode.PROTOCOL_ERROR, INTERNAL],
  [ErrorCode.INTERNAL_ERROR, INTERNAL],
  [ErrorCode.FLOW_CONTROL_ERROR, INTERNAL],
  [ErrorCode.SETTINGS_TIMEOUT, INTERNAL],
  [ErrorCode.FRAME_SIZE_ERROR, INTERNAL],
  [ErrorCode.REFUSED_STREAM, UNAVAILABLE],
  [ErrorCode.CANCEL, CANCELLED],
  [ErrorCode.COMPRESSION_ERROR, INTERNAL],
  [ErrorCode.CONNECT_ERROR, INTERNAL],
  [ErrorCode.ENHANCE_YOUR_CALM, RESOURCE_EXHAUSTED],
  [ErrorCode.INADEQUATE_SECURITY, PERMISSION_DENIED],
];
