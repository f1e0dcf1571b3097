// Header sections of gRPC (PROTOCOL-HTTP2.md): requests, responses and trailers, built once and read once.

import type { Field } from "../hpack/field.ts";
import { type FieldName, protocolName } from "../hpack/field_name.ts";
import { HeaderList, Reading } from "../hpack/header_list.ts";
import type { RequestHead, RequestTemplate, StreamStatus } from "../transport.ts";
import { IDENTITY, type MessageEncoding, unsupportedEncoding } from "./compression.ts";
import { decodePercent, encodePercent } from "./percent.ts";
import { GrpcStatus, isStatusCode, type StatusCode, statusFromHttp } from "./status_mapping.ts";
import { timeoutOf } from "./timeout.ts";

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

/** Names of the protocol that begin with a reserved prefix, and are passed on as metadata. */
const PASSED_ON = new Set([
  "grpc-trace-bin",
  "grpc-tags-bin",
  "grpc-status-details-bin",
  "grpc-previous-rpc-attempts",
  "grpc-retry-pushback-ms",
]);

// What `FieldName.use` says.
const METADATA = 1;
const RESERVED_NAME = 2;
const PATH = 3;
const AUTHORITY = 4;
const METHOD = 5;
const CONTENT_TYPE = 6;
const TIMEOUT = 7;
const ENCODING = 8;
const HOST = 9;
const STATUS = 10;
const MESSAGE = 11;

const USES: ReadonlyMap<FieldName, number> = new Map(
  ([
    [":path", PATH],
    [":authority", AUTHORITY],
    [":method", METHOD],
    ["content-type", CONTENT_TYPE],
    ["grpc-timeout", TIMEOUT],
    ["grpc-encoding", ENCODING],
    ["host", HOST],
    ["grpc-status", STATUS],
    ["grpc-message", MESSAGE],
  ] as const).map(([name, use]): [FieldName, number] => [protocolName(name), use]),
);

const HTTP_STATUS = protocolName(":status");
const MEDIA_TYPE = protocolName("content-type");
const GRPC_ENCODING = protocolName("grpc-encoding");

/** An empty list. */
export const NO_HEADERS: HeaderList = new HeaderList([]);

/** What every call of one method on one channel begins with. `accepted`: names of encodings; `encoding`: of its requests. */
export function requestTemplate(
  path: string,
  authority: string,
  scheme: string,
  userAgent: string,
  accepted: string = IDENTITY,
  encoding?: MessageEncoding,
): RequestTemplate {
  const compressed: Array<[string, string]> = encoding === undefined
    ? []
    : [["grpc-encoding", encoding.name]];
  return {
    path,
    encoding,
    headers: HeaderList.of([
      [":method", "POST"],
      [":scheme", scheme],
      [":path", path],
      [":authority", authority],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
      ["user-agent", userAgent],
      ...compressed,
      ["grpc-accept-encoding", accepted],
    ]),
  };
}

/** `template` with another authority. */
export function withAuthority(template: RequestTemplate, authority: string): RequestTemplate {
  const fields = [...template.headers].map(([name, value]): [string, string] =>
    name === ":authority" ? [name, authority] : [name, value]
  );
  return { ...template, headers: HeaderList.of(fields) };
}

