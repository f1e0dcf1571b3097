// What our encoder chooses among the representations of RFC 7541, section 6, octet for octet.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex, toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

type Field = [name: string, value: string];

function encode(encoder: Encoder, fields: Field[] | HeaderList, extra?: Field[]): string {
  const out = new ByteSink(16);
  const list = fields instanceof HeaderList ? fields : HeaderList.of(fields);
  encoder.encode(list, extra === undefined ? undefined : HeaderList.of(extra), out);
  return toHex(out.bytes.subarray(0, out.length));
}

const hex = (text: string) => toHex(fromHex(text));

test("6.2.1: a new field goes into the table, and is an index from then on", () => {
  const encoder = new Encoder();
  // Appendix C.2.1 has the same field, without Huffman coding
  assertEquals(
    encode(encoder, [["custom-key", "custom-value"]]),
    hex("40 8825a849e95ba97d7f 8925a849e95bb8e8b4bf"),
  );
  assertEquals(encode(encoder, [["custom-key", "custom-value"]]), "be");
  assertEquals(encode(encoder, [["other", "x"]]).slice(0, 2), "40");
  assertEquals(encode(encoder, [["custom-key", "custom-value"]]), "bf");
});

test("6.2.1: another value of a known name is sent with the index of the name", () => {
  const encoder = new Encoder();
  encode(encoder, [["custom-key", "custom-value"]]);
  assertEquals(encode(encoder, [["custom-key", "\x01"]]), hex("7e 01 01"));
  assertEquals(encode(encoder, [[":path", "\x01"]]), hex("44 01 01"));
});

test("6.2.3 and 7.1.3: credentials and cookies are never indexed, by us or by those between", () => {
  const encoder = new Encoder();
  for (
    const [name, start] of [
      ["authorization", "1f08"],
      ["cookie", "1f11"],
      ["proxy-authorization", "1f22"],
      ["set-cookie", "1f28"],
    ] as const
  ) {
    const block = encode(encoder, [[name, "\x01"]]);
    assertEquals(block, `${start}0101`);
    assertEquals(encode(encoder, [[name, "\x01"]]), block, "a second time it is a literal again");
  }
});

test("6.2.2: an entry that would fill much of the table stays out of it", () => {
  const encoder = new Encoder();
  const block = encode(encoder, [["x", "\x01".repeat(4_096)]]);
  assertEquals(block.slice(0, 2), "00");
});

test("5.2: a string is Huffman coded where that is shorter, and plain where it is not", () => {
  // "x" is 7 bits: one octet either way. "xx" is 14 bits: two. "aa" is 10 bits: two. "aaa" is 15: two.
  assertEquals(encode(new Encoder(), [["x", "xx"]]), hex("40 0178 027878"));
  assertEquals(encode(new Encoder(), [["x", "aaa"]]), hex("40 0178 82 18c7"));
  assertEquals(encode(new Encoder(), [["x", "\x00\xff"]]), hex("40 0178 0200ff"));
  assertEquals(encode(new Encoder(), [["x", ""]]), hex("40 0178 00"));
});

test("5.1: the length of a string that does not fit the prefix", () => {
  const value = "\x01".repeat(1_337);
  assertEquals(encode(new Encoder(), [["x", value]]).slice(0, 12), hex("00 0178 7fba09"));
});

test("fields beside a remembered list come after it, and the list is the same octets again", () => {
  const encoder = new Encoder();
  const list = HeaderList.of([[":method", "POST"], ["te", "trailers"]]);
  assertEquals(encode(encoder, list).slice(0, 4), "8340");
  assertEquals(encode(encoder, list), "83be");
  assertEquals(encode(encoder, list, [[":status", "200"]]), "83be88");
  assertEquals(encode(encoder, list, [["y", "\x01"]]), hex("83be 40 0179 0101"));
  assertEquals(encode(encoder, list), "83bf", "an entry was added, so the index moved");
});

test("a string that is no octets is misuse, and leaves the encoder as it was", () => {
  const encoder = new Encoder();
  const bad: Field = ["b", "\u0100"];
  encoder.setPeerMaxTableSize(1_000);
  assertThrows(() => encode(encoder, [["x", "1"], bad]), RangeError, "unit 0 is not an octet");
  assertThrows(() => encode(encoder, [["x", "1"]], [bad]), RangeError);
  assertThrows(() => encode(encoder, [["x", "1"], ["b\u0100", ""]]), RangeError);
  assertEquals(
    encode(encoder, [["x", "1"]]),
    hex("3fc907 40 0178 0131"),
    "nothing was sent, so nothing is known",
  );
  assertEquals(encode(encoder, [["x", "1"]]), "be");
});

test("encoder: fields whose values hardly come again are put into no table, and lists are remembered in bounds", () => {
  const encoder = new Encoder();
  const encoded = (fields: Array<[string, string]>): Uint8Array => {
    const out = new ByteSink(64);
    encoder.encode(HeaderList.of(fields), undefined, out);
    return out.bytes.slice(0, out.length);
  };
  for (
    const name of ["traceparent", "x-request-id", "grpc-message", "content-length", "grpc-trace-bin", "a-bin"]
  ) {
    for (let i = 0; i < 2; i++) assertEquals(encoded([[name, "value"]])[0]! & 0xf0, 0, name);
  }
  for (let i = 0; i < 1_000; i++) encoded([[":method", "GET"], ["x-request-id", String(i)]]);
  const { remembered } = encoder as unknown as { remembered: Map<HeaderList, unknown> };
  assert(remembered.size <= 32, `${remembered.size} lists are kept`);
});
