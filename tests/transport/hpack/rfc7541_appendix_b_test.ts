// RFC 7541, Appendix B: the Huffman code of every octet, as the RFC writes it.
import { assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { huffmanDecode, huffmanEncode, huffmanFound, huffmanRoom } from "../../../transport/hpack/huffman.ts";
import { CODE_LENGTHS, CODES, EOS } from "../../../transport/hpack/huffman_table.ts";
import { CONTROL, NOT_ASCII } from "../../../transport/hpack/octet_classes.ts";
import { test } from "../../harness.ts";

/** The column "code as hex", symbol 0 to 256. */
const CODES_IN_HEX = `
  1ff8 7fffd8 fffffe2 fffffe3 fffffe4 fffffe5 fffffe6 fffffe7 fffffe8 ffffea 3ffffffc fffffe9 fffffea 3ffffffd
  fffffeb fffffec fffffed fffffee fffffef ffffff0 ffffff1 ffffff2 3ffffffe ffffff3 ffffff4 ffffff5 ffffff6
  ffffff7 ffffff8 ffffff9 ffffffa ffffffb
  14 3f8 3f9 ffa 1ff9 15 f8 7fa 3fa 3fb f9 7fb fa 16 17 18 0 1 2 19 1a 1b 1c 1d 1e 1f 5c fb 7ffc 20 ffb 3fc
  1ffa 21 5d 5e 5f 60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72 fc 73 fd 1ffb 7fff0 1ffc 3ffc 22
  7ffd 3 23 4 24 5 25 26 27 6 74 75 28 29 2a 7 2b 76 2c 8 9 2d 77 78 79 7a 7b 7ffe 7fc 3ffd 1ffd ffffffc
  fffe6 3fffd2 fffe7 fffe8 3fffd3 3fffd4 3fffd5 7fffd9 3fffd6 7fffda 7fffdb 7fffdc 7fffdd 7fffde ffffeb 7fffdf
  ffffec ffffed 3fffd7 7fffe0 ffffee 7fffe1 7fffe2 7fffe3 7fffe4 1fffdc 3fffd8 7fffe5 3fffd9 7fffe6 7fffe7
  ffffef 3fffda 1fffdd fffe9 3fffdb 3fffdc 7fffe8 7fffe9 1fffde 7fffea 3fffdd 3fffde fffff0 1fffdf 3fffdf
  7fffeb 7fffec 1fffe0 1fffe1 3fffe0 1fffe2 7fffed 3fffe1 7fffee 7fffef fffea 3fffe2 3fffe3 3fffe4 7ffff0
  3fffe5 3fffe6 7ffff1 3ffffe0 3ffffe1 fffeb 7fff1 3fffe7 7ffff2 3fffe8 1ffffec 3ffffe2 3ffffe3 3ffffe4
  7ffffde 7ffffdf 3ffffe5 fffff1 1ffffed 7fff2 1fffe3 3ffffe6 7ffffe0 7ffffe1 3ffffe7 7ffffe2 fffff2 1fffe4
  1fffe5 3ffffe8 3ffffe9 ffffffd 7ffffe3 7ffffe4 7ffffe5 fffec fffff3 fffed 1fffe6 3fffe9 1fffe7 1fffe8
  7ffff3 3fffea 3fffeb 1ffffee 1ffffef fffff4 fffff5 3ffffea 7ffff4 3ffffeb 7ffffe6 3ffffec 3ffffed 7ffffe7
  7ffffe8 7ffffe9 7ffffea 7ffffeb ffffffe 7ffffec 7ffffed 7ffffee 7ffffef 7fffff0 3ffffee 3fffffff`
  .trim().split(/\s+/);

test("Appendix B: our codes are the RFC's, and no sequence of bits is left without a meaning", () => {
  assertEquals(CODES_IN_HEX.length, EOS + 1);
  assertEquals(Array.from(CODES, (code) => code.toString(16)), CODES_IN_HEX);
  assertEquals(CODE_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0), 1);
});

/** The code of `symbol`, then ones up to the next octet (section 5.2). */
function padded(symbol: number): number[] {
  const code = parseInt(CODES_IN_HEX[symbol]!, 16).toString(2).padStart(CODE_LENGTHS[symbol]!, "0");
  const bits = code.padEnd(8 * Math.ceil(code.length / 8), "1");
  return bits.match(/.{8}/g)!.map((octet) => parseInt(octet, 2));
}

