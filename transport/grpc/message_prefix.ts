// The prefix of a message: the compressed flag and its length (PROTOCOL-HTTP2.md, "Length-Prefixed-Message").

/** Octets before each message: the compressed flag and a 32-bit length. */
export const MESSAGE_PREFIX_BYTES = 5;

/** Writes the prefix of an uncompressed message into the five free octets at the start of `framed`. */
export function writePrefix(framed: Uint8Array): void {
  const length = framed.length - MESSAGE_PREFIX_BYTES;
  framed[0] = 0;
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
}
