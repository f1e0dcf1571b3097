// HPACK: header blocks of calls, encoded and decoded; a first block, one that repeats, and one that is always new.
import type { Bench } from "tinybench";
import { requestTemplate, RESPONSE_HEADERS } from "../../transport/grpc/headers.ts";
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../transport/hpack/decoder.ts";
import { decoderMemory } from "../../transport/hpack/decoder_memory.ts";
import { Encoder } from "../../transport/hpack/encoder.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { addBatch, expect } from "./batch.ts";

const REQUEST = requestTemplate("/bench.Echo/Unary", "127.0.0.1:50051", "http", "bench/1.0").headers;
const REPEATS = 500;
const FIRSTS = 10;
const CALLS = 64;

/** Adds the measurements. */
export function add(bench: Bench): void {
  addFirst(bench, "request, first block", REQUEST);
  addRepeated(bench, "request, repeated", REQUEST);
  addRepeated(bench, "response, repeated", RESPONSE_HEADERS);
  addChanging(bench, "20 fields of metadata, new values");
}

/** With an encoder or decoder of its own, as on a new connection. */
function addFirst(bench: Bench, name: string, list: HeaderList): void {
  const out = new ByteSink();
  const block = encode(new Encoder(), list);
  expectList(name, decode(makeDecoder(), block), list);
  addBatch(bench, `hpack encode: ${name}`, FIRSTS, () => {
    out.length = 0;
    for (let i = 0; i < FIRSTS; i++) new Encoder().encode(list, undefined, out);
    return out.length + out.bytes[out.length - 1]!;
  });
  addBatch(bench, `hpack decode: ${name}`, FIRSTS, () => {
    let fields = 0;
    for (let i = 0; i < FIRSTS; i++) fields += decode(makeDecoder(), block).length;
    return fields;
  });
}

/** As calls of one method look on a connection that has seen them: the block is remembered on both sides. */
function addRepeated(bench: Bench, name: string, list: HeaderList): void {
  const encoder = new Encoder();
  const decoder = makeDecoder();
  expectList(name, decode(decoder, encode(encoder, list)), list);
  const block = encode(encoder, list);
  expectList(name, decode(decoder, block), list);
  const out = new ByteSink();
  addBatch(bench, `hpack encode: ${name}`, REPEATS, () => {
    out.length = 0;
    for (let i = 0; i < REPEATS; i++) encoder.encode(list, undefined, out);
    return out.length + out.bytes[out.length - 1]!;
  });
  addBatch(bench, `hpack decode: ${name}`, REPEATS, () => {
    let fields = 0;
    for (let i = 0; i < REPEATS; i++) fields += decode(decoder, block).length;
    return fields;
  });
}

/**
 * Nothing to remember: values that were never there before, of names whose values do not come again. A round of
 * all lists leaves the tables as the round before did, so the blocks of the second round fit every later one.
 */
function addChanging(bench: Bench, name: string): void {
  const lists = Array.from({ length: CALLS }, (_, call) =>
    HeaderList.of(
      Array.from(
        { length: 20 },
        (_, i) => [`x-name-${i}`, `some value of call ${call}, field ${i}`] as const,
      ),
    ));
  const encoder = new Encoder();
  const decoder = makeDecoder();
  const first = lists.map((list) => encode(encoder, list));
  const blocks = lists.map((list) => encode(encoder, list));
  first.forEach((block, i) => expectList(name, decode(decoder, block), lists[i]!));
  blocks.forEach((block, i) => expectList(name, decode(decoder, block), lists[i]!));
  blocks.forEach((block, i) => expectList(`${name}, again`, decode(decoder, block), lists[i]!));
  const text = lists[0]!.fields.join("").length;
  expect(`${name}, Huffman coded`, blocks[0]!.length < text, true);
  const out = new ByteSink();
  addBatch(bench, `hpack encode: ${name}`, CALLS, () => {
    out.length = 0;
    for (const list of lists) encoder.encode(list, undefined, out);
    return out.length + out.bytes[out.length - 1]!;
  });
  addBatch(bench, `hpack decode: ${name}`, CALLS, () => {
    let octets = 0;
    for (const block of blocks) octets += decode(decoder, block).fields[39]!.length;
    return octets;
  });
}

function makeDecoder(): Decoder {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536, memory: decoderMemory });
}

function encode(encoder: Encoder, list: HeaderList): Uint8Array {
  const out = new ByteSink();
  encoder.encode(list, undefined, out);
  return out.bytes.slice(0, out.length);
}

function decode(decoder: Decoder, block: Uint8Array): HeaderList {
  const list = decoder.decode(block, 0, block.length);
  if (list instanceof HeaderList) return list;
  throw new Error(`Cannot decode a block: ${list.reason}`);
}

function expectList(name: string, found: HeaderList, wanted: HeaderList): void {
  expect(name, found.fields.join("\n"), wanted.fields.join("\n"));
}
