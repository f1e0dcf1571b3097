// The protobuf codec, compiled and generated, beside protobufjs and protobuf-es: messages as services send them, and single kinds of fields.
import type { Bench } from "tinybench";
import type { Codec, MessageCodec } from "../../surface/proto/codec.ts";
import { encodeFramed, parseProto, reuseFramed } from "../../surface/proto/mod.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";
import { generatedOf } from "./codec_generated.ts";
import { peersOf } from "./codec_peers.ts";

/** The messages that are measured. */
export const PROTO = `
  syntax = "proto3";
  package micro;
  enum Color { NONE = 0; RED = 1; GREEN = 2; BLUE = 3; }
  message Message {
    bytes body = 1;
    string name = 2;
    int32 count = 3;
    repeated string tags = 4;
    repeated Message parts = 5;
  }
  message Older { int32 count = 3; }
  message Person { string title = 1; string name = 2; string mail = 3; string town = 4; string about = 5; int32 age = 6; }
  message Varints { repeated int32 numbers = 1; }
  message Doubles { repeated double values = 1; }
  message Maps { map<string, int32> counts = 1; map<string, Person> people = 2; map<int32, string> names = 3; }
  message Numbers {
    int32 a = 1; uint32 b = 2; sint32 c = 3; fixed32 d = 4; sfixed32 e = 5; float f = 6; double g = 7; bool h = 8;
    Color i = 9; int32 j = 10; double k = 11; uint32 l = 12; int32 m = 13; bool n = 14; fixed32 o = 15; double p = 16;
  }
  message Longs { int64 a = 1; uint64 b = 2; sint64 c = 3; fixed64 d = 4; sfixed64 e = 5; repeated int64 f = 6; }
  message Event { oneof what { string text = 1; int32 number = 2; Person person = 3; Color color = 4; bytes data = 5; } }
  message Events { repeated Event events = 1; }
  message Pieces { repeated bytes pieces = 1; }
`;
const PREFIX_BYTES = 5;

/** Octets that one run of a batch codes: some microseconds. */
const BATCH_BYTES = 5_000;

const ITEM = { name: "a name of some length", count: 123_456, tags: ["one", "two", "three", "four"] };
const PERSON = {
  title: "x",
  name: "Jane Doe",
  mail: "jane.doe@example.com",
  town: "K\u00f6ln, where it rains in winter",
  about: "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt",
  age: 5,
};
const NUMBERS = {
  ...{ a: 1, b: 300, c: -5, d: 70_000, e: -70_000, f: 1.5, g: 3.25, h: true },
  ...{ i: 2, j: -1, k: 1e100, l: 4e9, m: 123_456, n: true, o: 9, p: -2.5 },
};
const LONGS = { a: 1_700_000_000_000n, b: 1n << 63n, c: -5n, d: 1n, e: -1n };
const EVENTS = [
  { text: "hello there" },
  { number: 7 },
  { color: "RED" },
  { data: new Uint8Array(8) },
  { person: { title: "x", age: 1 } },
];

function list<T>(length: number, item: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => item(i));
}

/** What is coded, its type, and its value; `written`: the type that writes it, where another one reads. */
export const KINDS: [name: string, type: string, value: Record<string, unknown>, written?: string][] = [
  ["18 B, bytes", "Message", { body: pattern(16) }],
  ["1 KiB, bytes", "Message", { body: pattern(1_024) }],
  ["64 KiB, bytes", "Message", { body: pattern(65_536) }],
  ["strings and a number", "Message", ITEM],
  // Each item is 52 octets with its tag and length.
  ["884 B, 17 nested messages", "Message", { parts: list(17, () => ITEM) }],
  ["66 KiB, 1,310 nested messages", "Message", { parts: list(1_310, () => ITEM) }],
  ["strings, not all ASCII", "Person", PERSON],
  ["20 strings", "Message", { tags: list(20, (i) => `tag-number-${i}`) }],
  ["100 packed varints", "Varints", { numbers: list(100, (i) => i * [1, 100, 70_000][i % 3]!) }],
  ["100 packed doubles", "Doubles", { values: list(100, (i) => i * 1.37) }],
  ["18 entries of maps", "Maps", {
    counts: Object.fromEntries(list(10, (i) => [`key${i}`, i * 1_000])),
    people: Object.fromEntries(list(3, (i) => [`person${i}`, { title: "hello", age: i + 1 }])),
    names: Object.fromEntries(list(5, (i) => [i * 7, `name${i}`])),
  }],
  ["16 numbers, bools and enums", "Numbers", NUMBERS],
  ["13 64-bit integers", "Longs", { ...LONGS, f: list(8, (i) => BigInt(i) * 1_234_567n) }],
  ["10 oneofs", "Events", { events: list(10, (i) => EVENTS[i % 5]) }],
  ["20 pieces of bytes", "Pieces", { pieces: list(20, (i) => new Uint8Array(20).fill(i)) }],
  ["unknown fields, kept", "Older", ITEM, "Message"],
];