/** The header section of every response. */
export const RESPONSE_HEADERS: HeaderList = HeaderList.of([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

/** The same, where responses are compressed by `encoding`, and where the client is to know what is `accepted`. */
export function responseHeaders(
  encoding: MessageEncoding | undefined,
  accepted: string | undefined,
): HeaderList {
  if (encoding === undefined && accepted === undefined) return RESPONSE_HEADERS;
  const key = `${encoding?.name} ${accepted}`;
  let headers = OTHER_RESPONSES.get(key);
  if (headers === undefined) {
    const fields = [...RESPONSE_HEADERS.fields];
    if (encoding !== undefined) fields.push("grpc-encoding", encoding.name);
    if (accepted !== undefined) fields.push("grpc-accept-encoding", accepted);
    OTHER_RESPONSES.set(key, headers = HeaderList.ofStrings(fields));
  }
  return headers;
}

const OTHER_RESPONSES = new Map<string, HeaderList>();

const OK_TRAILERS = HeaderList.of([["grpc-status", "0"]]);
const OK_TRAILERS_ONLY = new HeaderList([...RESPONSE_HEADERS.entries, ...OK_TRAILERS.entries]);

/**
 * Trailers, or with `only` a whole trailers-only response; application metadata goes beside them. The message is cut
 * to `room` octets on the wire.
 */
export function statusHeaders(code: StatusCode, message: string, only: boolean, room = Infinity): HeaderList {
  if (code === GrpcStatus.OK && message === "") return only ? OK_TRAILERS_ONLY : OK_TRAILERS;
  if (last.code === code && last.message === message && last.only === only && last.room === room) {
    return last.headers;
  }
  const headers = withStatus(only ? [...RESPONSE_HEADERS.fields] : [], code, message, room);
  last = { code, message, only, room, headers };
  return headers;
}

/** The status that was made last: a flood of calls that fail alike costs no more than one of calls that do not. */
let last = { code: -1, message: "", only: false, room: 0, headers: NO_HEADERS };

/** The header section of a response to a client that does not speak gRPC, with text of `bytes` as its content. */
export function plainHeaders(httpStatus: string, bytes: number): HeaderList {
  const type = ["content-type", "text/plain; charset=utf-8"];
  return HeaderList.ofStrings([":status", httpStatus, ...type, "content-length", String(bytes)]);
}

function withStatus(fields: string[], code: StatusCode, message: string, room: number): HeaderList {
  fields.push("grpc-status", String(code));
  const sent = encodePercent(message, room);
  if (sent !== "") fields.push("grpc-message", sent);
  return HeaderList.ofStrings(fields);
}

/** Only the application's fields of `headers`; the list itself where there are no others. */
export function applicationMetadata({ entries }: HeaderList): HeaderList {
  const own: Field[] = [];
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    if ((field.name.use || useOf(field.name)) === METADATA) own.push(field);
  }
  return own.length === 0 ? NO_HEADERS : new HeaderList(own);
}

/** Whether `name` belongs to the protocol. */
export function isReserved(name: string): boolean {
  if (name.startsWith(":")) return true;
  if (name.startsWith("grpc-")) return !PASSED_ON.has(name);
  return RESERVED.has(name);
}

/** What a name means to gRPC; asked once a name. */
function useOf(name: FieldName): number {
  return name.use = USES.get(name) ?? (isReserved(name.text) ? RESERVED_NAME : METADATA);
}

/**
 * Why a request begins no call. With a gRPC status the response is gRPC's, and its HTTP status 200. Without one the
 * client does not speak gRPC: the response is one of HTTP, with the message as its content.
 */
export interface RequestRefusal {
  readonly httpStatus: string;
  readonly grpcStatus: StatusCode | undefined;
  readonly message: string;
  /** What stands in the header section besides. */
  readonly fields?: HeaderList;
}

/** Any subtype of gRPC's media type, with or without parameters; media types have no case (RFC 9110, section 8.3.1). */
const GRPC_CONTENT = /^application\/grpc *([+;]|$)/i;

/** The subtypes that are spoken here. Messages of another one ("+json") would be decoded as what they are not. */
const SPOKEN_CONTENT = /^application\/grpc(\+proto)? *(;|$)/i;

function isSpoken(contentType: string): boolean {
  return contentType === "application/grpc" || SPOKEN_CONTENT.test(contentType);
}

const ALLOWED_METHOD = HeaderList.of([["allow", "POST"]]); // RFC 9110, section 15.5.6

/** Answers a request whose metadata is above our limit: HTTP clients see 431, gRPC clients why. */
export function requestTooLarge(reason: string): HeaderList {
  const fields = [":status", "431", "content-type", "application/grpc"];
  return withStatus(fields, GrpcStatus.RESOURCE_EXHAUSTED, reason, Infinity);
}

/** What a request header section says. The same list gives the same head again, so a repeated one costs nothing. */
export function parseRequest(headers: HeaderList): RequestHead | RequestRefusal {
  const { reading } = headers;
  if (reading instanceof ReceivedHead) return reading;
  const found = readRequest(headers);
  if (found instanceof ReceivedHead) headers.reading = found;
  return found;
}

/** A request that begins a call. */
class ReceivedHead extends Reading implements RequestHead {
  readonly path: string;
  readonly authority: string;
  readonly timeoutMs: number | undefined;
  readonly encoding: string;
  readonly headers: HeaderList;
  private application: HeaderList | undefined;

  constructor(
    headers: HeaderList,
    path: string,
    authority: string,
    timeoutMs: number | undefined,
    encoding: string,
  ) {
    super();
    this.path = path;
    this.authority = authority;
    this.timeoutMs = timeoutMs;
    this.encoding = encoding;
    this.headers = headers;
    this.application = undefined;
  }

  get metadata(): HeaderList {
    return this.application ??= applicationMetadata(this.headers);
  }
}

function readRequest(headers: HeaderList): RequestHead | RequestRefusal {
  const { entries } = headers;
  let path: Field | undefined;
  let authority: Field | undefined;
  let method: Field | undefined;
  let contentType: Field | undefined;
  let timeout: Field | undefined;
  let encoding: Field | undefined;
  let host: Field | undefined;
  let hosts = 0;
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    const { name } = field;
    switch (name.use || useOf(name)) { // of several the first holds
      case PATH:
        path ??= field;
        break;
      case AUTHORITY:
        authority ??= field;
        break;
      case METHOD:
        method ??= field;
        break;
      case CONTENT_TYPE:
        contentType ??= field;
        break;
      case TIMEOUT:
        timeout ??= field;
        break;
      case ENCODING:
        encoding ??= field;
        break;
      case HOST:
        host ??= field;
        hosts++;
        break;
    }
  }
  const refusal = refusalOf(method?.text, contentType?.text ?? "", authority === undefined && hosts > 1);
  if (refusal !== undefined) return refusal;
  const timeoutMs = timeout === undefined ? undefined : timeoutOf(timeout);
  const coding = encoding?.text ?? IDENTITY;
  return callRefusal(timeout, timeoutMs) ??
    new ReceivedHead(headers, path!.text, (authority ?? host)?.text ?? "", timeoutMs, coding);
}

