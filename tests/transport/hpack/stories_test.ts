// Whole connections' worth of header blocks by other encoders, decoded; and our own, encoded and decoded again.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { readVectors, vectorsMissing } from "../../vectors.ts";

interface Story {
  cases: Array<{ wire?: string; headers: Array<Record<string, string>>; header_table_size?: number }>;
}

function pairs(headers: Array<Record<string, string>>): Array<[string, string]> {
  return headers.map((field) => Object.entries(field)[0]!);
}

function decoder(): Decoder {
  return new Decoder({ maxTableSize: 65_536, maxHeaderListSize: 1_000_000 });
}

for (const kind of ["nghttp2", "nghttp2-16384-4096", "nghttp2-change-table-size"]) {
  test(`HPACK: decodes the stories of ${kind}`, () => {
    for (const [name, story] of readVectors<Story>(`hpack/${kind}`)) {
      const decode = decoder();
      for (const [i, { wire, headers }] of story.cases.entries()) {
        const block = fromHex(wire!);
        const list = decode.decode(block, 0, block.length);
        assert(list instanceof HeaderList, `${name} case ${i}: ${JSON.stringify(list)}`);
        assertEquals([...list], pairs(headers), `${name} case ${i}`);
      }
    }
  }, { skip: vectorsMissing(`hpack/${kind}`) });
}

test("HPACK: decodes what it encoded, table sizes changing on the way", () => {
  for (const [name, story] of readVectors<Story>("hpack/raw-data")) {
    const encoder = new Encoder();
    const decode = decoder();
    const out = new ByteSink(8);
    for (const [i, { headers }] of story.cases.entries()) {
      if (i % 5 === 3) encoder.setPeerMaxTableSize([0, 4096, 128, 1024][i % 4]!);
      out.length = 0;
      encoder.encode(HeaderList.of(pairs(headers)), undefined, out);
      const list = decode.decode(out.bytes, 0, out.length);
      assert(list instanceof HeaderList, `${name} case ${i}: ${JSON.stringify(list)}`);
      assertEquals([...list], pairs(headers), `${name} case ${i}`);
    }
  }
}, { skip: vectorsMissing("hpack/raw-data") });
