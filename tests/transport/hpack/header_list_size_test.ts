// RFC 9113, section 6.5.2: how large a header list counts, and what stands when one is above the limit.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

type Field = [name: string, value: string];

const FIELDS: Field[] = [["x-name", "value"], [":method", "GET"], ["empty", ""]];
/** Names and values uncompressed, and 32 octets a field. */
const SIZE = (6 + 5 + 32) + (7 + 3 + 32) + (5 + 0 + 32);

function block(fields: Field[]): Uint8Array {
  const out = new ByteSink(64);
  new Encoder().encode(HeaderList.of(fields), undefined, out);
  return out.bytes.slice(0, out.length);
}

function decode(bytes: Uint8Array, maxHeaderListSize: number): HeaderList | DecodeFailure {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize }).decode(bytes, 0, bytes.length);
}

test("6.5.2: a list of exactly the limit passes, one octet more does not", () => {
  const bytes = block(FIELDS);
  assertEquals([...decode(bytes, SIZE) as HeaderList], FIELDS);
  const failure = decode(bytes, SIZE - 1);
  assert(failure instanceof DecodeFailure);
  assertEquals(failure.kind, "too-large");
});

test("6.5.2: what counts is the list, not its block: an index stands for its whole entry, every time", () => {
  const indexes = new Uint8Array(100).fill(0x82); // ":method: GET", 42 octets each
  assertEquals((decode(indexes, 4_200) as HeaderList).length, 100);
  assertEquals((decode(indexes, 4_199) as DecodeFailure).kind, "too-large");
});

test("6.5.2: Huffman coded strings count with the octets they stand for", () => {
  const bytes = block([["aaaaaaaa", "aaaaaaaa"]]); // 5 bits each
  assertEquals((decode(bytes, 48) as HeaderList).length, 1);
  assertEquals((decode(bytes, 47) as DecodeFailure).kind, "too-large");
});

test("an error of the coding in a list above the limit is still one of the coding", () => {
  for (const tail of ["80", "ff", "0081180161", "20"]) {
    const bytes = fromHex("82".repeat(10) + tail);
    assertEquals((decode(bytes, 50) as DecodeFailure).kind, "compression", tail);
  }
});

test("a list above the limit that comes again is refused again", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 50 });
  for (let i = 0; i < 3; i++) {
    const failure = decoder.decode(Uint8Array.of(0x82, 0x82), 0, 2);
    assertEquals((failure as DecodeFailure).kind, "too-large");
    assertEquals([...decoder.decode(Uint8Array.of(0x82), 0, 1) as HeaderList], [[":method", "GET"]]);
  }
});

test("a refusal names the largest field, wherever it stands, and the option that sets the limit", () => {
  const small: Field[] = [["a", "1"], ["b", "2"], ["c", "3"]];
  for (let at = 0; at <= small.length; at++) {
    const fields = [...small.slice(0, at), ["large", "v".repeat(20)] as Field, ...small.slice(at)];
    for (const limit of [0, 40, 80, 150]) {
      const failure = decode(block(fields), limit) as DecodeFailure;
      assertEquals(
        failure.reason,
        `header list of 159 bytes is above ${limit} (maxHeaderListSize); the largest field is "large" with 57`,
      );
    }
  }
});
