// The standard details of errors (google/rpc/error_details.proto), as codecs that are made at their first use.

import {
  type Duration,
  type FromJsonOptions,
  type Json,
  type JsonCodec,
  parseProto,
  type ProtoTypes,
  type ToJsonOptions,
  type Writer,
} from "../proto/mod.ts";

/** google/rpc/error_details.proto, without its comments. */
const ERROR_DETAILS_PROTO = `
  syntax = "proto3";
  package google.rpc;
  import "google/protobuf/duration.proto";
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { google.protobuf.Duration retry_delay = 1; }
  message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
  message QuotaFailure {
    message Violation {
      string subject = 1;
      string description = 2;
      string api_service = 3;
      string quota_metric = 4;
      string quota_id = 5;
      map<string, string> quota_dimensions = 6;
      int64 quota_value = 7;
      optional int64 future_quota_value = 8;
    }
    repeated Violation violations = 1;
  }
  message PreconditionFailure {
    message Violation { string type = 1; string subject = 2; string description = 3; }
    repeated Violation violations = 1;
  }
  message BadRequest {
    message FieldViolation {
      string field = 1;
      string description = 2;
      string reason = 3;
      LocalizedMessage localized_message = 4;
    }
    repeated FieldViolation field_violations = 1;
  }
  message RequestInfo { string request_id = 1; string serving_data = 2; }
  message ResourceInfo {
    string resource_type = 1;
    string resource_name = 2;
    string owner = 3;
    string description = 4;
  }
  message Help {
    message Link { string description = 1; string url = 2; }
    repeated Link links = 1;
  }
  message LocalizedMessage { string locale = 1; string message = 2; }
`;

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

/** A codec of google.rpc: nothing is parsed before one of them is used. */
class StandardDetail<T> implements JsonCodec<T> {
  readonly typeName: string;

  constructor(name: keyof ErrorDetails) {
    this.typeName = `google.rpc.${name}`;
  }

  encode(message: T): Uint8Array {
    return this.codec().encode(message);
  }

  encodeInto(message: T, writer: Writer): void {
    this.codec().encodeInto(message, writer);
  }

  decode(bytes: Uint8Array, maxElements?: number): T {
    return this.codec().decode(bytes, maxElements);
  }

  toJson(message: T, options?: ToJsonOptions): Json {
    return this.codec().toJson(message, options);
  }

  fromJson(json: unknown, options?: FromJsonOptions): T {
    return this.codec().fromJson(json, options);
  }

  toJsonString(message: T, options?: ToJsonOptions): string {
    return this.codec().toJsonString(message, options);
  }

  fromJsonString(text: string, options?: FromJsonOptions): T {
    return this.codec().fromJsonString(text, options);
  }

  private codec(): JsonCodec<T> {
    return (loaded ??= parseProto<ProtoTypes>(ERROR_DETAILS_PROTO).messages)[this.typeName]!;
  }
}

let loaded: ProtoTypes["messages"] | undefined = undefined;

/** The codecs of the standard details of errors, by their simple names. */
export const errorDetails: ErrorDetails = {
  ErrorInfo: new StandardDetail("ErrorInfo"),
  RetryInfo: new StandardDetail("RetryInfo"),
  DebugInfo: new StandardDetail("DebugInfo"),
  QuotaFailure: new StandardDetail("QuotaFailure"),
  PreconditionFailure: new StandardDetail("PreconditionFailure"),
  BadRequest: new StandardDetail("BadRequest"),
  RequestInfo: new StandardDetail("RequestInfo"),
  ResourceInfo: new StandardDetail("ResourceInfo"),
  Help: new StandardDetail("Help"),
  LocalizedMessage: new StandardDetail("LocalizedMessage"),
};