/** Why a request is not gRPC's, or not of the kind that is spoken here. */
function refusalOf(
  method: string | undefined,
  contentType: string,
  isHostAmbiguous: boolean,
): RequestRefusal | undefined {
  const spoken = isSpoken(contentType);
  // Before the method: a server SHOULD answer 415, whatever else the request is (gRPC over HTTP/2, Content-Type).
  if (!spoken && !GRPC_CONTENT.test(contentType)) {
    const message = `${contentFound(contentType)}, not application/grpc`;
    return { httpStatus: "415", grpcStatus: undefined, message };
  }
  if (method !== "POST") {
    const message = `:method is ${method}, not POST`;
    return { httpStatus: "405", grpcStatus: undefined, message, fields: ALLOWED_METHOD };
  }
  if (!spoken) {
    const message = `${
      contentFound(contentType)
    }, only application/grpc and application/grpc+proto are supported`;
    return { httpStatus: "200", grpcStatus: GrpcStatus.UNIMPLEMENTED, message };
  }
  if (isHostAmbiguous) { // gRFC A41
    return { httpStatus: "400", grpcStatus: undefined, message: "host is there more than once" };
  }
  return undefined;
}

function contentFound(contentType: string): string {
  return `content-type is ${JSON.stringify(contentType)}`;
}

/** Why a call of gRPC cannot begin. */
function callRefusal(
  timeout: Field | undefined,
  timeoutMs: number | undefined,
): RequestRefusal | undefined {
  if (timeout === undefined || timeoutMs !== undefined) return undefined;
  const message = `grpc-timeout ${JSON.stringify(timeout.text)} is malformed`;
  return { httpStatus: "200", grpcStatus: GrpcStatus.INTERNAL, message };
}

/** Of a request whose encoding is not supported, with the names of those that are. */
export function encodingRefusal(encoding: string, accepted: string): RequestRefusal {
  const message = unsupportedEncoding(encoding, accepted);
  const fields = HeaderList.of([["grpc-accept-encoding", accepted]]);
  return { httpStatus: "200", grpcStatus: GrpcStatus.UNIMPLEMENTED, message, fields };
}

