// What the tokens of numbers and strings mean: octal and hexadecimal, escapes, bytes and text.

import { joinedOctets } from "../joined_octets.ts";

/** An integer token's value: decimal, octal or hexadecimal. */
export function integerOf(token: string): bigint {
  if (token.length > 1 && token[0] === "0" && token[1] !== "x" && token[1] !== "X") {
    return BigInt(`0o${token}`);
  }
  return BigInt(token);
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "?": 63,
  "'": 39,
  '"': 34,
};

const ESCAPE = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(.))/gs;

/** The text of adjacent string tokens; undefined where their escapes make bytes that are no UTF-8. */
export function textOf(tokens: readonly string[]): string | undefined {
  if (tokens.every((token) => !token.includes("\\"))) {
    return tokens.map((token) => token.slice(1, -1)).join("");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(tokens));
  } catch {
    return undefined;
  }
}

/** The bytes of adjacent string tokens: escapes are bytes, or characters in UTF-8; the rest is UTF-8. */
export function bytesOf(tokens: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const token of tokens) {
    let at = 1;
    for (const match of token.matchAll(ESCAPE)) {
      if (match.index < at) continue;
      parts.push(encoder.encode(token.slice(at, match.index)));
      at = match.index + match[0].length;
      const [, octal, hex, unicode, other] = match;
      if (octal !== undefined) parts.push(Uint8Array.of(Number.parseInt(octal, 8)));
      else if (hex !== undefined) parts.push(Uint8Array.of(Number.parseInt(hex, 16)));
      else if (unicode !== undefined) {
        let code = Number.parseInt(unicode.slice(1), 16);
        const low = /^\\u(d[c-f][0-9a-f]{2})/i.exec(token.slice(at, at + 6));
        if (code >= 0xd800 && code < 0xdc00 && low !== null) {
          code = 0x10000 + ((code - 0xd800) << 10) + (Number.parseInt(low[1]!, 16) - 0xdc00);
          at += 6;
        }
        parts.push(utf8(code));
      } else parts.push(Uint8Array.of(ESCAPES[other!]!));
    }
    parts.push(encoder.encode(token.slice(at, -1)));
  }
  return joinedOctets(parts);
}

/** A code point in UTF-8's form, lone surrogates included; beyond Unicode it stays an escape, as protoc has it. */
function utf8(code: number): Uint8Array {
  if (code > 0x10ffff) return new TextEncoder().encode(`\\U${code.toString(16).padStart(8, "0")}`);
  if (code < 0xd800 || code > 0xdfff) return new TextEncoder().encode(String.fromCodePoint(code));
  return Uint8Array.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
}
