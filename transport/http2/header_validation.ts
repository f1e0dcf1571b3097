// What makes a header section malformed (RFC 9113, sections 8.1 to 8.5); each rule gives a sentence.
//
// Names and values are held to RFC 9110's grammar, as section 8.2.1 asks for, and not to its minimal validation alone; but
// white space at either end of a value is taken. gRPC's grammar has it ("ASCII-Value", "Status-Message"), and gRPC in C++,
// Go and Python sends it: a status whose message ends with a space would be lost, and its code with it.

import { type Field, USUAL_PSEUDO } from "../hpack/field.ts";
import { type FieldName, protocolName } from "../hpack/field_name.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { isToken, TOKEN } from "../hpack/octet_classes.ts";

/** What a section is: it decides which pseudo-header fields it must and may have. */
export type SectionKind = "request" | "response" | "trailers";

const TE = protocolName("te");
const CONTENT_LENGTH = protocolName("content-length");

// What `FieldName.pseudo` says.
const METHOD = 1;
const SCHEME = 2;
const PATH = 3;
const AUTHORITY = 4;
const STATUS = 5;
const PSEUDO = [undefined, ":method", ":scheme", ":path", ":authority", ":status"].map((text, number) => {
  if (text === undefined) return undefined;
  const name = protocolName(text);
  name.pseudo = number;
  return name;
});
const STATUS_NAME = PSEUDO[STATUS]!;

/** Those of each kind, as bits. ":protocol" is none: it is for peers that were sent SETTINGS_ENABLE_CONNECT_PROTOCOL. */
const ALLOWED: Readonly<Record<SectionKind, number>> = {
  request: (1 << METHOD) | (1 << SCHEME) | (1 << PATH) | (1 << AUTHORITY),
  response: 1 << STATUS,
  trailers: 0,
};
const REQUIRED = (1 << METHOD) | (1 << SCHEME) | (1 << PATH);

// Local: see docs/STYLE.md, "Hot paths".
const USUAL = USUAL_PSEUDO;

/** Why `headers` is malformed as a `kind`, or undefined when it is well-formed. */
export function malformedReason(headers: HeaderList, kind: SectionKind): string | undefined {
  if (headers.wellFormedAs === kind) return undefined;
  const reason = check(headers, kind);
  if (reason === undefined) headers.wellFormedAs = kind;
  return reason;
}

/** The content-length of a well-formed section (section 8.1.1); -1 where there is none. */
export function contentLength(headers: HeaderList): number {
  return headers.contentLength ??= Number(headers.find(CONTENT_LENGTH)?.text ?? -1);
}

/** `:status` of a well-formed response. */
export function statusOf(headers: HeaderList): string {
  return headers.find(STATUS_NAME)!.text;
}

/** Whether a section says that no content follows it, whatever its content-length (RFC 9110, section 6.4.1). */
export function hasNoContent(headers: HeaderList): boolean {
  const status = headers.find(STATUS_NAME)?.text;
  return status === "204" || status === "304";
}

function check(headers: HeaderList, kind: SectionKind): string | undefined {
  const { entries } = headers;
  let seen = 0;
  let usual = USUAL;
  let pseudoOver = false;
  let hasLength = false;
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    const { name } = field;
    if (name.isPseudo) {
      const bit = 1 << name.pseudo;
      if (pseudoOver || (ALLOWED[kind] & bit) === 0 || (seen & bit) !== 0) {
        return badPlace(name, kind, pseudoOver);
      }
      seen |= bit;
      if ((field.flags & USUAL) === 0) {
        if (isPadded(field.text)) return badValue(name);
        if (isUsual(name.pseudo, field.text)) field.flags |= USUAL;
      }
      usual &= field.flags;
    } else {
      pseudoOver = true;
      const reason = name.isOrdinary ? undefined : badField(field, kind);
      if (reason !== undefined) return reason;
      hasLength ||= name === CONTENT_LENGTH;
    }
    if (field.hasControl) return badValue(name);
  }
  if (kind === "trailers") return undefined;
  const isUsualRequest = usual !== 0 && (seen & REQUIRED) === REQUIRED;
  const reason = isUsualRequest
    ? undefined
    : kind === "response"
    ? badStatus(headers)
    : badControlData(headers);
  return reason ?? (hasLength ? badContentLength(headers) : undefined);
}

/** Whether a pseudo-header field of a request has a value of which nothing more is asked, whatever stands beside it. */
function isUsual(pseudo: number, text: string): boolean {
  switch (pseudo) {
    case METHOD:
      return text === "POST";
    case SCHEME:
      return text === "http" || text === "https";
    case PATH:
      return text.startsWith("/");
    case AUTHORITY:
      return !text.includes("@");
    default:
      return false;
  }
}

/** Section 8.3. `over`: a regular field came before. */
function badPlace(name: FieldName, kind: SectionKind, over: boolean): string {
  const field = `pseudo-header field ${quote(name.text)}`;
  if (over) return `${field} after a regular one`;
  return (ALLOWED[kind] & (1 << name.pseudo)) === 0 ? `${field} in ${kind}` : `${field} twice`;
}

function badValue(name: FieldName): string {
  return `value of ${quote(name.text)} has a character that no field may have`;
}

function badField({ name, text }: Field, kind: SectionKind): string | undefined {
  if (!name.isToken) {
    return name.text === ""
      ? "empty field name"
      : `field name ${quote(name.text)} has a character that no name may have`;
  }
  if (name !== TE) return `connection-specific field ${quote(name.text)}`;
  if (kind !== "request") return `te in ${kind}`;
  return text === "trailers" ? undefined : `te is ${quote(text)}, not "trailers"`;
}

/** White space at either end (RFC 9113, section 8.2.1). */
function isPadded(value: string): boolean {
  if (value === "") return false;
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  return first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
}

/** Section 8.3.2. */
function badStatus(headers: HeaderList): string | undefined {
  const status = headers.find(STATUS_NAME)?.text;
  return status === undefined || !/^[1-9][0-9][0-9]$/.test(status) ? "no valid :status" : undefined;
}

/** Sections 8.3.1 and 8.5. */
function badControlData(headers: HeaderList): string | undefined {
  const method = headers.get(":method");
  if (method === undefined || !isToken(method, TOKEN)) return "no valid :method";
  const scheme = headers.get(":scheme");
  const path = headers.get(":path");
  const authority = headers.get(":authority");
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined) return "CONNECT with :scheme or :path";
    return authority === undefined || authority === "" ? "CONNECT without :authority" : undefined;
  }
  const isHttp = scheme === "http" || scheme === "https";
  if (!isHttp && (scheme === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme))) {
    return "no valid :scheme";
  }
  if (path === undefined || path === "") return "no valid :path";
  if (!isHttp) return undefined;
  if (!path.startsWith("/") && (path !== "*" || method !== "OPTIONS")) return `:path is ${quote(path)}`;
  return authority !== undefined && authority.includes("@") ? ":authority with userinfo" : undefined;
}

/** Section 8.1.1, and RFC 9110, section 8.6: several fields may say the same number. */
function badContentLength(headers: HeaderList): string | undefined {
  const values = headers.getAll(CONTENT_LENGTH.text);
  const [first] = values;
  if (/^[0-9]{1,15}$/.test(first!) && values.every((value) => value === first)) return undefined;
  return `content-length is ${values.map(quote).join(" and ")}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
