// RFC 7541, section 4.2, and RFC 9113, section 4.3.1: how an encoder follows the peer's maximum table size.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex, toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

const GET: Array<[string, string]> = [[":method", "GET"]];

function encode(encoder: Encoder, fields: Array<[string, string]> = GET): string {
  const out = new ByteSink(16);
  encoder.encode(HeaderList.of(fields), undefined, out);
  return toHex(out.bytes.subarray(0, out.length));
}

test("4.2: a lower maximum is signalled at the beginning of the next block, once", () => {
  const encoder = new Encoder();
  encoder.setPeerMaxTableSize(100);
  assertEquals(encode(encoder), "3f4582");
  assertEquals(encode(encoder), "82");
});

test("4.2: of several changes between two blocks the smallest is signalled, and then the last", () => {
  const encoder = new Encoder();
  for (const size of [2_000, 100, 3_000, 1_337]) encoder.setPeerMaxTableSize(size);
  assertEquals(encode(encoder), "3f45" + "3f9a0a" + "82");
});

test("4.2: a maximum that went down and came back is signalled, for the table was emptied", () => {
  const encoder = new Encoder();
  const field: Array<[string, string]> = [["x", "1"]];
  encode(encoder, field);
  assertEquals(encode(encoder, field), "be");
  encoder.setPeerMaxTableSize(0);
  encoder.setPeerMaxTableSize(4_096);
  assertEquals(encode(encoder, field), "20" + "3fe11f" + "4001780131");
});

test("4.2: the encoder stays below its own bound, and says so when that is below the initial 4,096", () => {
  const encoder = new Encoder({ maxTableSize: 100 });
  assertEquals(encode(encoder), "3f4582");
  encoder.setPeerMaxTableSize(65_536);
  assertEquals(encode(encoder), "82");
  encoder.setPeerMaxTableSize(50);
  assertEquals(encode(encoder), "3f1382");
});

test("4.2: with a maximum of 0 nothing is ever put into the table", () => {
  const encoder = new Encoder();
  encoder.setPeerMaxTableSize(0);
  assertEquals(encode(encoder, [["x", "1"]]), "20" + "0001780131");
  assertEquals(encode(encoder, [["x", "1"]]), "0001780131");
});

test("4.2: a remembered list is written anew after the table was resized", () => {
  const encoder = new Encoder();
  const list = HeaderList.of([["x", "1"]]);
  const out = new ByteSink(16);
  for (let i = 0; i < 3; i++) encoder.encode(list, undefined, out);
  encoder.setPeerMaxTableSize(0);
  out.length = 0;
  encoder.encode(list, undefined, out);
  assertEquals(toHex(out.bytes.subarray(0, out.length)), "20" + "0001780131");
});

test("6.3: a decoder takes any size up to the maximum, and back up to it", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const decode = (hex: string) => {
    const block = fromHex(hex);
    const list = decoder.decode(block, 0, block.length);
    assert(list instanceof HeaderList, `${hex}: ${JSON.stringify(list)}`);
    return [...list];
  };
  assertEquals(decode("4001780131be"), [["x", "1"], ["x", "1"]]);
  assertEquals(decode("20"), []); // an update alone is a block
  assertEquals(decode("3fe11f4001790132be"), [["y", "2"], ["y", "2"]]);
});

test("4.2: a maximum that was lowered before it was raised still makes an update due", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  decoder.setMaxTableSize(100);
  decoder.setMaxTableSize(4_096);
  assert(!(decoder.decode(Uint8Array.of(0x82), 0, 1) instanceof HeaderList));
});

test("4.2: a maximum that was only raised makes none due", () => {
  const decoder = new Decoder({ maxTableSize: 100, maxHeaderListSize: 16_384 });
  decoder.setMaxTableSize(4_096);
  assert(decoder.decode(Uint8Array.of(0x82), 0, 1) instanceof HeaderList);
  assert(decoder.decode(fromHex("3fe11f"), 0, 3) instanceof HeaderList);
});

test("4.2: a peer whose table is small enough already owes no update", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const decode = (hex: string) => {
    const block = fromHex(hex);
    return decoder.decode(block, 0, block.length) instanceof HeaderList;
  };
  assert(decode("3f4582")); // 100
  decoder.setMaxTableSize(2_000);
  assert(decode("82"));
  decoder.setMaxTableSize(50);
  assert(!decode("82"));
});
