// Makes the codecs of the standard details of errors (google/rpc/error_details.proto), with JSON.

import { type JsonMessageType, jsonMessageType } from "../proto/runtime/json.ts";
import type { MessageType } from "../proto/runtime/message.ts";
import * as details from "../protos/google/rpc/error_details.ts";

const DETAILS = {
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

/** They, by their simple names. */
export function standardDetails(): typeof DETAILS {
  return DETAILS;
}

function withJson<T>({ schema, read, write }: MessageType<T>): JsonMessageType<T> {
  return jsonMessageType(schema, read, write);
}
