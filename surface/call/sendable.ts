// The part of an error's metadata that can be sent: a status must reach its client whatever its metadata is.

import { propertyOf, textOf } from "../../pollers/mod.ts";
import { encodeBinary, isReserved } from "../../transport/mod.ts";
import type { MetadataValue } from "./metadata.ts";

/** Fields of a header section, and the names of those that cannot stand in one. */
export interface Sendable {
  /** Name and value in turn, in wire form. */
  readonly fields: string[];
  /** Names as they were given, as text. */
  readonly left: string[];
}

/**
 * Reads `metadata` as pairs, whatever it is. More may be sent than an application may set: values that a peer sent are
 * passed on as they came, any octets but those that HTTP/2 forbids (RFC 9113, section 8.2.1).
 */
export function sendable(metadata: unknown): Sendable {
  const fields: string[] = [];
  const left: string[] = [];
  try {
    if (typeof propertyOf(metadata, Symbol.iterator) !== "function") return { fields, left };
    for (const [name, value] of metadata as Iterable<[unknown, unknown]>) {
      const key = fieldName(name);
      const text = key === undefined ? undefined : fieldValue(key, value as MetadataValue);
      if (text === undefined) left.push(textOf(name));
      else fields.push(key!, text);
    }
  } catch (error) { // an iterable of the application's
    left.push(textOf(error));
  }
  return { fields, left };
}

/** The name in lower case; undefined where it is no token (RFC 9110, section 5.6.2), or the protocol's own. */
function fieldName(name: unknown): string | undefined {
  if (typeof name !== "string" || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return undefined;
  const key = name.toLowerCase();
  return isReserved(key) ? undefined : key;
}

function fieldValue(key: string, value: MetadataValue): string | undefined {
  if (key.endsWith("-bin")) return value instanceof Uint8Array ? encodeBinary(value) : undefined;
  if (typeof value !== "string") return undefined;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0 || unit === 0x0a || unit === 0x0d || unit > 0xff) return undefined;
  }
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}