/** Adds the measurements. */
export function add(bench: Bench): void {
  const { messages } = parseProto(PROTO) as unknown as { messages: Record<string, MessageCodec> };
  for (const [name, type, value, written = type] of KINDS) {
    addKind(bench, messages[`micro.${type}`]!, messages[`micro.${written}`]!, name, value);
  }
}

/** Adds the same of generated code. */
export async function addGenerated(bench: Bench): Promise<void> {
  const { messages } = parseProto(PROTO) as unknown as { messages: Record<string, MessageCodec> };
  const generated = await generatedOf(PROTO);
  for (const [name, type, value, written = type] of KINDS) {
    const codec = generated[type]!;
    const bytes = messages[`micro.${written}`]!.encode(value);
    const count = countOf(bytes);
    const again = messages[`micro.${type}`]!;
    expectBytes(`${name}, generated`, codec.encode(codec.decode(bytes)), again.encode(again.decode(bytes)));
    addEncoder(bench, `generated encode: ${name}`, count, generated[written]!, value);
    addDecoder(bench, `generated decode: ${name}`, count, (bytes) => codec.decode(bytes), bytes);
  }
}

function countOf(bytes: Uint8Array): number {
  return Math.max(1, Math.floor(BATCH_BYTES / (bytes.length + 20)));
}

function addKind(
  bench: Bench,
  codec: MessageCodec,
  writer: MessageCodec,
  name: string,
  value: Record<string, unknown>,
): void {
  const bytes = encodeFramed(writer, value).slice(PREFIX_BYTES);
  const count = countOf(bytes);
  expectBytes(name, codec.encode(codec.decode(bytes)), codec === writer ? bytes : reordered(codec, bytes));
  addEncoder(bench, `codec encode: ${name}`, count, writer, value);
  addDecoder(bench, `codec decode: ${name}`, count, (bytes) => codec.decode(bytes), bytes);
  const readers = peersOf(PROTO, codec);
  peersOf(PROTO, writer).forEach((peer, i) => {
    const message = peer.decode(bytes);
    expect(`${name}, ${peer.name}`, peer.encode(message).length, bytes.length);
    addBatch(bench, `${peer.name} encode: ${name}`, count, () => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += peer.encode(message).length;
      return sum;
    });
    addDecoder(bench, `${peer.name} decode: ${name}`, count, (bytes) => readers[i]!.decode(bytes), bytes);
  });
}

function addEncoder(bench: Bench, name: string, count: number, codec: Codec, value: unknown): void {
  addBatch(bench, name, count, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const framed = encodeFramed(codec, value);
      sum += framed.length + framed[framed.length - 1]!;
      reuseFramed(framed);
    }
    return sum;
  });
}

/** Unknown fields are written behind the known ones: the same octets in another order. */
function reordered(codec: MessageCodec, bytes: Uint8Array): Uint8Array {
  const again = codec.encode(codec.decode(bytes));
  expect("unknown fields, octets", again.toSorted().join(), bytes.toSorted().join());
  return again;
}

function addDecoder(
  bench: Bench,
  name: string,
  count: number,
  decode: (bytes: Uint8Array) => unknown,
  bytes: Uint8Array,
): void {
  const kept: unknown[] = new Array(8); // what is made is used, as far as the compiler knows
  addBatch(bench, name, count, () => {
    for (let i = 0; i < count; i++) kept[i & 7] = decode(bytes);
    return kept.length;
  });
}
