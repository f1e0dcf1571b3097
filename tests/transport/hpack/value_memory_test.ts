// Long values that come again: a decoder knows them by their octets, every one of them, and in bounds.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import { decoderMemory } from "../../../transport/hpack/decoder_memory.ts";
import { Field } from "../../../transport/hpack/field.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { huffmanEncode, huffmanLength } from "../../../transport/hpack/huffman.ts";
import { encodeInteger } from "../../../transport/hpack/integer.ts";
import { ValueMemory } from "../../../transport/hpack/value_memory.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";

const AUTHORIZATION = 23;
const PATTERNS = { indexed: [0x40, 6], literal: [0x00, 4], never: [0x10, 4] } as const;
const CODINGS = ["plain", "Huffman"] as const;

function block(
  value: string,
  pattern: keyof typeof PATTERNS,
  coding: typeof CODINGS[number],
  index = AUTHORIZATION,
): Uint8Array {
  const out = new ByteSink();
  const [bits, prefix] = PATTERNS[pattern];
  encodeInteger(index, prefix, bits, out);
  encodeInteger(
    coding === "plain" ? value.length : huffmanLength(value),
    7,
    coding === "plain" ? 0 : 0x80,
    out,
  );
  if (coding === "plain") out.append(Uint8Array.from(value, (unit) => unit.charCodeAt(0)));
  else huffmanEncode(value, out);
  return out.bytes.slice(0, out.length);
}

function decoder(): Decoder {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, memory: decoderMemory });
}

function field(using: Decoder, bytes: Uint8Array): Field {
  return decoded(using, bytes).entries[0]!;
}

/** A token of 800 characters whose last ones say which. */
function token(i: number): string {
  return `Bearer ${"aeiost012".repeat(100)}`.slice(0, 790) + `${i}`.padStart(10, "0");
}

for (const coding of CODINGS) {
  for (const pattern of ["indexed", "literal", "never"] as const) {
    test(`a hundred tokens by turns, ${coding}, ${pattern}: each is the same field when it comes again`, () => {
      const using = decoder();
      const first = Array.from({ length: 100 }, (_, i) => field(using, block(token(i), pattern, coding)));
      for (let round = 0; round < 3; round++) {
        first.forEach((known, i) => assert(field(using, block(token(i), pattern, coding)) === known, `${i}`));
      }
      first.forEach((known, i) => assertEquals(known.text, token(i)));
    });
  }

  test(`a token that differs in one octet, wherever it stands, is another, ${coding}`, () => {
    const using = decoder();
    const value = token(7).slice(0, 201);
    field(using, block(value, "never", coding));
    for (let i = 0; i < value.length; i++) {
      const other = `${value.slice(0, i)}~${value.slice(i + 1)}`;
      assertEquals(field(using, block(other, "never", coding)).text, other);
    }
  });
}

test("of short values a connection knows 512 at most, and forgets others for them", () => {
  const memory = new ValueMemory();
  const { name } = field(decoder(), block(token(0), "never", "plain"));
  const octets = (i: number): Uint8Array => new TextEncoder().encode(`a token of few octets, ${i}`);
  const known = (count: number): number => {
    let found = 0;
    for (let i = 0; i < count; i++) {
      const bytes = octets(i);
      if (memory.find(name, bytes, 0, bytes.length, 0) !== undefined) found++;
      else memory.add(Field.of(name, `${i}`), bytes, 0, bytes.length);
      memory.find(name, bytes, 0, bytes.length, 0); // it is there, so looking is not given up
    }
    return found;
  };
  known(64);
  assert(known(64) > 48);
  known(1_000);
  const all = known(1_000);
  assert(all <= 512, `${all} values`);
});

test("the same octets under another name, or in another form, are another field", () => {
  const using = decoder();
  const value = token(1);
  const known = field(using, block(value, "literal", "plain"));
  const cookie = field(using, block(value, "literal", "plain", 32));
  assertEquals([known.name.text, cookie.name.text, cookie.text], ["authorization", "cookie", value]);
  const again = field(using, block(value, "literal", "plain"));
  assertEquals(again.name, known.name);
  assert(field(using, block(value, "never", "plain")) !== again, "that it came never indexed is passed on");
  // Plain text that is the other's Huffman code, octet by octet.
  const coded = block(value, "literal", "Huffman").slice(3);
  const plain = String.fromCharCode(...coded);
  field(using, block(value, "literal", "Huffman"));
  assertEquals(field(using, block(plain, "literal", "plain")).text, plain);
});

test("a value whose coding is broken is an error each time it comes, and one with a control character has it each time", () => {
  const using = decoder();
  const bad = block(token(1), "literal", "Huffman");
  bad.fill(0xff, bad.length - 8);
  for (let i = 0; i < 3; i++) assert(using.decode(bad, 0, bad.length) instanceof DecodeFailure);
  for (let i = 0; i < 3; i++) {
    assert(field(using, block(`${token(1)}\x01`, "literal", "plain")).hasControl);
    assert(!field(using, block(token(1), "literal", "plain")).hasControl);
  }
});

test("a remembered value counts in full for the limit of the list, and evicts as any other entry", () => {
  const using = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 900, memory: decoderMemory });
  for (let i = 0; i < 10; i++) {
    const bytes = block(token(i % 2), "indexed", "Huffman");
    assert(using.decode(bytes, 0, bytes.length) instanceof HeaderList);
    const { table } = using as unknown as { table: { size: number; count: number } };
    assertEquals([table.count, table.size], [Math.min(i + 1, 4), Math.min(i + 1, 4) * (13 + 800 + 32)]);
  }
  const twice = new Uint8Array([
    ...block(token(0), "literal", "Huffman"),
    ...block(token(1), "literal", "Huffman"),
  ]);
  const failure = using.decode(twice, 0, twice.length);
  assert(failure instanceof DecodeFailure && failure.kind === "too-large");
});

test("more values than there is memory for: each is known when it comes at once again, and none is taken for another", () => {
  const using = decoder();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 400; i++) {
      const value = token(i).slice(-(128 + (i * 37) % 673)); // of all lengths, so that the last numbers are filled up
      const known = field(using, block(value, "never", "plain"));
      assertEquals(known.text, value);
      assert(field(using, block(value, "never", "plain")) === known, `${i}`);
    }
  }
});

test("a value that is longer than one before it, by octets that are zero, is another", () => {
  const using = decoder();
  for (let length = 128; length < 148; length++) {
    const value = "v".repeat(128) + "\0".repeat(length - 128);
    assertEquals(field(using, block(value, "never", "plain")).text, value);
  }
});

test("a peer whose values never come again fills no memory, and is not looked up for long", () => {
  const using = decoder();
  for (let i = 0; i < 5_000; i++) field(using, block(token(i), "never", "plain"));
  const { values } = using as unknown as { values: { words: Int32Array; fields: unknown[] } };
  assert(values.words.byteLength <= 98_304, `${values.words.byteLength} octets`);
  const known = values.fields.filter((field) => field !== undefined).length;
  assert(known > 0 && known <= 123, `${known} values`);
});
