// Base64 (RFC 4648) of fields of type bytes: written with padding, read in both alphabets and with or without it.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const INVALID = 64;

/** The six bits of each code unit below 128. */
const VALUES: Uint8Array = /* @__PURE__ */ (() => {
  const table = new Uint8Array(128).fill(INVALID);
  for (let bits = 0; bits < 64; bits++) table[ALPHABET.charCodeAt(bits)] = bits;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
})();

/** What newer runtimes have, at a tenth of the time. */
interface Native {
  toBase64?(): string;
}

/** The base64 of `bytes`. */
export function base64Of(bytes: Uint8Array): string {
  const native = bytes as Native;
  if (native.toBase64 !== undefined) return native.toBase64();
  const { length } = bytes;
  let text = "";
  let i = 0;
  for (; i + 2 < length; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text += ALPHABET[bits >>> 18]! + ALPHABET[(bits >>> 12) & 63]! + ALPHABET[(bits >>> 6) & 63]! +
      ALPHABET[bits & 63]!;
  }
  if (i === length) return text;
  const bits = (bytes[i]! << 16) | (i + 1 < length ? bytes[i + 1]! << 8 : 0);
  text += ALPHABET[bits >>> 18]! + ALPHABET[(bits >>> 12) & 63]!;
  return text + (i + 1 < length ? `${ALPHABET[(bits >>> 6) & 63]}=` : "==");
}

/** The octets of base64; undefined where `text` is none. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  let { length } = text;
  let padding = 0;
  while (padding < 2 && length > 0 && text.charCodeAt(length - 1) === 0x3d) {
    length--;
    padding++;
  }
  const rest = length & 3;
  if (rest === 1 || (padding > 0 && rest + padding !== 4)) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  let at = 0;
  let all = 0;
  let pending = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const bits = code < 128 ? VALUES[code]! : INVALID;
    all |= bits;
    pending = (pending << 6) | bits;
    if ((i & 3) !== 3) continue;
    bytes[at++] = pending >>> 16;
    bytes[at++] = pending >>> 8;
    bytes[at++] = pending;
    pending = 0;
  }
  if (all >= INVALID) return undefined;
  if (rest === 2) bytes[at] = pending >>> 4;
  else if (rest === 3) {
    bytes[at++] = pending >>> 10;
    bytes[at] = pending >>> 2;
  }
  return bytes;
}
