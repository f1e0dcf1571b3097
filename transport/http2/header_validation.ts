// What makes a header section malformed (RFC 9113, sections 8.1 to 8.5); each rule gives a sentence.
//
// Names and values are held to RFC 9110's grammar, as section 8.2.1 asks for, and not to its minimal validation alone; but
// white space at either end of a value is taken. gRPC's grammar has it ("ASCII-Value", "Status-Message"), and gRPC in C++,
// Go and Python sends it: a status whose message ends with a space would be lost, and its code with it.

import { type Field, USUAL_PSEUDO } from "../hpack/field.ts";
import { type FieldName, protocolName } from "../hpack/field_name.ts";
import type { HeaderList } from "../hpack/header_list.ts";

/** What a section is: it decides which pseudo-header fields it must and may have. */
export type SectionKind = "request" | "response" | "trailers";

const TE = protocolName("te");
const CONTENT_LENGTH = protocolName("content-length");

/** What `FieldName.pseudo` says. */
export const Pseudo = { METHOD: 1, SCHEME: 2, PATH: 3, AUTHORITY: 4, STATUS: 5 } as const;

const PSEUDO = [undefined, ":method", ":scheme", ":path", ":authority", ":status"].map((text, number) => {
  if (text === undefined) return undefined;
  const name = protocolName(text);
  name.pseudo = number;
  return name;
});
const STATUS_NAME = PSEUDO[Pseudo.STATUS]!;

/**
 * What is asked of a request's control data, `request_validation.ts`: only a server has it. The pseudo-header fields of
 * `allowed` and `required` are bits. ":protocol" is none: it is for peers that were sent SETTINGS_ENABLE_CONNECT_PROTOCOL.
 */
export interface RequestRules {
  /** Those that may be there. */
  readonly allowed: number;
  /** Those that must be there, but in CONNECT. */
  readonly required: number;
  /** Whether a pseudo-header field has a value of which nothing more is asked, whatever stands beside it. */
  isUsual(pseudo: number, text: string): boolean;
  /** Why control data that are not all usual are malformed. */
  badControlData(headers: HeaderList): string | undefined;
}

// Local: see docs/STYLE.md, "Hot paths".
const USUAL = USUAL_PSEUDO;

/** Why `headers` is malformed as a `kind`, or undefined when it is well-formed. `rules`: those of a request. */
export function malformedReason(
  headers: HeaderList,
  kind: SectionKind,
  rules?: RequestRules,
): string | undefined {
  if (headers.wellFormedAs === kind) return undefined;
  const reason = check(headers, kind, rules);
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

function check(headers: HeaderList, kind: SectionKind, rules: RequestRules | undefined): string | undefined {
  const { entries } = headers;
  const allowed = rules !== undefined ? rules.allowed : kind === "response" ? 1 << Pseudo.STATUS : 0;
  let seen = 0;
  let usual = USUAL;
  let pseudoOver = false;
  let hasLength = false;
  for (let i = 0; i < entries.length; i++) {
    const field = entries[i]!;
    const { name } = field;
    if (name.isPseudo) {
      const bit = 1 << name.pseudo;
      if (pseudoOver || (allowed & bit) === 0 || (seen & bit) !== 0) {
        return badPlace(name, kind, pseudoOver, (allowed & bit) !== 0);
      }
      seen |= bit;
      if ((field.flags & USUAL) === 0) {
        if (isPadded(field.text)) return badValue(name);
        if (rules !== undefined && rules.isUsual(name.pseudo, field.text)) field.flags |= USUAL;
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
  let reason: string | undefined = undefined;
  if (rules === undefined) reason = badStatus(headers);
  else if (usual === 0 || (seen & rules.required) !== rules.required) reason = rules.badControlData(headers);
  return reason ?? (hasLength ? badContentLength(headers) : undefined);
}

/** Section 8.3. `over`: a regular field came before. */
function badPlace(name: FieldName, kind: SectionKind, over: boolean, isAllowed: boolean): string {
  const field = `pseudo-header field ${quote(name.text)}`;
  if (over) return `${field} after a regular one`;
  return isAllowed ? `${field} twice` : `${field} in ${kind}`;
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

/** Section 8.1.1, and RFC 9110, section 8.6: several fields may say the same number. */
function badContentLength(headers: HeaderList): string | undefined {
  const values = headers.getAll(CONTENT_LENGTH.text);
  const [first] = values;
  if (/^[0-9]{1,15}$/.test(first!) && values.every((value) => value === first)) return undefined;
  return `content-length is ${values.map(quote).join(" and ")}`;
}

/** As a message shows it. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
