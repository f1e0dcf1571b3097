// RFC 7541, section 5.1: integers beyond what we can hold are errors wherever they stand, and never wrap around.
import { assert, assertEquals } from "@std/assert";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { IntegerReader } from "../../../transport/hpack/integer.ts";
import { test } from "../../harness.ts";

/** `value` with a prefix of `bits` whose octet's other bits are `pattern`. */
function integer(value: bigint, bits: number, pattern: number): number[] {
  const limit = (1n << BigInt(bits)) - 1n;
  if (value < limit) return [pattern | Number(value)];
  const octets = [pattern | Number(limit)];
  let rest = value - limit;
  for (; rest >= 128n; rest >>= 7n) octets.push(Number(rest & 127n) | 128);
  return [...octets, Number(rest)];
}

/** Where an integer may stand, and a value there that is right. */
const PLACES: Array<[place: string, right: bigint, block: (value: bigint) => number[]]> = [
  ["the index of a field", 2n, (value) => integer(value, 7, 0x80)],
  ["the index of a name, indexed", 2n, (value) => [...integer(value, 6, 0x40), 1, 0x61]],
  ["the index of a name, not indexed", 2n, (value) => [...integer(value, 4, 0x00), 1, 0x61]],
  ["the index of a name, never indexed", 2n, (value) => [...integer(value, 4, 0x10), 1, 0x61]],
  ["the length of a name", 1n, (value) => [0x00, ...integer(value, 7, 0x00), 0x61, 1, 0x61]],
  ["the length of a value", 1n, (value) => [0x02, ...integer(value, 7, 0x00), 0x61]],
  ["the length of a coded value", 1n, (value) => [0x02, ...integer(value, 7, 0x80), 0x1f]],
  ["the size of the table", 1n, (value) => integer(value, 5, 0x20)],
];

function decode(octets: number[]): HeaderList | DecodeFailure {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  return decoder.decode(Uint8Array.from(octets), 0, octets.length);
}

for (const [place, right, block] of PLACES) {
  test(`5.1: ${place} that is right modulo a power of two is an error all the same`, () => {
    assert(decode(block(right)) instanceof HeaderList, JSON.stringify(decode(block(right))));
    for (const power of [16n, 28n, 29n, 31n, 32n, 35n, 53n, 64n, 70n, 128n]) {
      const failure = decode(block(right + (1n << power)));
      assert(failure instanceof DecodeFailure, `2^${power} more was accepted`);
      assertEquals(failure.kind, "compression");
    }
  });
}

test("5.1: an integer that goes on and on, each octet adding nothing, is an error", () => {
  for (const count of [6, 16, 1_000]) {
    const octets = [0x82, 0xff, ...new Array(count).fill(0x80), 0x00];
    assert(decode(octets) instanceof DecodeFailure, `${count} octets`);
  }
});

test("5.1: the bits before the prefix are no part of the integer", () => {
  for (let bits = 1; bits <= 8; bits++) {
    for (const value of [0n, 1n, 1_337n]) {
      const octets = Uint8Array.from(integer(value, bits, 0xff & ~((1 << bits) - 1)));
      assertEquals(new IntegerReader().read(octets, octets.length, bits), Number(value), `prefix ${bits}`);
    }
  }
});

test("5.1: integers are read up to the end of the block, not of its buffer", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const buffer = Uint8Array.of(0x00, 0xff, 0x80, 0x82, 0x86, 0x01);
  assert(decoder.decode(buffer, 1, 3) instanceof DecodeFailure);
  const list = decoder.decode(buffer, 3, 5);
  assert(list instanceof HeaderList);
  assertEquals([...list], [[":method", "GET"], [":scheme", "http"]]);
});
