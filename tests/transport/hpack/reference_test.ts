// Encoder and decoder against a plain implementation of RFC 7541: whatever is learned, remembered or read late, the fields
// that come out are those that went in.
import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";
import { type Entry, type Form, ReferenceDecoder, ReferenceEncoder } from "./reference_hpack.ts";

const BLOCKS = 400;
const KINDS: ReadonlyArray<Form["kind"]> = ["indexed", "indexed", "indexing", "literal", "never"];
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ~\xe9\xff";

/** Text of `length` characters; `seed` decides which. */
function textOf(length: number, seed: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += LETTERS[(seed * 31 + i * (7 + seed % 5)) % LETTERS.length];
  return text;
}

/** Fields of a call: constant ones, ones that change each time, few that come by turns, and long tokens. */
function fieldsOf(call: number, random: SeededRandom): Entry[] {
  const fields: Entry[] = [[":method", "POST"], [":path", `/a.B/C${random.below(2)}`], ["te", "trailers"]];
  if (random.below(2) === 0) fields.push(["grpc-timeout", `${1 + random.below(5_000)}m`]);
  if (random.below(2) === 0) fields.push(["x-call", `${call}-${textOf(random.below(60), call)}`]);
  if (random.below(2) === 0) fields.push(["x-tenant", `tenant-${random.below(12)}`]);
  if (random.below(2) === 0) fields.push(["authorization", textOf(700 + random.below(3), random.below(20))]);
  if (random.below(3) === 0) fields.push(["x-token", textOf(128 + random.below(3), random.below(8))]);
  if (random.below(4) === 0) fields.push([`x-name-${random.below(300)}`, textOf(random.below(20), call)]);
  if (random.below(8) === 0) fields.push(["x-empty", ""]);
  return fields;
}

for (const seed of [1, 2, 3, 4]) {
  test(`what the encoder writes is what a plain decoder reads, seed ${seed}`, () => {
    const random = new SeededRandom(seed);
    const encoder = new Encoder();
    const plain = new ReferenceDecoder();
    const constant = HeaderList.of([[":status", "200"], ["content-type", "application/grpc"]]);
    const out = new ByteSink();
    for (let call = 0; call < BLOCKS; call++) {
      if (random.below(100) === 0) encoder.setPeerMaxTableSize(0);
      if (random.below(100) === 0) encoder.setPeerMaxTableSize(4_096);
      const fields = fieldsOf(call, random);
      out.length = 0;
      encoder.encode(constant, HeaderList.of(fields), out);
      const read = plain.decode(out.bytes.slice(0, out.length));
      assertEquals(read, [...constant, ...fields], `block ${call}`);
    }
  });

  test(`what a plain encoder writes in any form is what the decoder reads, then or later, seed ${seed}`, () => {
    const random = new SeededRandom(seed);
    const plain = new ReferenceEncoder();
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536 });
    const form = (): Form => ({
      kind: KINDS[random.below(KINDS.length)]!,
      huffman: random.below(2) === 0,
      spelled: random.below(4) === 0,
    });
    const unread: Array<[HeaderList, Entry[]]> = [];
    const read = (): void => {
      for (const [list, fields] of unread.splice(0)) assertEquals([...list], fields);
    };
    for (let call = 0; call < BLOCKS; call++) {
      const fields = fieldsOf(call, random);
      const block = plain.encode(fields, form);
      const list = decoded(decoder, block);
      block.fill(0xff); // the memory of a read may be another's by the time that a value is read
      assertEquals(
        list.octets,
        fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0),
      );
      if (random.below(3) === 0) assertEquals([...list], fields, `block ${call}`);
      else unread.push([list, fields]);
      if (random.below(40) === 0) read();
    }
    read();
  });

  test(`what the decoder has read, or not read, the encoder passes on as it came, seed ${seed}`, () => {
    const random = new SeededRandom(seed);
    const [from, to] = [new Encoder(), new Encoder()];
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536 });
    const plain = new ReferenceDecoder();
    const out = new ByteSink();
    for (let call = 0; call < BLOCKS; call++) {
      const fields = fieldsOf(call, random);
      out.length = 0;
      from.encode(HeaderList.of(fields), undefined, out);
      const list = decoded(decoder, out.bytes, out.length);
      for (const entry of list.entries) if (random.below(2) === 0) void entry.text;
      out.length = 0;
      to.encode(list, undefined, out);
      assertEquals(plain.decode(out.bytes.slice(0, out.length)), fields, `block ${call}`);
    }
  });
}
