// Options as .proto text, whether they come from a file's text or from a descriptor.

import { octetsOf } from "../../proto/descriptor/write_options.ts";
import type { OptionValues } from "../../proto/language/nodes.ts";
import type { Source } from "../../proto/language/source.ts";
import { printable } from "../text.ts";

/**
 * What options set, each as it is written before the ";": `deprecated = true`, `(shop.rule).least = 3`. `nameOf`: how an
 * extension is called there.
 */
export function optionTexts(
  settings: OptionValues,
  source: Source,
  nameOf: (fullName: string) => string,
  prefix = "",
): string[] {
  return [...settings].flatMap(([name, value]) => {
    const path = prefix + (name.startsWith("(") ? `(${nameOf(name.slice(1, -1))})` : name);
    if (isMessage(value) && value.size > 0 && !isAny(value)) {
      return optionTexts(value, source, nameOf, `${path}.`);
    }
    return listOf(value).map((one) => `${path} = ${valueText(one, source)}`);
  });
}

function isMessage(value: unknown): value is OptionValues {
  return value instanceof Map;
}

/** An Any whose message is written out. */
function isAny(value: OptionValues): boolean {
  return value.has("type_url") && isMessage(value.get("value"));
}

/** Strings of a `{ }` value are lists of tokens. */
function isTokens(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "string" && /^["']/.test(value[0]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) && !isTokens(value) ? value : [value];
}

function valueText(value: unknown, source: Source): string {
  if (isMessage(value)) return messageText(value, source);
  if (typeof value === "number") return numberText(value);
  return typeof value === "object" ? quoted(octetsOf(value, source)) : String(value);
}

/** A message in the text format, on one line. */
function messageText(message: OptionValues, source: Source): string {
  const entries = isAny(message)
    ? [[`[${textOf(octetsOf(message.get("type_url"), source))}]`, message.get("value")] as const]
    : [...message].map(([name, value]) => [name.replace(/^\((.*)\)$/, "[$1]"), value] as const);
  const fields = entries.flatMap(([name, value]) =>
    listOf(value).map((one) => `${name}${isMessage(one) ? "" : ":"} ${valueText(one, source)}`)
  );
  return fields.length === 0 ? "{}" : `{ ${fields.join(" ")} }`;
}

/** A float or double. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** Octets as a string's literal: as text, where they are text that can be shown. */
export function quoted(octets: Uint8Array): string {
  const text = textOf(octets);
  // "\x85" is an octet there, and no character.
  return /[\u0080-\u009f\ufffd]/.test(text) ? octetText(octets) : printable(JSON.stringify(text));
}

function textOf(octets: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets);
}

/** Octets as a string's literal in ASCII. */
export function octetText(octets: Uint8Array): string {
  const shown = Array.from(
    octets,
    (one) =>
      one < 32 || one > 126 || one === 34 || one === 92
        ? `\\${one.toString(8).padStart(3, "0")}`
        : String.fromCharCode(one),
  );
  return `"${shown.join("")}"`;
}
