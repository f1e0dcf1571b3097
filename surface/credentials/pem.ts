// Certificates and keys as users give them.

import type { KeyPair } from "../../transport/mod.ts";
import { describe } from "../options.ts";

/** Certificates or a key in PEM ("-----BEGIN CERTIFICATE-----"), as text or as the bytes of a file. */
export type Pem = string | Uint8Array;

/** `pem` as text. Throws TypeError where it is none. */
export function pemText(purpose: string, name: string, pem: Pem | undefined): string | undefined {
  if (pem === undefined) return undefined;
  const text = pem instanceof Uint8Array ? new TextDecoder().decode(pem) : pem;
  // Each line by itself: libraries find nothing, or not all, where lines are indented, end in tabs or in CR alone, a mark of
  // the octet order stands before one, or files were joined of which one has no line feed at its end.
  if (typeof text === "string" && text.includes("-----BEGIN ")) {
    return text.replace(/\s*[\r\n]\s*|(?=-----BEGIN )/g, "\n").trim();
  }
  const hint = "give PEM, which begins with -----BEGIN, not the name of its file";
  const found = typeof pem === "string" ? "another string" : describe(pem); // not shown: it may be a key
  throw new TypeError(`Cannot ${purpose}: ${name} is ${found}; ${hint}`);
}

/** A certificate with its key, or undefined where neither is given. Throws TypeError where one is missing. */
export function identityOf(
  purpose: string,
  cert: Pem | undefined,
  key: Pem | undefined,
): KeyPair | undefined {
  const [certText, keyText] = [pemText(purpose, "cert", cert), pemText(purpose, "key", key)];
  if (certText !== undefined && keyText !== undefined) return { cert: certText, key: keyText };
  if (certText === undefined && keyText === undefined) return undefined;
  throw new TypeError(`Cannot ${purpose}: there is no ${certText === undefined ? "cert" : "key"}; give both`);
}