test("Appendix B: each octet is written as its code and read back from it", () => {
  for (let symbol = 0; symbol < 256; symbol++) {
    const out = new ByteSink(8);
    huffmanEncode(String.fromCharCode(symbol), out);
    assertEquals([...out.bytes.subarray(0, out.length)], padded(symbol), `symbol ${symbol}`);
    const into = new Uint8Array(8);
    const octets = Uint8Array.from(padded(symbol));
    assertEquals(huffmanDecode(octets, 0, octets.length, into), 1, `symbol ${symbol}`);
    assertEquals(into[0], symbol);
  }
});

test("5.2: a code that is cut off in its last octet, or EOS whole, is an error", () => {
  for (let symbol = 0; symbol < 256; symbol++) {
    const octets = padded(symbol);
    if (octets.length === 1) continue; // half a code of one octet is another code and padding
    const cut = Uint8Array.from(octets.slice(0, -1));
    // What is left is ones alone where the code begins with eight of them: too long for padding.
    assertEquals(huffmanDecode(cut, 0, cut.length, new Uint8Array(8)), -1, `symbol ${symbol}`);
  }
  const eos = Uint8Array.from(padded(EOS));
  assertEquals(huffmanDecode(eos, 0, eos.length, new Uint8Array(8)), -1);
});

test("5.2: padding of one to seven ones is right, eight ones are too many", () => {
  const into = new Uint8Array(16);
  for (let count = 1; count <= 8; count++) {
    // "0" is 00000, so `count` of them leave 8 * octets - 5 * count bits of padding
    const octets = new Uint8Array(Math.ceil(5 * count / 8)).fill(0);
    const padding = 8 * octets.length - 5 * count;
    octets[octets.length - 1]! |= 2 ** padding - 1;
    assertEquals(huffmanDecode(octets, 0, octets.length, into), count, `padding of ${padding}`);
    const longer = Uint8Array.of(...octets, 0xff);
    assertEquals(huffmanDecode(longer, 0, longer.length, into), -1, `padding of ${padding + 8}`);
  }
});

/** Code by code, by the table alone; undefined where the coding is broken. */
function decodedSlowly(octets: Uint8Array): number[] | undefined {
  const decoded: number[] = [];
  let code = "";
  for (const bit of [...octets].map((octet) => octet.toString(2).padStart(8, "0")).join("")) {
    const symbol = BY_CODE.get(code += bit);
    if (symbol === undefined) continue;
    if (symbol === EOS) return undefined;
    decoded.push(symbol);
    code = "";
  }
  return /^1{0,7}$/.test(code) ? decoded : undefined;
}

const BY_CODE = new Map(
  CODES_IN_HEX.map((
    hex,
    symbol,
  ) => [parseInt(hex, 16).toString(2).padStart(CODE_LENGTHS[symbol]!, "0"), symbol]),
);

test("5.2: whatever octets come are decoded as code by code, and what they have is found, seed 5", () => {
  const into = new Uint8Array(64);
  let state = 5;
  const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff) >> 8;
  const classes = { right: 0, wrong: 0, control: 0 };
  for (let round = 0; round < 20_000; round++) {
    // Octets at random are broken mostly, those of ones are long codes, and those of text are right.
    const octets = Uint8Array.from(
      { length: random() % 12 },
      () => random() | (round % 3 === 0 ? random() : 0),
    );
    if (round % 3 === 1) octets.set(sampleOf(random).subarray(0, octets.length));
    const expected = decodedSlowly(octets);
    const around = Uint8Array.of(random(), ...octets, 0x00, 0x00, 0x00); // what stands beside it means nothing
    const length = huffmanDecode(around, 1, 1 + octets.length, into, 2);
    assertEquals(length < 0 ? undefined : [...into.subarray(2, 2 + length)], expected, `${octets}`);
    if (expected === undefined) classes.wrong++;
    else {
      classes.right++;
      const found = (expected.some(isControl) ? CONTROL : 0) |
        (expected.some((octet) => octet > 0x7f) ? NOT_ASCII : 0);
      assertEquals(huffmanFound.classes, found, `${octets}`);
      if (found & CONTROL) classes.control++;
      assertEquals(length <= huffmanRoom(octets.length), true);
    }
  }
  assertEquals(Math.min(...Object.values(classes)) > 100, true, JSON.stringify(classes));
});

/** The code of some octets, of which some are controls. */
function sampleOf(random: () => number): Uint8Array {
  const out = new ByteSink();
  const unit = () => random() % 8 === 0 ? random() & 255 : 0x20 + random() % 0x5f;
  huffmanEncode(String.fromCharCode(unit(), unit(), unit(), unit()), out);
  return out.bytes.subarray(0, Math.min(12, out.length));
}

function isControl(octet: number): boolean {
  return (octet < 0x20 && octet !== 0x09) || octet === 0x7f;
}
