// Loading .proto files beside protobufjs: the text of one, until its types can be used. Codecs are compiled later, as types are used.
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import type { Bench } from "tinybench";
import { parseProto } from "../../surface/proto/mod.ts";
import { addBatch, expect } from "./batch.ts";

const ROUTE_GUIDE = readFileSync(
  new URL("../../examples/route_guide/route_guide.proto", import.meta.url),
  "utf8",
);

/** Messages of the large file; one of 1,000 has some 400 KB. */
const MESSAGES = 1_000;

/** Adds the measurements. */
export function add(bench: Bench): void {
  addText(bench, "route guide", ROUTE_GUIDE, 5);
  addText(bench, `${MESSAGES} messages`, largeFile(), MESSAGES);
}

function addText(bench: Bench, name: string, text: string, messages: number): void {
  expect(name, Object.keys(parseProto(text).messages).length, messages);
  addBatch(bench, `load pollwire: ${name}`, 1, () => Object.keys(parseProto(text).messages).length);
  addBatch(bench, `load protobufjs: ${name}`, 1, () => {
    const { root } = protobuf.parse(text, new protobuf.Root());
    return root.resolveAll().nestedArray.length;
  });
}

/** Messages of every kind of field, which refer to each other, with comments and a service. */
function largeFile(): string {
  const messages = Array.from({ length: MESSAGES }, (_, i) => `
    // Message ${i}, of which
    // somebody says two lines.
    message Message${i} {
      // The name.
      string name = 1;
      int64 count = 2;
      repeated Message${(i + 1) % MESSAGES} parts = 3;
      map<string, int32> counts = 4;
      oneof choice { string text = 5; bytes data = 6; Message${i} more = 7; }
      Kind${i} kind = 8 [deprecated = true];
      optional double value = 9;
    }
    enum Kind${i} { KIND${i}_UNSPECIFIED = 0; KIND${i}_ONE = 1; }`);
  const service = "service Service { rpc Get(Message0) returns (Message1); }";
  return `syntax = "proto3";\npackage large;\n${messages.join("\n")}\n${service}\n`;
}
