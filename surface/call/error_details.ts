// The standard details of errors (google/rpc/error_details.proto), with JSON.

import type { Duration, JsonCodec } from "../proto/mod.ts";

import { jsonMessageType } from "../proto/runtime/json.ts";
import type { MessageType } from "../proto/runtime/message.ts";
import * as details from "../protos/google/rpc/error_details.ts";

/** Why a call failed, for programs. */
export interface ErrorInfo {
  /** "STOCKOUT": unique within the domain. */
  reason: string;
  /** "pubsub.googleapis.com": who says so. */
  domain: string;
  /** More of it. */
  metadata: Record<string, string>;
}

/** When a client may try again. */
export interface RetryInfo {
  /** From the response on. */
  retryDelay: Duration | undefined;
}

/** Where a server failed, for its developers. */
export interface DebugInfo {
  /** Frames of a stack. */
  stackEntries: string[];
  /** More of it. */
  detail: string;
}

/** One quota that was exceeded. */
export interface QuotaViolation {
  /** "project:<id>": whose quota it is. */
  subject: string;
  /** How it was exceeded. */
  description: string;
  /** "compute.googleapis.com". */
  apiService: string;
  /** "compute.googleapis.com/cpus". */
  quotaMetric: string;
  /** Names the quota. */
  quotaId: string;
  /** Where it counts: a region, for one. */
  quotaDimensions: Record<string, string>;
  /** What it is. */
  quotaValue: bigint;
  /** What it will be. */
  futureQuotaValue: bigint | undefined;
}

/** The quotas that were exceeded. */
export interface QuotaFailure {
  /** Each of them. */
  violations: QuotaViolation[];
}

/** One precondition that did not hold. */
export interface PreconditionViolation {
  /** "TOS": of which kind. */
  type: string;
  /** What it is about. */
  subject: string;
  /** What to do. */
  description: string;
}

/** The preconditions that did not hold. */
export interface PreconditionFailure {
  /** Each of them. */
  violations: PreconditionViolation[];
}

/** One field of a request that is wrong. */
export interface FieldViolation {
  /** "emailAddresses[1].email": its path in the request. */
  field: string;
  /** What is wrong. */
  description: string;
  /** The same for programs. */
  reason: string;
  /** The same for users. */
  localizedMessage: LocalizedMessage | undefined;
}

/** The fields of a request that are wrong. */
export interface BadRequest {
  /** Each of them. */
  fieldViolations: FieldViolation[];
}

/** Which request it was. */
export interface RequestInfo {
  /** For the server's logs. */
  requestId: string;
  /** Anything of the server's. */
  servingData: string;
}

/** Which resource it was. */
export interface ResourceInfo {
  /** "sql table", or the type's name. */
  resourceType: string;
  /** Its name. */
  resourceName: string;
  /** "user:<email>": whose it is. */
  owner: string;
  /** What happened to it. */
  description: string;
}

/** A page that helps. */
export interface HelpLink {
  /** What it offers. */
  description: string;
  /** Where it is. */
  url: string;
}

/** Pages that help. */
export interface Help {
  /** Each of them. */
  links: HelpLink[];
}

/** Text for users. */
export interface LocalizedMessage {
  /** "fr-CH" (BCP 47). */
  locale: string;
  /** The text. */
  message: string;
}

/** The standard details of errors by their simple names. */
export type ErrorDetails = {
  /** Why the call failed, for programs. */
  readonly ErrorInfo: JsonCodec<ErrorInfo>;
  /** When to try again. */
  readonly RetryInfo: JsonCodec<RetryInfo>;
  /** Where the server failed. */
  readonly DebugInfo: JsonCodec<DebugInfo>;
  /** Which quotas were exceeded. */
  readonly QuotaFailure: JsonCodec<QuotaFailure>;
  /** Which preconditions did not hold. */
  readonly PreconditionFailure: JsonCodec<PreconditionFailure>;
  /** Which fields of the request are wrong. */
  readonly BadRequest: JsonCodec<BadRequest>;
  /** Which request it was. */
  readonly RequestInfo: JsonCodec<RequestInfo>;
  /** Which resource it was about. */
  readonly ResourceInfo: JsonCodec<ResourceInfo>;
  /** Pages that help. */
  readonly Help: JsonCodec<Help>;
  /** Text for users. */
  readonly LocalizedMessage: JsonCodec<LocalizedMessage>;
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

function withJson<T>({ schema, read, write }: MessageType<T>): JsonCodec<T> {
  return jsonMessageType<T>(schema, read, write) as JsonCodec<T, unknown> as JsonCodec<T>;
}
