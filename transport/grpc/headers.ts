// Header sections of gRPC (PROTOCOL-HTTP2.md): requests, responses and trailers, built once and read once.

import { HeaderList } from "../hpack/header_list.ts";
import type { RequestHead, RequestTemplate, StreamStatus } from "../transport.ts";
import { decodePercent, encodePercent } from "./percent.ts";
import { GrpcStatus, statusFromHttp } from "./status_mapping.ts";
import { decodeTimeout } from "./timeout.ts";

/** Names that belong to the protocol and are no metadata, pseudo-headers and "grpc-" aside. */
const RESERVED = new Set([
  "te",
  "content-type",
  "user-agent",
  "host",
  "content-length",
  "trailer",
  // A section that has one of these is malformed (RFC 9113, section 8.2.2).
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Names of the protocol that begin like metadata of ours would, and are passed on all the same. */
const PASSED_ON = new Set([
  "grpc-trace-bin",
  "grpc-tags-bin",
  "grpc-status-details-bin",
  "grpc-previous-rpc-attempts",
]);

/** An empty list. */
export const NO_HEADERS = new HeaderList([]);

/** What every call of one method on one channel begins with. */
export function requestTemplate(
  path: string,
  authority: string,
  scheme: string,
  userAgent: string,
): RequestTemplate {
  return {
    headers: HeaderList.of([
      [":method", "POST"],
      [":scheme", scheme],
      [":path", path],
      [":authority", authority],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["user-agent", userAgent],
      ["grpc-accept-encoding", "identity"],
    ]),
  };
}

/** The header section of every response. */
export const RESPONSE_HEADERS: HeaderList = HeaderList.of([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

const OK_TRAILERS = HeaderList.of([["grpc-status", "0"]]);
const OK_TRAILERS_ONLY = new HeaderList([...RESPONSE_HEADERS.fields, ...OK_TRAILERS.fields]);

/**
 * Trailers, or with `only` a whole trailers-only response; application metadata goes beside them. The message is cut
 * to `room` octets on the wire.
 */
export function statusHeaders(code: number, message: string, only: boolean, room = Infinity): HeaderList {
  if (code === GrpcStatus.OK && message === "") return only ? OK_TRAILERS_ONLY : OK_TRAILERS;
  const fields = only ? [...RESPONSE_HEADERS.fields] : [];
  fields.push("grpc-status", String(code));
  const sent = encodePercent(message, room);
  if (sent !== "") fields.push("grpc-message", sent);
  return new HeaderList(fields);
}

/** Only the application's fields of `headers`; the list itself where there are no others. */
export function applicationMetadata(headers: HeaderList): HeaderList {
  const fields: string[] = [];
  for (const [name, value] of headers) {
    if (!isReserved(name)) fields.push(name, value);
  }
  return fields.length === 0 ? NO_HEADERS : new HeaderList(fields);
}

/** Whether `name` belongs to the protocol. */
export function isReserved(name: string): boolean {
  if (name.startsWith(":")) return true;
  if (name.startsWith("grpc-")) return !PASSED_ON.has(name);
  return RESERVED.has(name);
}

/** What one way of reading found in a list. */
interface Remembered {
  readonly read: (headers: HeaderList) => unknown;
  readonly found: unknown;
}

/** Reads a list once, though it comes again and again. A trailers-only response may be read in two ways. */
function remembered<T>(headers: HeaderList, read: (headers: HeaderList) => T): T {
  let memo = headers.memo as Remembered | undefined;
  if (memo?.read !== read) headers.memo = memo = { read, found: read(headers) };
  return memo.found as T;
}

/** Why a request is no gRPC call, with the HTTP status that says so. */
export interface RequestRefusal {
  readonly httpStatus: string;
  readonly grpcStatus: number;
  readonly message: string;
}

/** Answers a request whose metadata is above our limit: HTTP clients see 431, gRPC clients why. */
export function requestTooLarge(reason: string): HeaderList {
  const { fields } = statusHeaders(GrpcStatus.RESOURCE_EXHAUSTED, reason, true);
  return new HeaderList([":status", "431", ...fields.slice(2)]);
}

/** What a request header section says. The same list gives the same head again, so a repeated one costs nothing. */
export function parseRequest(headers: HeaderList): RequestHead | RequestRefusal {
  return remembered(headers, readRequest);
}

function readRequest(headers: HeaderList): RequestHead | RequestRefusal {
  const contentType = headers.get("content-type") ?? "";
  if (!/^application\/grpc([+;]|$)/.test(contentType)) {
    const message = `content-type is ${JSON.stringify(contentType)}, not application/grpc`;
    return { httpStatus: "415", grpcStatus: GrpcStatus.UNKNOWN, message };
  }
  const method = headers.get(":method");
  if (method !== "POST") {
    return { httpStatus: "405", grpcStatus: GrpcStatus.INTERNAL, message: `:method is ${method}, not POST` };
  }
  const timeout = headers.get("grpc-timeout");
  const timeoutMs = timeout === undefined ? undefined : decodeTimeout(timeout);
  if (timeout !== undefined && timeoutMs === undefined) {
    const message = `grpc-timeout ${JSON.stringify(timeout)} is malformed`;
    return { httpStatus: "200", grpcStatus: GrpcStatus.INTERNAL, message };
  }
  return {
    path: headers.get(":path")!,
    authority: headers.get(":authority") ?? headers.get("host") ?? "",
    timeoutMs,
    encoding: headers.get("grpc-encoding") ?? "identity",
    metadata: applicationMetadata(headers),
    memo: undefined,
  };
}

/** What a response's first header section says: that messages follow, or how the call ended. */
export interface ResponseHead {
  readonly metadata: HeaderList;
  readonly encoding: string;
  /** Set where this is no gRPC response: what the call ends with, whatever follows. */
  readonly refusal: StreamStatus | undefined;
}

/** What a response header section says; remembered like {@linkcode parseRequest}'s. */
export function parseResponse(headers: HeaderList): ResponseHead {
  return remembered(headers, readResponse);
}

function readResponse(headers: HeaderList): ResponseHead {
  const metadata = applicationMetadata(headers);
  const encoding = headers.get("grpc-encoding") ?? "identity";
  const httpStatus = headers.get(":status")!;
  const contentType = headers.get("content-type") ?? "";
  let problem: string | undefined;
  if (httpStatus !== "200") problem = `server answered with HTTP status ${httpStatus}`;
  else if (!/^application\/grpc([+;]|$)/.test(contentType)) {
    problem = `server answered with content-type ${JSON.stringify(contentType)}, not application/grpc`;
  }
  const message = headers.get("grpc-message");
  if (problem !== undefined && message !== undefined) problem += `: ${decodePercent(message)}`;
  const refusal = problem === undefined || headers.get("grpc-status") !== undefined ? undefined : {
    code: statusFromHttp(Number(httpStatus)),
    message: problem,
    metadata,
    cause: undefined,
    unprocessed: false,
  };
  return { metadata, encoding, refusal };
}

/** The status that trailers, or a trailers-only response, say; remembered like {@linkcode parseRequest}'s. */
export function parseTrailers(trailers: HeaderList): StreamStatus {
  return remembered(trailers, readTrailers);
}

function readTrailers(trailers: HeaderList): StreamStatus {
  const metadata = applicationMetadata(trailers);
  const text = trailers.get("grpc-status");
  const message = decodePercent(trailers.get("grpc-message") ?? "");
  if (text !== undefined && /^[0-9]{1,3}$/.test(text)) {
    const code = Number(text) <= 16 ? Number(text) : GrpcStatus.UNKNOWN;
    return { code, message, metadata, cause: undefined, unprocessed: false };
  }
  const problem = text === undefined
    ? "server ended the call without grpc-status"
    : `server ended the call with grpc-status ${JSON.stringify(text)}`;
  return { code: GrpcStatus.UNKNOWN, message: problem, metadata, cause: undefined, unprocessed: false };
}
