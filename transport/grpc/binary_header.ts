// Binary metadata (PROTOCOL-HTTP2.md): values of names that end in "-bin" are base64 on the wire.

/** The wire form of a binary value: base64 without padding. */
export function encodeBinary(value: Uint8Array): string {
  let text = "";
  for (const byte of value) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("=", "");
}

/** The binary values of a header: padded or not, several joined by commas; undefined where it is no base64. */
export function decodeBinary(value: string): Uint8Array[] | undefined {
  try {
    return value.split(",").map((part) => Uint8Array.from(atob(part.trim()), (unit) => unit.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