/** What a response's first header section says: that messages follow, or how the call ended. */
export class ResponseHead extends Reading {
  /** See `refusal`: set where this is no gRPC response, what the call ends with, whatever follows. */
  constructor(
    readonly metadata: HeaderList,
    readonly encoding: string,
    readonly refusal: StreamStatus | undefined,
  ) {
    super();
  }
}

/** What a response header section says; remembered like {@linkcode parseRequest}'s. */
export function parseResponse(headers: HeaderList): ResponseHead {
  const { reading } = headers;
  return reading instanceof ResponseHead ? reading : headers.reading = readResponse(headers);
}

function readResponse(headers: HeaderList): ResponseHead {
  const metadata = applicationMetadata(headers);
  const encoding = headers.find(GRPC_ENCODING)?.text ?? IDENTITY;
  const httpStatus = headers.find(HTTP_STATUS)!.text;
  const contentType = headers.find(MEDIA_TYPE)?.text ?? "";
  const spoken = httpStatus === "200" && isSpoken(contentType);
  const refusal = spoken ? undefined : responseRefusal(headers, Number(httpStatus), contentType, metadata);
  return new ResponseHead(metadata, encoding, refusal);
}

/**
 * What a response that is not gRPC's means. Its section is no Trailers-Only, so a grpc-status in it is none: Status is in
 * Trailers alone, and what stands here was said of another response, by whatever is between.
 */
function responseRefusal(
  headers: HeaderList,
  httpStatus: number,
  contentType: string,
  metadata: HeaderList,
): StreamStatus {
  const found = `content-type ${JSON.stringify(contentType)}`;
  const isGrpc = GRPC_CONTENT.test(contentType);
  let code = statusFromHttp(httpStatus);
  let message = "server answered with ";
  if (httpStatus !== 200) message += `HTTP status ${httpStatus}${isGrpc ? "" : ` and ${found}`}`;
  else if (!isGrpc) message += `${found}, not application/grpc`;
  else {
    code = GrpcStatus.INTERNAL;
    message += `${found}, only application/grpc and application/grpc+proto are supported`;
  }
  const said = headers.get("grpc-message");
  if (said !== undefined) message += `: ${decodePercent(said)}`;
  return { code, message, metadata, cause: undefined, unprocessed: false };
}

/** A status, and the trailing metadata that came with it. */
class ReceivedStatus extends Reading implements StreamStatus {
  readonly code: StatusCode;
  readonly message: string;
  readonly cause = undefined;
  readonly unprocessed = false;
  private readonly trailers: HeaderList;
  private application: HeaderList | undefined;

  constructor(trailers: HeaderList, code: StatusCode, message: string) {
    super();
    this.code = code;
    this.message = message;
    this.trailers = trailers;
    this.application = undefined;
  }

  get metadata(): HeaderList {
    return this.application ??= applicationMetadata(this.trailers);
  }
}

/** The status that trailers, or a trailers-only response, say; remembered like {@linkcode parseRequest}'s. */
export function parseTrailers(trailers: HeaderList): StreamStatus {
  const { reading } = trailers;
  if (reading instanceof ReceivedStatus) return reading;
  const status = readTrailers(trailers);
  trailers.reading = status;
  return status;
}

function readTrailers(trailers: HeaderList): ReceivedStatus {
  const { entries } = trailers;
  let status: Field | undefined;
  let said: Field | undefined;
  let statuses = 0;
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    const { name } = field;
    const use = name.use || useOf(name);
    if (use === STATUS) {
      status = field;
      statuses++;
    } else if (use === MESSAGE) said ??= field;
  }
  const message = said === undefined ? "" : decodePercent(said.text);
  const text = statuses === 1 ? status!.text : "";
  if (text === "0" || /^0*[0-9]{1,3}$/.test(text)) {
    const number = Number(text);
    return new ReceivedStatus(trailers, isStatusCode(number) ? number : GrpcStatus.UNKNOWN, message);
  }
  // Two of them are one list to HTTP (RFC 9110, section 5.3), and no number: neither is taken for the other.
  const found = trailers.getAll("grpc-status").map((code) => JSON.stringify(code)).join(", ");
  const problem = `server ended the call ${
    found === "" ? "without grpc-status" : `with grpc-status ${found}`
  }`;
  const details = message === "" ? problem : `${problem}: ${message}`;
  return new ReceivedStatus(trailers, GrpcStatus.UNKNOWN, details);
}
