// What makes a header section malformed (RFC 9113, sections 8.1 to 8.5); each rule gives a sentence.
//
// Names and values are held to RFC 9110's grammar, as section 8.2.1 asks for, and not to its minimal validation alone; but
// white space at either end of a value is taken. gRPC's grammar has it ("ASCII-Value", "Status-Message"), and gRPC in C++,
// Go and Python sends it: a status whose message ends with a space would be lost, and its code with it.

import type { HeaderList } from "../hpack/header_list.ts";

/** What a section is: it decides which pseudo-header fields it must and may have. */
export type SectionKind = "request" | "response" | "trailers";

/** Fields that speak of the connection and have no place in HTTP/2 (section 8.2.2). */
const CONNECTION_SPECIFIC = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** ":protocol" is none: it is defined for peers that were sent SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441, section 3). */
const REQUEST_PSEUDO = new Set([":method", ":scheme", ":path", ":authority"]);
const RESPONSE_PSEUDO = new Set([":status"]);
const NO_PSEUDO = new Set<string>();

/** Why `headers` is malformed as a `kind`, or undefined when it is well-formed. */
export function malformedReason(headers: HeaderList, kind: SectionKind): string | undefined {
  if (headers.wellFormedAs === kind) return undefined;
  const reason = check(headers, kind);
  if (reason === undefined) headers.wellFormedAs = kind;
  return reason;
}

/** The content-length of a well-formed section (section 8.1.1); -1 where there is none. */
export function contentLength(headers: HeaderList): number {
  return headers.contentLength ??= Number(headers.get("content-length") ?? -1);
}

/** Whether a section says that no content follows it, whatever its content-length (RFC 9110, section 6.4.1). */
export function hasNoContent(headers: HeaderList): boolean {
  const status = headers.get(":status");
  return status === "204" || status === "304";
}

function check(headers: HeaderList, kind: SectionKind): string | undefined {
  const allowed = kind === "request" ? REQUEST_PSEUDO : kind === "response" ? RESPONSE_PSEUDO : NO_PSEUDO;
  const { fields } = headers;
  const seen = new Set<string>();
  let pseudoOver = false;
  let hasLength = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name.startsWith(":")) {
      if (pseudoOver) return `pseudo-header field ${quote(name)} after a regular one`;
      if (!allowed.has(name)) return `pseudo-header field ${quote(name)} in ${kind}`;
      if (seen.has(name)) return `pseudo-header field ${quote(name)} twice`;
      seen.add(name);
    } else {
      pseudoOver = true;
      const reason = badField(name, value, kind);
      if (reason !== undefined) return reason;
      hasLength ||= name === "content-length";
    }
    if (hasControl(value) || (!pseudoOver && isPadded(value))) {
      return `value of ${quote(name)} has a character that no field may have`;
    }
  }
  if (kind === "trailers") return undefined;
  const reason = kind === "response" ? badStatus(headers) : badControlData(headers);
  return reason ?? (hasLength ? badContentLength(headers) : undefined);
}

function badField(name: string, value: string, kind: SectionKind): string | undefined {
  if (!isToken(name, LOWER)) {
    return name === ""
      ? "empty field name"
      : `field name ${quote(name)} has a character that no name may have`;
  }
  if (CONNECTION_SPECIFIC.has(name)) return `connection-specific field ${quote(name)}`;
  if (name !== "te") return undefined;
  if (kind !== "request") return `te in ${kind}`;
  return value === "trailers" ? undefined : `te is ${quote(value)}, not "trailers"`;
}

const LOWER = 1;
const ANY_CASE = 2;

/** Octets of a token (RFC 9110, section 5.6.2): with `LOWER` capitals are none, with `ANY_CASE` they are some. */
const TOKEN: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
    table[char.charCodeAt(0)] = LOWER | ANY_CASE;
  }
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") table[char.charCodeAt(0)] = ANY_CASE;
  return table;
})();

function isToken(text: string, which: number): boolean {
  for (let i = 0; i < text.length; i++) if ((TOKEN[text.charCodeAt(i)]! & which) === 0) return false;
  return text !== "";
}

/** Controls but the tab (RFC 9110, section 5.5). */
function hasControl(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if ((unit < 0x20 && unit !== 0x09) || unit === 0x7f) return true;
  }
  return false;
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
  const status = headers.get(":status");
  return status === undefined || !/^[1-9][0-9][0-9]$/.test(status) ? "no valid :status" : undefined;
}

/** Sections 8.3.1 and 8.5. */
function badControlData(headers: HeaderList): string | undefined {
  const method = headers.get(":method");
  if (method === undefined || !isToken(method, ANY_CASE)) return "no valid :method";
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
  const values = headers.getAll("content-length");
  const [first] = values;
  if (/^[0-9]{1,15}$/.test(first!) && values.every((value) => value === first)) return undefined;
  return `content-length is ${values.map(quote).join(" and ")}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
