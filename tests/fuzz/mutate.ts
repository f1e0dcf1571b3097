// Changes inputs as a fuzzer does: bits, bytes, lengths, pieces of others, and tokens that mean something.
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import { concat } from "../bytes.ts";
import { changeFrames } from "./mutate_frames.ts";

/** Octets that protocols here care about: frame headers, integers at their edges, protobuf tags. */
const TOKENS: readonly Uint8Array[] = [
  [0, 0, 0, 4, 1, 0, 0, 0, 0],
  [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
  [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 16, 0],
  [0, 0, 4, 8, 0, 0, 0, 0, 1, 127, 255, 255, 255],
  [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8],
  [0, 0, 1, 9, 4, 0, 0, 0, 1, 130],
  [0, 0, 5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0],
  [0, 0, 4, 1, 4, 0, 0, 0, 3, 130, 131, 132, 134],
  [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1],
  [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  [255, 255, 255, 255],
  [127, 255, 255, 255],
  [255, 255, 255, 255, 15],
  [0x3f, 0xe1, 0x1f],
  [0x20],
  [0x40, 1, 97, 1, 98],
  [10, 0],
  [255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
].map((octets) => Uint8Array.from(octets));

const TEXT_TOKENS = [
  "message A { ",
  "}",
  'syntax = "proto3";',
  "rpc ",
  "stream ",
  "map<string, ",
  "[::1]:",
  "dns:///",
  "unix:",
  "oneof x {",
  "repeated ",
  '"',
  "//",
  "/*",
  "%",
  "=",
  ";",
  "65536",
  "-1",
  "\n",
];

/** How many of the changes to HTTP/2 leave its frames whole. */
const WHOLE_FRAMES = 0.8;

/** One input made of `corpus`; at most `mostBytes` long. `framed`: it is made of HTTP/2 frames. */
export function mutate(
  random: SeededRandom,
  corpus: readonly Uint8Array[],
  mostBytes: number,
  framed = false,
): Uint8Array {
  let bytes = corpus.length === 0 ? new Uint8Array(0) : random.pick(corpus);
  for (let changes = random.between(1, framed ? 12 : 6); changes > 0; changes--) {
    bytes = framed && random.chance(WHOLE_FRAMES)
      ? changeFrames(random, bytes)
      : change(random, bytes, corpus);
    if (bytes.length > mostBytes) bytes = bytes.subarray(0, mostBytes);
  }
  return bytes.slice();
}

function change(random: SeededRandom, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.between(1, 32));
  switch (random.below(8)) {
    case 0: // a bit
      return replaced(bytes, at, (byte) => byte ^ (1 << random.below(8)));
    case 1: // a byte
      return replaced(bytes, at, () => random.below(256));
    case 2: // a byte at its edge, or one more or less
      return replaced(bytes, at, (byte) => random.pick([0, 127, 128, 255, byte + 1, byte - 1]));
    case 3: // less
      return concat(bytes.subarray(0, at), bytes.subarray(end));
    case 4: // more of the same
      return concat(bytes.subarray(0, end), bytes.subarray(at));
    case 5: // a token
      return concat(bytes.subarray(0, at), random.pick(TOKENS), bytes.subarray(at));
    case 6: // a token of text
      return concat(
        bytes.subarray(0, at),
        new TextEncoder().encode(random.pick(TEXT_TOKENS)),
        bytes.subarray(at),
      );
    default: { // the rest of another
      const other = corpus.length === 0 ? bytes : random.pick(corpus);
      return concat(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
  }
}

function replaced(bytes: Uint8Array, at: number, by: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  if (at < copy.length) copy[at] = by(copy[at]!);
  return copy;
}
