// Huffman coding and integers (RFC 7541, sections 5.1 and 5.2) over their whole range.
import { assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "../../../transport/hpack/huffman.ts";
import { encodeInteger, IntegerReader } from "../../../transport/hpack/integer.ts";
import { test } from "../../harness.ts";

function roundTrip(text: string): string {
  const out = new ByteSink(8);
  huffmanEncode(text, out);
  assertEquals(out.length, huffmanLength(text));
  const into = new Uint8Array(2 * out.length);
  const length = huffmanDecode(out.bytes, 0, out.length, into);
  return String.fromCharCode(...into.subarray(0, length));
}

test("5.2 every octet alone, beside every other, and all in one string", () => {
  const all = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
  for (const one of all) {
    assertEquals(roundTrip(one), one);
    for (const other of all) if (roundTrip(one + other) !== one + other) assertEquals(one, other);
  }
  assertEquals(roundTrip(all.join("")), all.join(""));
  assertEquals(roundTrip(""), "");
});

test("5.1 integers around every boundary, with every prefix", () => {
  const values = [0, 1, 0xffff_ffff];
  for (let bits = 1; bits < 32; bits++) values.push(2 ** bits - 2, 2 ** bits - 1, 2 ** bits, 2 ** bits + 1);
  for (let prefix = 1; prefix <= 8; prefix++) {
    for (const value of values) {
      const out = new ByteSink(8);
      encodeInteger(value, prefix, 0, out);
      const reader = new IntegerReader();
      assertEquals(reader.read(out.bytes, out.length, prefix), value);
      assertEquals(reader.at, out.length);
      assertEquals(reader.at > 0 && new IntegerReader().read(out.bytes, out.length - 1, prefix), -1);
    }
  }
});
