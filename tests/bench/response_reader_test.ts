// The generator's reader of responses, beside the library's encoder and blocks written by hand.
import { assertEquals } from "@std/assert";
import { ResponseReader, wireText } from "../../bench/load/response_reader.ts";
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { Encoder } from "../../transport/hpack/encoder.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { test } from "../harness.ts";

const NAME = "x-request-id";

/** What a reader finds in the lists of `responses`, each encoded after the one before it: status is 0, echo is right. */
function found(responses: Array<Array<[string, string]>>, tableBytes: number): Array<[boolean, boolean]> {
  const encoder = new Encoder();
  if (tableBytes < 4_096) encoder.setPeerMaxTableSize(tableBytes);
  const reader = new ResponseReader(wireText(NAME));
  return responses.map((fields) => {
    const out = new ByteSink();
    encoder.encode(HeaderList.of(fields), undefined, out);
    assertEquals(reader.read(out.bytes, 0, out.length, wireText("the-right-one")), true);
    return [reader.statusIsOk, reader.echoIsRight];
  });
}

for (const tableBytes of [4_096, 200, 0]) {
  test(`response reader: status and echoed header are found among fields that change, in ${tableBytes} octets`, () => {
    const responses: Array<Array<[string, string]>> = [];
    const right: Array<[boolean, boolean]> = [];
    for (let i = 0; i < 400; i++) {
      const [ok, echo] = [i % 3 !== 0, i % 5 !== 0];
      responses.push([
        [":status", "200"],
        ["server", `bench-${i % 7}`],
        [`x-changing-${i % 11}`, "v".repeat(i % 90 * (i % 13 === 0 ? 60 : 1))],
        [NAME, echo ? "the-right-one" : `another-one-${i}`],
        ["grpc-status", ok ? "0" : String(1 + i % 16)],
        ["x-last", String(i)],
      ]);
      right.push([ok, echo]);
    }
    assertEquals(found(responses, tableBytes), right);
  });
}

test("response reader: literals that never enter the table, names and values plain (RFC 7541, 6.2.2 and 6.2.3)", () => {
  const block: number[] = [];
  const text = (value: string) => block.push(value.length, ...new TextEncoder().encode(value));
  for (const [first, name, value] of [[0x00, "grpc-status", "0"], [0x10, NAME, "the-right-one"]] as const) {
    block.push(first);
    text(name);
    text(value);
  }
  const reader = new ResponseReader(wireText(NAME));
  assertEquals(reader.read(Uint8Array.from(block), 0, block.length, wireText("the-right-one")), true);
  assertEquals([reader.statusIsOk, reader.echoIsRight], [true, true]);
});

test("response reader: an index beyond the table, and a block that ends early, cannot be read", () => {
  const reader = new ResponseReader(undefined);
  assertEquals(reader.read(Uint8Array.of(0xbe), 0, 1, undefined), false);
  assertEquals(reader.read(Uint8Array.of(0x40, 0x03, 0x61), 0, 3, undefined), false);
});
