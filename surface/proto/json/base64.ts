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

/** From this many code units on the runtime's own function is faster. */
const NATIVE_UNITS = 48;

/** What newer runtimes have, at a tenth of the time. */
interface Native {
  toBase64?(): string;
}

interface NativeClass {
  fromBase64?(text: string): Uint8Array;
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
  if (length >= NATIVE_UNITS) {
    const bytes = natively(text);
    // It passes over white space, which is then missing.
    if (bytes !== undefined && bytes.length === (length * 3) >> 2) return bytes;
  }
  return decoded(text, length);
}

/** By the runtime's own function, in the usual alphabet; undefined where it cannot. */
function natively(text: string): Uint8Array | undefined {
  const native = (Uint8Array as NativeClass).fromBase64;
  if (native === undefined || text.includes("-") || text.includes("_")) return undefined;
  try {
    return native.call(Uint8Array, text);
  } catch {
    return undefined;
  }
}

function decoded(text: string, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array((length * 3) >> 2);
  let at = 0;
  let all = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = valueAt(text, i + 2);
    const d = valueAt(text, i + 3);
    all |= a | b | c | d;
    bytes[at++] = (a << 2) | (b >>> 4);
    bytes[at++] = (b << 4) | (c >>> 2);
    bytes[at++] = (c << 6) | d;
  }
  if (i < length) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = i + 2 < length ? valueAt(text, i + 2) : 0;
    all |= a | b | c;
    bytes[at++] = (a << 2) | (b >>> 4);
    if (i + 2 < length) bytes[at] = (b << 4) | (c >>> 2);
  }
  return all < INVALID ? bytes : undefined;
}

function valueAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  return code < 128 ? VALUES[code]! : INVALID;
}
