// RFC 7541, sections 2 and 3, and the representations of section 6 as a decoder reads them.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex, toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

type Field = [name: string, value: string];

function newDecoder(): Decoder {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
}

function decode(decoder: Decoder, hex: string): Field[] {
  const block = fromHex(hex);
  const list = decoder.decode(block, 0, block.length);
  assert(list instanceof HeaderList, `${hex}: ${JSON.stringify(list)}`);
  return [...list];
}

function encode(encoder: Encoder, fields: Field[]): string {
  const out = new ByteSink(16);
  encoder.encode(HeaderList.of(fields), undefined, out);
  return toHex(out.bytes.subarray(0, out.length));
}

test("2.1: fields keep their order, those of one name too, when they are written and when they are read", () => {
  const fields: Field[] = [["b", "2"], ["a", "1"], ["b", "1"], [":path", "/"], ["a", "1"], ["b", "2"]];
  const encoder = new Encoder();
  const decoder = newDecoder();
  for (let round = 0; round < 3; round++) assertEquals(decode(decoder, encode(encoder, fields)), fields);
});

test("2.2: each direction of each connection has a table of its own", () => {
  const first = newDecoder();
  const second = newDecoder();
  assertEquals(decode(first, "4001610162"), [["a", "b"]]);
  assertEquals(decode(second, "4001630164"), [["c", "d"]]);
  assertEquals([decode(first, "be"), decode(second, "be")], [[["a", "b"]], [["c", "d"]]]);
  const encoder = new Encoder();
  encode(encoder, [["a", "b"]]);
  assertEquals(encode(encoder, [["a", "b"]]), "be");
  assertEquals(encode(new Encoder(), [["a", "b"]]).slice(0, 2), "40");
});

test("2.3.2: the same entry may be in the table twice", () => {
  const decoder = newDecoder();
  assertEquals(decode(decoder, "40016101624001610162"), [["a", "b"], ["a", "b"]]);
  assertEquals(decode(decoder, "bebf"), [["a", "b"], ["a", "b"]]);
});

test("2.3.3: the static table comes first, and the dynamic one begins at 62", () => {
  const decoder = newDecoder();
  assertEquals(decode(decoder, "4001610162bd"), [["a", "b"], ["www-authenticate", ""]]);
  assertEquals(decode(decoder, "be"), [["a", "b"]]);
});

test("3.2 and 6.2: of the literals only those with incremental indexing change the table", () => {
  for (
    const [pattern, inserts] of [["40", true], ["00", false], ["10", false]] as Array<[string, boolean]>
  ) {
    const decoder = newDecoder();
    decode(decoder, "4001780179"); // x: y
    const named = (Number.parseInt(pattern, 16) | 4).toString(16).padStart(2, "0");
    assertEquals(decode(decoder, `${pattern}01610162`), [["a", "b"]]);
    assertEquals(decode(decoder, `${named}0163`), [[":path", "c"]], "a name of the static table");
    assertEquals(decode(decoder, "be"), [inserts ? [":path", "c"] : ["x", "y"]]);
  }
});

test("6.2: a literal may take its name from the dynamic table, in each of its three forms", () => {
  for (const block of ["7e0163", "0f2f0163", "1f2f0163"]) {
    const decoder = newDecoder();
    decode(decoder, "4001610162");
    assertEquals(decode(decoder, block), [["a", "c"]], block);
  }
});

test("5.2: a string of no octets, plain or Huffman coded, is empty", () => {
  for (const block of ["00016100", "00016180"]) assertEquals(decode(newDecoder(), block), [["a", ""]]);
});

test("6.3: an update to 0 empties the table, and entries may come again after the next one", () => {
  const decoder = newDecoder();
  decode(decoder, "4001610162");
  assertEquals(decode(decoder, "2082"), [[":method", "GET"]]);
  const gone = decoder.decode(fromHex("be"), 0, 1);
  assert(!(gone instanceof HeaderList));
  assertEquals(decode(decoder, "3fe11f4001610162be"), [["a", "b"], ["a", "b"]]);
});

test("4.2: more updates than the two that are ever needed are taken, each as it stands", () => {
  const decoder = newDecoder();
  decode(decoder, "4001610162");
  assertEquals(decode(decoder, "3fe11f3f453fe11f3fe11fbe"), [["a", "b"]]);
});

test("7.3: an encoder keeps no more than 4,096 octets, whatever its peer offers, and a decoder what it announced", () => {
  const encoder = new Encoder();
  encoder.setPeerMaxTableSize(0xffff_ffff);
  for (let i = 0; i < 1_000; i++) encode(encoder, [[`name-${i}`, "\x01".repeat(100)]]);
  const decoder = newDecoder();
  for (let i = 0; i < 1_000; i++) {
    decode(decoder, `4003${toHex(new TextEncoder().encode(String(100 + i).slice(0, 3)))}0162`);
  }
  for (const { table } of [encoder, decoder] as unknown as Array<{ table: { size: number } }>) {
    assert(table.size <= 4_096 && table.size > 3_000, `${table.size} octets`);
  }
});
