// Short values that come again as literals: a decoder knows them by their octets, every one of them.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { decoderMemory } from "../../../transport/hpack/decoder_memory.ts";
import { type Field, HAS_CONTROL, NEVER_INDEXED } from "../../../transport/hpack/field.ts";
import { huffmanEncode, huffmanLength } from "../../../transport/hpack/huffman.ts";
import { encodeInteger, IntegerReader } from "../../../transport/hpack/integer.ts";
import { NameMemory } from "../../../transport/hpack/name_memory.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";

const PATH = 4;
const AGE = 21;
const AGENT = 58;
const VIA = 60;

/** A literal under a name of the static table; `pattern`: 0x00, or 0x10 for never indexed. */
function literal(value: string, index = PATH, pattern = 0x00, huffman = true): Uint8Array {
  const out = new ByteSink();
  encodeInteger(index, 4, pattern, out);
  encodeInteger(huffman ? huffmanLength(value) : value.length, 7, huffman ? 0x80 : 0, out);
  if (huffman) huffmanEncode(value, out);
  else out.append(Uint8Array.from(value, (unit) => unit.charCodeAt(0)));
  return out.bytes.slice(0, out.length);
}

/** One that has decoded the blocks after which literals are remembered, each with another value. */
function decoder(): Decoder {
  const using = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, memory: decoderMemory });
  for (let i = 0; i < 33; i++) field(using, literal(`${i}`, AGE));
  return using;
}

/** The first field of a block that is too long to be remembered as a whole. */
function field(using: Decoder, bytes: Uint8Array): Field {
  const block = new ByteSink();
  block.append(bytes);
  block.append(literal("x".repeat(100), VIA));
  return decoded(using, block.bytes, block.length).entries[0]!;
}

test("a path that comes again as a literal is the same field; one that differs in any octet is not", () => {
  const path = "/package.Service/Method";
  for (const huffman of [true, false]) {
    for (let i = 0; i < path.length; i++) {
      const using = decoder();
      const known = field(using, literal(path, PATH, 0x00, huffman));
      assert(field(using, literal(path, PATH, 0x00, huffman)) === known);
      const other = `${path.slice(0, i)}x${path.slice(i + 1)}`;
      assertEquals(field(using, literal(other, PATH, 0x00, huffman)).text, other);
      assertEquals(field(using, literal(path, PATH, 0x00, huffman)).text, path);
    }
  }
});

test("the octets of a known value under another name, never indexed, or in another coding are another field", () => {
  const using = decoder();
  const known = field(using, literal("000", PATH));
  assertEquals(known.name.text, ":path");
  assertEquals(field(using, literal("000", AGENT)).name.text, "user-agent");
  assertEquals(field(using, literal("000", PATH, 0x10)).flags & NEVER_INDEXED, NEVER_INDEXED);
  assertEquals(field(using, literal("000", PATH)).flags & NEVER_INDEXED, 0);
  const coded = literal("000", PATH).subarray(2);
  const octets = String.fromCharCode(...coded);
  assertEquals(field(using, literal(octets, PATH, 0x00, false)).text, octets);
});

test("what was found in a value is known when it comes again", () => {
  const using = decoder();
  for (let i = 0; i < 3; i++) {
    assertEquals(field(using, literal("a\x00b", PATH)).flags & HAS_CONTROL, HAS_CONTROL);
  }
});

test("a value that changes from block to block is not kept; one that stays is known again later", () => {
  const using = decoder();
  for (let i = 0; i < 1_000; i++) assertEquals(field(using, literal(`/${i}`)).text, `/${i}`);
  const fields = new Set(Array.from({ length: 300 }, () => field(using, literal("/same"))));
  assert(fields.size > 1 && fields.size < 200, `${fields.size} fields of 300`);
});

test("a value that is too long for what a connection may keep is not kept, nor is a long name", () => {
  const using = decoder();
  const long = "/" + "x".repeat(5_000);
  const first = field(using, literal(long));
  assertEquals([field(using, literal(long)) === first, first.text], [false, long]);
  const names = new NameMemory();
  const name = (length: number): string[] => {
    const octets = Uint8Array.of(length, ...new Uint8Array(length).fill(0x61));
    const reader = new IntegerReader();
    return Array.from({ length: 2 }, () => {
      reader.at = 0;
      return names.read(reader, octets, octets.length, true)!.text;
    });
  };
  assertEquals(name(65), ["a".repeat(65), "a".repeat(65)]);
  assertEquals(names["known"], undefined);
  assertEquals(name(64), ["a".repeat(64), "a".repeat(64)]);
  assertEquals(names["known"]!.filter((known) => known !== undefined).length, 1);
});
