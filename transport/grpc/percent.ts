// Percent coding of grpc-message (PROTOCOL-HTTP2.md, "Percent-Encoded"): UTF-8 where ASCII will not do.

/**
 * The header value for a status message: printable ASCII but "%" as it is, other octets as %XX. One that would be
 * longer than `room` octets is cut, never within a character, and never so that it ends with a space.
 */
export function encodePercent(message: string, room = Infinity): string {
  // A unit takes an octet or more. Half of a surrogate pair, should one be left, takes nine and is cut off below.
  const text = message.length > room ? message.slice(0, Math.max(0, room)) : message;
  if (/^[ -$&-~]*$/.test(text) && text.trim() === text) return text;
  let encoded = "";
  let whole = 0; // of `encoded`: what has no incomplete character
  const bytes = new TextEncoder().encode(text);
  for (const [i, byte] of bytes.entries()) {
    if ((byte & 0xc0) !== 0x80) whole = encoded.length;
    // A space at either end would be trimmed as no part of the field's value.
    const edgeSpace = byte === 0x20 && (i === 0 || i === bytes.length - 1);
    if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && !edgeSpace) encoded += String.fromCharCode(byte);
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (encoded.length > room) return encoded.slice(0, whole).trimEnd();
  }
  return encoded;
}

/** The message of a header value; what is not well coded is left as it stands, for a message must not be lost. */
export function decodePercent(value: string): string {
  if (!value.includes("%") && /^[\x20-\x7e]*$/.test(value)) return value;
  const bytes = new Uint8Array(value.length);
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const hex = value[i] === "%" ? /^[0-9A-Fa-f]{2}/.exec(value.slice(i + 1, i + 3))?.[0] : undefined;
    if (hex === undefined) bytes[length++] = value.charCodeAt(i);
    else {
      bytes[length++] = parseInt(hex, 16);
      i += 2;
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, length));
}
