// Blocks that come again: both sides remember them while that is right, and never when it is not.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";

/** nghttp2's request: indexed fields, and :path and content-length as literals without indexing. */
const NGHTTP2 = "048d6232d449d7c049cec70a8767af868783848f0f0d023233";

function decode(decoder: Decoder, hex: string): HeaderList {
  return decoded(decoder, fromHex(hex));
}

function decoder(): Decoder {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
}

test("a block of indexes and literals without indexing gives the very same list again", () => {
  const using = decoder();
  const first = decode(using, NGHTTP2);
  assert(decode(using, NGHTTP2) === first);
  assertEquals(first.get(":path"), "/bench.Echo/Unary");
  assertEquals(first.get("content-length"), "23");
});

test("a block that differs in one octet is another list", () => {
  const using = decoder();
  const first = decode(using, NGHTTP2);
  const other = decode(using, NGHTTP2.replace(/23233$/, "23234"));
  assert(other !== first);
  assertEquals([first.get("content-length"), other.get("content-length")], ["23", "24"]);
});

test("a block that inserts is decoded each time, and what was remembered before it is forgotten", () => {
  const using = decoder();
  const insert = "4001610162";
  decode(using, insert); // a: b, index 62
  const indexed = decode(using, "be");
  assert(decode(using, "be") === indexed);
  decode(using, "4001630164"); // c: d takes index 62
  assertEquals([...decode(using, "be")], [["c", "d"]]);
  assertEquals([...decode(using, "bf")], [["a", "b"]]);
  decode(using, insert);
  assertEquals([...decode(using, "bebfc0")], [["a", "b"], ["c", "d"], ["a", "b"]]);
});

test("a block that changes the table's size is obeyed each time", () => {
  const using = decoder();
  decode(using, "2082"); // maximum 0
  decode(using, "3fe11f82"); // and 4,096 again
  decode(using, "4001610162");
  assertEquals([...decode(using, "be")], [["a", "b"]]);
  decode(using, "2082");
  const gone = using.decode(fromHex("be"), 0, 1);
  assert(!(gone instanceof HeaderList));
});

test("a block that changes the table's size is obeyed when it comes again and no field was inserted between", () => {
  const using = decoder();
  for (const block of ["2082", "3fe11f82", "2082", "4001610162"]) decode(using, block); // 0, 4,096, 0, a: b
  const gone = using.decode(fromHex("be"), 0, 1);
  assert(!(gone instanceof HeaderList), "a table of no octets has no entry");
});

test("fields that differ from call to call are decoded rightly, however many there are", () => {
  const using = decoder();
  for (let i = 0; i < 1_000; i++) {
    const value = String(i).padStart(4, "0");
    const hex = [...value].map((digit) => digit.charCodeAt(0).toString(16)).join("");
    assertEquals(decode(using, `82000178 04${hex}`.replace(" ", "")).get("x"), value);
  }
  const again = decode(using, NGHTTP2);
  assertEquals(again.get(":path"), "/bench.Echo/Unary");
});

/** An encoder, and a list that it has encoded so often that it remembers the block, which is given too. */
function remembering(): { encoder: Encoder; list: HeaderList; block: Uint8Array } {
  const encoder = new Encoder();
  const list = HeaderList.of([[":status", "200"], ["content-type", "application/grpc"]]);
  assertEquals(encoder.recall(list), undefined);
  for (let i = 0; i < 4; i++) encode(encoder, list);
  return { encoder, list, block: encode(encoder, list) };
}

function encode(encoder: Encoder, list: HeaderList): Uint8Array {
  const out = new ByteSink();
  encoder.encode(list, undefined, out);
  return out.bytes.slice(0, out.length);
}

test("an encoder recalls the block of a list that it encoded often", () => {
  const { encoder, list, block } = remembering();
  assertEquals(encoder.recall(list), block);
  assertEquals(encoder.recall(HeaderList.of([[":status", "200"]])), undefined);
});

test("an encoder recalls no block once its table has changed", () => {
  const { encoder, list, block } = remembering();
  encode(encoder, HeaderList.of([["x-new", "1"]])); // moves every index
  assertEquals(encoder.recall(list), undefined);
  const moved = encode(encoder, list);
  assert(moved.length === block.length && moved.at(-1) === block.at(-1)! + 1);
});

test("an encoder recalls no block while the peer is to learn the table's size", () => {
  const encoder = new Encoder();
  encoder.setPeerMaxTableSize(100);
  encoder.setPeerMaxTableSize(4_096);
  const list = HeaderList.of([[":status", "200"]]);
  const first = encode(encoder, list);
  assertEquals(first.slice(0, 1), Uint8Array.of(0x3f)); // the update, of which a prefix of five bits is not enough
  for (let i = 0; i < 4; i++) encode(encoder, list);
  assertEquals(encoder.recall(list), Uint8Array.of(0x88));
  encoder.setPeerMaxTableSize(100);
  assertEquals(encoder.recall(list), undefined);
  assertEquals(encode(encoder, list).length, 3);
});

test("what is known of a name of the static table is not forgotten for names of an application, of which there may be many", () => {
  const authority = HeaderList.of([[":authority", "www.example.com"]]);
  for (let i = 0; i < 700; i++) {
    const encoder = new Encoder();
    const sizes = [authority, HeaderList.of([[`x-of-many-${i}`, "1"]]), authority].map((list) => {
      const out = new ByteSink(64);
      encoder.encode(list, undefined, out);
      return out.length;
    });
    assertEquals([sizes[0]! > 1, sizes[2]], [true, 1], `after ${i} names`);
  }
});
