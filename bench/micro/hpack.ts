// HPACK: header blocks of calls, encoded and decoded.
import type { Bench } from "tinybench";
import { ByteSink } from "../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../transport/hpack/decoder.ts";
import { Encoder } from "../../transport/hpack/encoder.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";

const REQUEST: Array<[string, string]> = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/bench.Echo/Unary"],
  [":authority", "127.0.0.1:50051"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
];
const METADATA: Array<[string, string]> = Array.from(
  { length: 20 },
  (_, i) => [`x-name-${i}`, `a value, ${i}`],
);

/** Adds the measurements. */
export function addHpack(bench: Bench): void {
  addBlocks(bench, "a request, again", REQUEST);
  addBlocks(bench, "20 fields of metadata, again", METADATA);
  const out = new ByteSink();
  const list = HeaderList.of([...REQUEST, ...METADATA]);
  bench.add("hpack encode: a first request with 20 fields", () => {
    out.length = 0;
    new Encoder().encode(list, undefined, out);
  });
  const first = out.length === 0 ? encoded(new Encoder(), list) : out.bytes.slice(0, out.length);
  bench.add("hpack decode: a first request with 20 fields", () => {
    decodeOr(decoder(), first, list.length);
  });
}

function addBlocks(bench: Bench, name: string, fields: Array<[string, string]>): void {
  const encoder = new Encoder();
  const list = HeaderList.of(fields);
  const first = encoded(encoder, list);
  const again = encoded(encoder, list);
  const using = decoder();
  decodeOr(using, first, fields.length);
  const out = new ByteSink();
  bench.add(`hpack encode: ${name}`, () => {
    out.length = 0;
    encoder.encode(list, undefined, out);
  });
  bench.add(`hpack decode: ${name}`, () => decodeOr(using, again, fields.length));
}

function decoder(): Decoder {
  return new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536 });
}

function encoded(encoder: Encoder, list: HeaderList): Uint8Array {
  const out = new ByteSink();
  encoder.encode(list, undefined, out);
  return out.bytes.slice(0, out.length);
}

function decodeOr(using: Decoder, block: Uint8Array, fields: number): void {
  const list = using.decode(block, 0, block.length);
  if (!(list instanceof HeaderList) || list.length !== fields) throw new Error("a block was decoded wrongly");
}
