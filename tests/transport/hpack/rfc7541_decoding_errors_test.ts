// What a decoder refuses, and how (RFC 7541; a COMPRESSION_ERROR of the connection by RFC 9113, section 4.3).
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

function decoder(maxTableSize = 4_096, maxHeaderListSize = 16_384): Decoder {
  return new Decoder({ maxTableSize, maxHeaderListSize });
}

function decode(hex: string, using = decoder()): HeaderList | DecodeFailure {
  const block = fromHex(hex);
  return using.decode(block, 0, block.length);
}

function assertBroken(hex: string, reason: RegExp, using = decoder()): void {
  const failure = decode(hex, using);
  assert(failure instanceof DecodeFailure, `${hex} was accepted`);
  assertEquals(failure.kind, "compression");
  assertMatch(failure.reason, reason);
}

test("6.1 index 0 and an index beyond both tables are errors", () => {
  assertBroken("80", /index 0/);
  assertBroken("be", /index 62/);
  assertBroken("7e0161", /index 62/); // as a name
  assertBroken("ff8001", /index 255/);
});

test("5.1 an integer that is cut off or too long is an error", () => {
  for (const hex of ["ff", "ff80", "ff8080808080808001", "ffffffffffffffffffff01"]) {
    assertBroken(hex, /index -1/);
  }
});

test("5.2 a string that is cut off, at every octet, is an error", () => {
  const block = "4088 25a849e95ba97d7f 89 25a849e95bb8e8b4bf".replaceAll(" ", "");
  assert(decode(block) instanceof HeaderList);
  for (let end = 2; end < block.length; end += 2) assertBroken(block.slice(0, end), /cut off|badly coded/);
});

test("5.2 Huffman padding: longer than 7 bits, of zeros, or EOS in the string is an error", () => {
  assertEquals([...decode("00811f0161") as HeaderList], [["a", "a"]]); // "a" is 00011, then 111
  assertBroken("00821fff0161", /badly coded/); // 11 bits of padding
  assertBroken("0081180161", /badly coded/); // padded with zeros
  assertBroken("0084ffffffff0161", /badly coded/); // EOS
});

test("6.3 a table size update above our maximum is an error", () => {
  assert(decode("3fe11f") instanceof HeaderList); // 4,096
  assertBroken("3fe21f", /size 4097 above 4096/);
});

test("4.2 a table size update after a field is an error; two before it are not", () => {
  assertBroken("8220", /after a field/);
  assertEquals([...decode("203fe11f82") as HeaderList], [[":method", "GET"]]);
});

test("4.2 after we lowered the maximum, the next block must begin with an update", () => {
  const using = decoder();
  using.setMaxTableSize(100);
  assertBroken("82", /no dynamic table size update/, using);
  const obedient = decoder();
  obedient.setMaxTableSize(100);
  assertEquals([...decode("3f4582", obedient) as HeaderList], [[":method", "GET"]]);
  assertBroken("3f4682", /size 101 above 100/, obedient);
});

test("4.3 and 4.4 lowering the maximum evicts; an entry above it empties the table", () => {
  const using = decoder();
  decode("400161016240016301644001650166", using); // a: b, c: d, e: f; 34 octets each
  assertEquals([...decode("c0", using) as HeaderList], [["a", "b"]]);
  assertEquals([...decode("3f25be", using) as HeaderList], [["e", "f"]]); // maximum 68: two stay
  assertBroken("c0", /index 64/, using);
  decode("4001677f" + "00" + "68".repeat(127), using); // 160 octets
  assertBroken("be", /index 62/, using);
});

test("a list above the limit is refused whole, and the table stays in step", () => {
  const using = decoder(4_096, 70);
  const failure = decode("400161016240016301644001650166", using);
  assert(failure instanceof DecodeFailure);
  assertEquals(failure.kind, "too-large");
  assertMatch(failure.reason, /102 bytes is above 70/);
  assertEquals([...decode("c0be", using) as HeaderList], [["a", "b"], ["e", "f"]]);
});
