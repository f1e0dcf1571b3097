// HPACK fed arbitrary header blocks.
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex, readVectors, vectorsMissing } from "../../vectors.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const LIMITS = { maxTableSize: 4_096, maxHeaderListSize: 16_384 };

/** Two blocks of one connection: the first octet says where the second begins. */
export const hpackDecoder: FuzzTarget = {
  name: "hpack",
  about:
    "decoding never throws, keeps to its limits, gives the same list twice, and what it gives can be encoded",
  mostBytes: 2_000,
  seeds() {
    const encoder = new Encoder();
    const own = [[["a", "b"]], [[":method", "POST"], [":path", "/x.Y/Z"], ["te", "trailers"]]].map(
      (fields) => {
        const out = new ByteSink();
        encoder.encode(HeaderList.of(fields as Array<[string, string]>), undefined, out);
        return Uint8Array.from([20, ...out.bytes.subarray(0, out.length)]);
      },
    );
    return [...own, ...vectors()];
  },
  run(input) {
    const decoder = new Decoder(LIMITS);
    const split = Math.min(input.length, 1 + (input[0] ?? 0));
    for (const [start, end] of [[1, split], [split, input.length]] as const) {
      if (start >= end) continue;
      const list = decoder.decode(input, start, end);
      reached(list instanceof DecodeFailure ? list.reason : `${Math.min(9, list.length)} fields`);
      if (list instanceof DecodeFailure) {
        if (list.kind === "compression") return; // which ends the connection
        continue;
      }
      let size = 0;
      for (const [name, value] of list) size += name.length + value.length + 32;
      invariant(size <= LIMITS.maxHeaderListSize, `a list of ${size} bytes was given`);
      roundTrip(list);
    }
  },
};

function roundTrip(list: HeaderList): void {
  const encoder = new Encoder();
  const decoder = new Decoder(LIMITS);
  for (let i = 0; i < 2; i++) {
    const out = new ByteSink();
    encoder.encode(list, undefined, out);
    const again = decoder.decode(out.bytes, 0, out.length);
    invariant(
      again instanceof HeaderList,
      `what was decoded is encoded to what cannot be: ${JSON.stringify(again)}`,
    );
    invariant(
      again.fields.join("\0") === list.fields.join("\0"),
      "a list changes when it is encoded and decoded",
    );
  }
}

function vectors(): Uint8Array[] {
  if (vectorsMissing("hpack/nghttp2") !== undefined) return [];
  return readVectors<{ cases: Array<{ wire: string }> }>("hpack/nghttp2").slice(0, 10)
    .flatMap(([, { cases }]) => cases.slice(0, 5).map(({ wire }) => Uint8Array.from([30, ...fromHex(wire)])));
}
