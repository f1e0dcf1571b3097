// Default values as the text that descriptors have them in, and back: protoc's spellings of numbers, C escapes for bytes.

import { bytesOf } from "../language/literals.ts";
import type { FieldNode } from "../language/nodes.ts";

/** The text of a field's default value. */
export function defaultText({ type, defaultValue: value }: FieldNode): string {
  if (value instanceof Uint8Array) return escapeBytes(value);
  if (type === "float") return floatText(value as number);
  return type === "double" ? doubleText(value as number) : String(value);
}

/** protoc's `SimpleDtoa`: 15 digits where they mean the same number, else 17. */
export function doubleText(value: number): string {
  const short = general(value, 15);
  return Number(short) === value || !Number.isFinite(value) ? short : general(value, 17);
}

/** protoc's `SimpleFtoa`: 6 digits where they mean the same float, else 9. */
export function floatText(value: number): string {
  const short = general(value, 6);
  return Math.fround(Number(short)) === value || !Number.isFinite(value) ? short : general(value, 9);
}

/** As C's `%.*g`. */
function general(value: number, digits: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < digits) return withoutZeros(value.toFixed(Math.max(0, digits - 1 - power)));
  return `${withoutZeros(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const ESCAPED: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  39: "\\'",
  92: "\\\\",
};

/** absl's `CEscape`. */
function escapeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (ESCAPED[byte] !== undefined) text += ESCAPED[byte];
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return text;
}

const LEAST: Readonly<Record<string, bigint>> = {
  int32: -0x8000_0000n,
  uint32: 0n,
  int64: -0x8000_0000_0000_0000n,
  uint64: 0n,
};
const MOST: Readonly<Record<string, bigint>> = {
  int32: 0x7fff_ffffn,
  uint32: 0xffff_ffffn,
  int64: 0x7fff_ffff_ffff_ffffn,
  uint64: 0xffff_ffff_ffff_ffffn,
};

/**
 * The value of a default's text, as the parser has it: of enums the name, of messages too, which is refused later.
 * Undefined for text that is no value of `type`.
 */
export function defaultFromText(text: string, type: FieldNode["type"]): unknown {
  switch (type) {
    case "string":
    case "enum":
    case "message":
    case "group":
    case undefined:
      return text;
    case "bytes":
      return unescapeBytes(text);
    case "bool":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "double":
      return numberOf(text);
    case "float": {
      const value = numberOf(text);
      return value === undefined ? undefined : Math.fround(value);
    }
    default:
      return integerOf(text, type);
  }
}

function integerOf(text: string, type: string): number | bigint | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  const unsigned = type.startsWith("u") || type.startsWith("fixed");
  const range = `${unsigned ? "u" : ""}int${type.endsWith("64") ? 64 : 32}`;
  if (value < LEAST[range]! || value > MOST[range]!) return undefined;
  return type.endsWith("64") ? value : Number(value);
}

function numberOf(text: string): number | undefined {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  if (text === "nan" || text === "-nan") return NaN;
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Octets of text with C escapes; other characters are UTF-8. */
function unescapeBytes(text: string): Uint8Array | undefined {
  if (!/^(?:[^\\]|\\(?:[0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|[abfnrtv\\?'"]))*$/s.test(text)) return undefined;
  return bytesOf([`"${text}"`]);
}
