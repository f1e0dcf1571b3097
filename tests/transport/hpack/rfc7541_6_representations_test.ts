// What our encoder chooses among the representations of RFC 7541, section 6, octet for octet.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
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

/** A block with one field. */
function one(encoder: Encoder, name: string, value: string): string {
  return encode(encoder, [[name, value]]);
}

test("6.2.1: a name whose values do not come again stops putting them into the table", () => {
  const encoder = new Encoder();
  const first = Array.from({ length: 20 }, (_, i) => one(encoder, "x-trace", `\x01${i}`).slice(0, 2));
  assertEquals(first.slice(0, 4), ["40", "7e", "7e", "7e"], "it has to be learned");
  assertEquals(new Set(first.slice(4)), new Set(["0f"]), "and then each is a literal with the name's index");
  const list = HeaderList.of([[":method", "POST"], ["te", "trailers"]]);
  for (let i = 0; i < 3; i++) encode(encoder, list);
  const block = encode(encoder, list);
  for (let i = 0; i < 100; i++) {
    one(encoder, "x-trace", `\x02${i}`);
    assertEquals(encode(encoder, list), block, "so that nothing moves and a remembered block stays right");
  }
});

test("6.2.1: values that come again by turns are all put into the table, though one by one they are new", () => {
  const encoder = new Encoder();
  const lengths = Array.from({ length: 60 }, (_, i) => one(encoder, "x-tenant", `tenant-${i % 10}`).length);
  assertEquals(Math.max(...lengths.slice(-20)), 2, "one octet each, that is two digits");
});

test("6.2.1: values that come again later are indexed again", () => {
  const encoder = new Encoder();
  for (let i = 0; i < 8; i++) one(encoder, "x-turn", `\x01${i}`);
  for (let i = 0; i < 8; i++) one(encoder, "x-turn", "steady");
  assertEquals(one(encoder, "x-turn", "steady").length, 2);
  for (let i = 0; i < 1_000; i++) one(encoder, "x-turn", `\x01${i}`);
  for (let i = 0; i < 40; i++) one(encoder, "x-turn", "other");
  assertEquals(one(encoder, "x-turn", "other").length, 2, "also where one in sixteen is looked for");
});

test("6.2.1: values of which few come again soon move the table seldom", () => {
  const encoder = new Encoder();
  const list = HeaderList.of([[":method", "POST"], ["te", "trailers"]]);
  let block = "";
  let moved = 0;
  for (let i = 0, state = 7; i < 2_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    one(encoder, "x-timeout", `${(state >> 8) % 100}`); // one in six is among the sixteen before it
    const before = block;
    block = encode(encoder, list);
    if (block !== before) moved++;
  }
  assert(moved < 40, `the list's block changed ${moved} times`);
});

test("6.2.2: a value that is longer than what is kept of a name is plain, each time it comes", () => {
  const encoder = new Encoder();
  const token = (i: number) => `${i}`.padStart(3, "0") + "t".repeat(797);
  for (let i = 0; i < 20; i++) one(encoder, "x-token", token(i));
  const block = one(encoder, "x-token", token(7));
  assertEquals(block, `0f2f7fa105${toHex(new TextEncoder().encode(token(7)))}`);
});

test("6.2.2: fields whose values hardly come again get an index for their name, and no entry for each value", () => {
  for (const name of ["traceparent", "x-request-id", "grpc-message", "grpc-trace-bin", "a-bin"]) {
    const encoder = new Encoder();
    assertEquals(one(encoder, name, "value 0").slice(0, 2), "40", name);
    for (let i = 1; i < 100; i++) assertEquals(one(encoder, name, `value ${i}`).slice(0, 4), "0f2f", name);
  }
  const encoder = new Encoder();
  for (let i = 0; i < 3; i++) assertEquals(one(encoder, "content-length", `${i}`).slice(0, 4), "0f0d");
});

test("6.2.3: a field that came never indexed is passed on never indexed, under whatever name", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const received = decoder.decode(fromHex("10 0178 0131"), 0, 5);
  assert(received instanceof HeaderList);
  const encoder = new Encoder();
  for (let i = 0; i < 3; i++) assertEquals(encode(encoder, received), hex("10 0178 0131"));
  assertEquals(received.get("x"), "1");
  assertEquals(encode(encoder, received), hex("10 0178 0131"), "read as a string in between");
});

test("6.2.1: a name that only a peer has used is sent with its index when it is passed on again", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const encoder = new Encoder();
  const passedOn = (value: string): string => {
    const received = decoder.decode(fromHex(`00 04 782d317a 01 ${value}`), 0, 8);
    assert(received instanceof HeaderList);
    return encode(encoder, received);
  };
  assertEquals(passedOn("01").slice(0, 2), "40");
  for (const value of ["02", "03", "04"]) {
    assertMatch(passedOn(value), new RegExp(`^(7e|0f2f)01${value}$`)); // with an entry or without
  }
});

test("lists are remembered in bounds, and those that are encoded once not at all", () => {
  const encoder = new Encoder();
  const { remembered } = encoder as unknown as { remembered: Map<HeaderList, unknown> };
  for (let i = 0; i < 1_000; i++) encode(encoder, [[":method", "GET"]]);
  assertEquals(remembered.size, 0);
  for (let i = 0; i < 100; i++) {
    const list = HeaderList.of([[":method", "GET"]]);
    for (let again = 0; again < 3; again++) encode(encoder, list);
  }
  assert(remembered.size > 0 && remembered.size <= 32, `${remembered.size} lists are kept`);
});
