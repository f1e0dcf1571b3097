// The standard details of errors (google/rpc/error_details.proto), with JSON.

import type { JsonMessageType } from "../proto/runtime/json.ts";
import type * as details from "../protos/google/rpc/error_details.ts";
import { standardDetails } from "./standard_details.ts";

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

/** The codecs of the standard details of errors, by their simple names. They are made when one of them is asked for. */
export const errorDetails: ErrorDetails = {
  get ErrorInfo() {
    return standardDetails().ErrorInfo;
  },
  get RetryInfo() {
    return standardDetails().RetryInfo;
  },
  get DebugInfo() {
    return standardDetails().DebugInfo;
  },
  get QuotaFailure() {
    return standardDetails().QuotaFailure;
  },
  get PreconditionFailure() {
    return standardDetails().PreconditionFailure;
  },
  get BadRequest() {
    return standardDetails().BadRequest;
  },
  get RequestInfo() {
    return standardDetails().RequestInfo;
  },
  get ResourceInfo() {
    return standardDetails().ResourceInfo;
  },
  get Help() {
    return standardDetails().Help;
  },
  get LocalizedMessage() {
    return standardDetails().LocalizedMessage;
  },
};
