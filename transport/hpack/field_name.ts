// Field names: an object for each, with what coding and reading ask of it worked out once.
//
// Names that the library or its application uses are one object a process, so that they are compared by identity. A name
// that only a peer has sent is an object of its connection's: nothing that is the process's grows by what peers send.

import { isToken, LOWER } from "./octet_classes.ts";
import { STATIC_NAME_INDEX } from "./static_table.ts";

/** Fields that must not enter a table, ours or an intermediary's (RFC 7541, section 7.1.3). */
const NEVER_INDEXED = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

/** Fields whose values hardly come again: indexing them would only push others out. */
const SELDOM_REPEATED = new Set([
  "content-length",
  "grpc-message",
  "traceparent",
  "x-request-id",
  "grpc-trace-bin",
]);

/** Fields that speak of the connection (RFC 9113, section 8.2.2), and te, which may say one thing alone. */
const RESTRICTED = new Set([
  "te",
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Names that applications use and that are kept; where there are more, they are collected anew. */
const MAX_NAMES = 1_024;

/** What a field counts beside its name and value (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD = 32;

/** What names may have for their `slot`. */
export const NAME_SLOTS = 16;

/** A field name, lower case. */
export class FieldName {
  /** The first index of the name in the static table, or 0. */
  readonly staticIndex: number;
  /** It begins with a colon. */
  readonly isPseudo: boolean;
  /** A token without capitals (RFC 9113, section 8.2.1). */
  readonly isToken: boolean;
  /** A token that needs no look at its value or place: neither a pseudo-header field nor restricted by section 8.2.2. */
  readonly isOrdinary: boolean;
  /** It ends with "-bin": gRPC has octets under it, coded in base64. */
  readonly isBinary: boolean;
  /** A credential or cookie. */
  readonly neverIndexed: boolean;
  /** Its values hardly come again. */
  readonly seldomRepeated: boolean;
  /** From 0 to `NAME_SLOTS`: where small tables count what they know of the name, perhaps together with others. */
  readonly slot: number;
  /** What a field counts beside its value (RFC 7541, section 4.1). */
  readonly size: number;
  /** Which pseudo-header field it is, from 1: numbers of `transport/http2/header_validation.ts`; 0: none that it knows. */
  pseudo: number = 0;
  /** What `transport/grpc/headers.ts` takes the name for, once it has met it; 0 before. */
  use: number = 0;
  /** The number by which encoders find what they know of the name; -1 before the first has met it. */
  number: number = -1;

  /** `own`: the library or its application uses it, not a peer alone. */
  constructor(readonly text: string, readonly own: boolean) {
    // The names that this file lists are all the library's own: of a peer's name nothing is looked up.
    this.staticIndex = own ? STATIC_NAME_INDEX.get(text) ?? 0 : 0;
    this.isPseudo = text.charCodeAt(0) === 0x3a;
    this.isToken = isToken(text, LOWER);
    this.isOrdinary = this.isToken && !(own && RESTRICTED.has(text)); // no token has a colon
    this.isBinary = text.endsWith("-bin");
    this.neverIndexed = own && NEVER_INDEXED.has(text);
    this.size = text.length + ENTRY_OVERHEAD;
    this.slot = (text.length + (text.charCodeAt(text.length - 1) || 0)) & (NAME_SLOTS - 1);
    this.seldomRepeated = this.isBinary || (own && SELDOM_REPEATED.has(text));
  }
}

let applicationNames = new Map<string, FieldName>();

/** Names of the static table and of the protocols: as many as the library's sources say. */
const protocolNames = new Map<string, FieldName>();
for (const text of [...STATIC_NAME_INDEX.keys(), ...RESTRICTED, ...SELDOM_REPEATED]) protocolName(text);

/** The name `text`, which the library itself uses: always the same object. */
export function protocolName(text: string): FieldName {
  let name = protocolNames.get(text);
  if (name === undefined) {
    protocolNames.set(text, name = applicationNames.get(text) ?? new FieldName(text, true));
  }
  return name;
}

/** The name `text`, which an application uses. */
export function fieldName(text: string): FieldName {
  let name = protocolNames.get(text) ?? applicationNames.get(text);
  if (name !== undefined) return name;
  if (applicationNames.size >= MAX_NAMES) applicationNames = new Map();
  applicationNames.set(text, name = new FieldName(text, true));
  return name;
}

/** The name `text`, which a peer sent. */
export function receivedName(text: string): FieldName {
  return protocolNames.get(text) ?? applicationNames.get(text) ?? new FieldName(text, false);
}
