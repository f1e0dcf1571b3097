// What makes a header section malformed (RFC 9113, sections 8.1 to 8.3); each rule gives a sentence.

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

const REQUEST_PSEUDO = new Set([":method", ":scheme", ":path", ":authority", ":protocol"]);
const RESPONSE_PSEUDO = new Set([":status"]);
const NO_PSEUDO = new Set<string>();

/** Why `headers` is malformed as a `kind`, or undefined when it is well-formed. */
export function malformedReason(headers: HeaderList, kind: SectionKind): string | undefined {
  if (headers.wellFormedAs === kind) return undefined;
  const reason = check(headers, kind);
  if (reason === undefined) headers.wellFormedAs = kind;
  return reason;
}

/** The content-length (section 8.1.1): -1 where there is none, NaN where it is no length. */
export function contentLength(headers: HeaderList): number {
  if (headers.contentLength !== undefined) return headers.contentLength;
  const value = headers.get("content-length");
  const isLength = value === undefined || /^[0-9]{1,15}$/.test(value);
  return headers.contentLength = value === undefined ? -1 : isLength ? Number(value) : NaN;
}

function check(headers: HeaderList, kind: SectionKind): string | undefined {
  const allowed = kind === "request" ? REQUEST_PSEUDO : kind === "response" ? RESPONSE_PSEUDO : NO_PSEUDO;
  const seen = new Set<string>();
  let pseudoOver = false;
  for (const [name, value] of headers) {
    if (name.startsWith(":")) {
      if (pseudoOver) return `pseudo-header field ${quote(name)} after a regular one`;
      if (!allowed.has(name)) return `pseudo-header field ${quote(name)} in ${kind}`;
      if (seen.has(name)) return `pseudo-header field ${quote(name)} twice`;
      seen.add(name);
    } else {
      pseudoOver = true;
      const reason = badName(name, value);
      if (reason !== undefined) return reason;
    }
    if (badValue(value)) return `value of ${quote(name)} has a character that no field may have`;
  }
  return missingPseudo(headers, kind, seen);
}

function badName(name: string, value: string): string | undefined {
  if (name === "") return "empty field name";
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit <= 0x20 || (unit >= 0x41 && unit <= 0x5a) || unit >= 0x7f || unit === 0x3a) {
      return `field name ${quote(name)} has a character that no name may have`;
    }
  }
  if (CONNECTION_SPECIFIC.has(name)) return `connection-specific field ${quote(name)}`;
  if (name === "te" && value !== "trailers") return `te is ${quote(value)}, not "trailers"`;
  return undefined;
}

/** NUL, CR and LF, and white space at either end (section 8.2.1). */
function badValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0 || unit === 0x0a || unit === 0x0d) return true;
  }
  if (value === "") return false;
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  return first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
}

function missingPseudo(headers: HeaderList, kind: SectionKind, seen: Set<string>): string | undefined {
  if (kind === "response") {
    const status = headers.get(":status");
    return status === undefined || !/^[1-9][0-9][0-9]$/.test(status) ? "no valid :status" : undefined;
  }
  if (kind === "trailers" || headers.get(":method") === "CONNECT") return undefined;
  for (const name of [":method", ":scheme", ":path"]) {
    if (!seen.has(name)) return `no ${name}`;
  }
  return headers.get(":path") === "" ? ":path is empty" : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
