// ProtoJSON beside protobuf-es, and beside what the runtime's JSON alone takes for the same text.
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import type { Bench } from "tinybench";
import { parseProto } from "../../surface/proto/mod.ts";
import type { JsonMessageCodec } from "../../surface/proto/json/json_codec.ts";
import { addBatch, expect } from "./batch.ts";
import { KINDS, PROTO } from "./codec.ts";
import { descriptorOf } from "./codec_peers.ts";

/** Octets of text that one run of a batch codes: some microseconds. */
const BATCH_CHARACTERS = 5_000;

/** Of the codec's messages those that differ in JSON. */
const WANTED = [
  "1 KiB, bytes",
  "strings and a number",
  "884 B, 17 nested messages",
  "66 KiB, 1,310 nested messages",
  "100 packed varints",
  "18 entries of maps",
  "16 numbers, bools and enums",
  "13 64-bit integers",
  "10 oneofs",
];

/** Adds the measurements. */
export function add(bench: Bench): void {
  const { messages } = parseProto(PROTO) as unknown as { messages: Record<string, JsonMessageCodec> };
  for (const [name, type, value] of KINDS) {
    if (WANTED.includes(name)) addKind(bench, messages[`micro.${type}`]!, name, value);
  }
}

function addKind(bench: Bench, codec: JsonMessageCodec, name: string, value: Record<string, unknown>): void {
  const desc = descriptorOf(codec.schema);
  const message = codec.decode(codec.encode(value));
  const text = codec.toJsonString(message);
  const json = JSON.parse(text);
  const theirs = fromJsonString(desc, text);
  expect(`${name}, protobuf-es`, JSON.stringify(JSON.parse(toJsonString(desc, theirs))).length, text.length);
  expect(name, codec.toJsonString(codec.fromJsonString(text)), text);
  const count = Math.max(1, Math.floor(BATCH_CHARACTERS / (text.length + 20)));
  const writing = (who: string, write: () => string) =>
    addBatch(bench, `json ${who} write: ${name}`, count, () => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += write().length;
      return sum;
    });
  const kept: unknown[] = new Array(8); // what is made is used, as far as the compiler knows
  const reading = (who: string, read: () => unknown) =>
    addBatch(bench, `json ${who} read: ${name}`, count, () => {
      for (let i = 0; i < count; i++) kept[i & 7] = read();
      return kept.length;
    });
  writing("pollwire", () => codec.toJsonString(message));
  writing("protobuf-es", () => toJsonString(desc, theirs));
  writing("runtime", () => JSON.stringify(json));
  reading("pollwire", () => codec.fromJsonString(text));
  reading("pollwire, of a value,", () => codec.fromJson(json));
  reading("protobuf-es", () => fromJsonString(desc, text));
  reading("runtime", () => JSON.parse(text));
}
