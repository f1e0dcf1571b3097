// The surface: messages and metadata.
import type { Bench } from "tinybench";
import { Metadata, parseProto } from "../../mod.ts";
import { type Codec, encodeFramed, reuseFramed } from "../../surface/proto/mod.ts";

interface Message {
  body?: Uint8Array;
  name?: string;
  count?: number;
  tags?: string[];
}

/** Adds the measurements. */
export function addSurface(bench: Bench): void {
  const { messages } = parseProto(`
    syntax = "proto3";
    package micro;
    message Message { bytes body = 1; string name = 2; int32 count = 3; repeated string tags = 4; }
  `) as unknown as { messages: Record<string, Codec<Message>> };
  const codec = messages["micro.Message"]!;
  addMessage(bench, codec, "18 B of bytes", { body: new Uint8Array(16) });
  addMessage(bench, codec, "64 KiB of bytes", { body: new Uint8Array(65_536) });
  addMessage(bench, codec, "strings and numbers", {
    name: "a name of some length",
    count: 123_456,
    tags: ["one", "two", "three", "four"],
  });
  const metadata = new Metadata({ "x-one": "1", "x-two": ["2", "3"], "x-raw-bin": new Uint8Array(16) });
  bench.add("metadata: four values to headers and back", () => {
    const headers = metadata.toHeaders()!;
    if (Metadata.fromHeaders(headers).getAll("x-two").length !== 2) throw new Error("a value was lost");
  });
}

function addMessage(bench: Bench, codec: Codec<Message>, name: string, message: Message): void {
  const bytes = encodeFramed(codec, message).slice(5);
  bench.add(`codec encode: ${name}`, () => {
    const framed = encodeFramed(codec, message);
    if (framed.length !== bytes.length + 5) throw new Error("a message was encoded wrongly");
    reuseFramed(framed);
  });
  bench.add(`codec decode: ${name}`, () => {
    const decoded = codec.decode(bytes);
    if ((decoded.body?.length ?? 0) !== (message.body?.length ?? 0)) {
      throw new Error("a message was decoded wrongly");
    }
  });
}
