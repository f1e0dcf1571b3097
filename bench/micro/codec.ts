// The protobuf codec: small messages, 64 KiB as one field of bytes, and 64 KiB of nested messages.
import type { Bench } from "tinybench";
import { type Codec, encodeFramed, parseProto, reuseFramed } from "../../surface/proto/mod.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";

interface Message {
  body?: Uint8Array;
  name?: string;
  count?: number;
  tags?: string[];
  parts?: Message[];
}

const PROTO = `
  syntax = "proto3";
  package micro;
  message Message {
    bytes body = 1;
    string name = 2;
    int32 count = 3;
    repeated string tags = 4;
    repeated Message parts = 5;
  }
`;
const PREFIX_BYTES = 5;

/** Adds the measurements. */
export function add(bench: Bench): void {
  const { messages } = parseProto(PROTO) as unknown as { messages: Record<string, Codec<Message>> };
  const codec = messages["micro.Message"]!;
  const text = { name: "a name of some length", count: 123_456, tags: ["one", "two", "three", "four"] };
  addMessage(bench, codec, "18 B, bytes", 200, { body: pattern(16) });
  addMessage(bench, codec, "strings and a number", 100, text);
  addMessage(bench, codec, "64 KiB, bytes", 10, { body: pattern(65_536) });
  // Each part is 50 octets with its tag and length.
  addMessage(bench, codec, "64 KiB, 1,310 nested messages", 1, { parts: Array(1_310).fill(text) });
}

function addMessage(
  bench: Bench,
  codec: Codec<Message>,
  name: string,
  count: number,
  message: Message,
): void {
  const bytes = encodeFramed(codec, message).slice(PREFIX_BYTES);
  expectMessage(name, codec.decode(bytes), message);
  addBatch(bench, `codec encode: ${name}`, count, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const framed = encodeFramed(codec, message);
      sum += framed.length + framed[framed.length - 1]!;
      reuseFramed(framed);
    }
    return sum;
  });
  addBatch(bench, `codec decode: ${name}`, count, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const { body, name, parts } = codec.decode(bytes);
      sum += (body?.length ?? 0) + (name?.length ?? 0) + (parts?.length ?? 0);
    }
    return sum;
  });
}

function expectMessage(name: string, found: Message, wanted: Message): void {
  expectBytes(`${name}, body`, found.body ?? new Uint8Array(0), wanted.body ?? new Uint8Array(0));
  expect(`${name}, name`, found.name ?? "", wanted.name ?? "");
  expect(`${name}, count`, found.count ?? 0, wanted.count ?? 0);
  expect(`${name}, tags`, (found.tags ?? []).join(), (wanted.tags ?? []).join());
  expect(`${name}, parts`, found.parts?.length ?? 0, wanted.parts?.length ?? 0);
  wanted.parts?.forEach((part, i) => expectMessage(`${name}, part ${i}`, found.parts![i]!, part));
}
