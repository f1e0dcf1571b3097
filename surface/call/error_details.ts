// The standard details of errors (google/rpc/error_details.proto), with JSON.

import { type JsonMessageType, jsonMessageType } from "../proto/runtime/json.ts";
import type { MessageType } from "../proto/runtime/message.ts";
import * as details from "../protos/google/rpc/error_details.ts";

export type {
  BadRequest,
  BadRequest_FieldViolation as FieldViolation,
  DebugInfo,
  ErrorInfo,
  Help,
  Help_Link as HelpLink,
  LocalizedMessage,
  PreconditionFailure,
  PreconditionFailure_Violation as PreconditionViolation,
  QuotaFailure,
  QuotaFailure_Violation as QuotaViolation,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from "../protos/google/rpc/error_details.ts";

/** The standard details of errors by their simple names. */
export type ErrorDetails = {
  /** Why the call failed, for programs. */
  readonly ErrorInfo: JsonMessageType<details.ErrorInfo>;
  /** When to try again. */
  readonly RetryInfo: JsonMessageType<details.RetryInfo>;
  /** Where the server failed. */
  readonly DebugInfo: JsonMessageType<details.DebugInfo>;
  /** Which quotas were exceeded. */
  readonly QuotaFailure: JsonMessageType<details.QuotaFailure>;
  /** Which preconditions did not hold. */
  readonly PreconditionFailure: JsonMessageType<details.PreconditionFailure>;
  /** Which fields of the request are wrong. */
  readonly BadRequest: JsonMessageType<details.BadRequest>;
  /** Which request it was. */
  readonly RequestInfo: JsonMessageType<details.RequestInfo>;
  /** Which resource it was about. */
  readonly ResourceInfo: JsonMessageType<details.ResourceInfo>;
  /** Pages that help. */
  readonly Help: JsonMessageType<details.Help>;
  /** Text for users. */
  readonly LocalizedMessage: JsonMessageType<details.LocalizedMessage>;
};

/** The codecs of the standard details of errors, by their simple names. */
export const errorDetails: ErrorDetails = {
  ErrorInfo: /* @__PURE__ */ withJson(details.ErrorInfo),
  RetryInfo: /* @__PURE__ */ withJson(details.RetryInfo),
  DebugInfo: /* @__PURE__ */ withJson(details.DebugInfo),
  QuotaFailure: /* @__PURE__ */ withJson(details.QuotaFailure),
  PreconditionFailure: /* @__PURE__ */ withJson(details.PreconditionFailure),
  BadRequest: /* @__PURE__ */ withJson(details.BadRequest),
  RequestInfo: /* @__PURE__ */ withJson(details.RequestInfo),
  ResourceInfo: /* @__PURE__ */ withJson(details.ResourceInfo),
  Help: /* @__PURE__ */ withJson(details.Help),
  LocalizedMessage: /* @__PURE__ */ withJson(details.LocalizedMessage),
};

function withJson<T>({ schema, read, write }: MessageType<T>): JsonMessageType<T> {
  return jsonMessageType(schema, read, write);
}
