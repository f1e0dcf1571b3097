// HPACK: a decoder fed arbitrary header blocks, and an encoder and a decoder that must stay in step.
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { DecodeFailure, Decoder } from "../../../transport/hpack/decoder.ts";
import type { DynamicTable } from "../../../transport/hpack/dynamic_table.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { readVectors, vectorsMissing } from "../../vectors.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const LIMITS = { maxTableSize: 4_096, maxHeaderListSize: 16_384 };
/** Instead of a block's length: our maximum changes, to 32 times the next octet. */
const RESIZE = 255;

/** Blocks of one connection, each behind an octet with its length. */
export const hpackDecoder: FuzzTarget = {
  name: "hpack",
  about:
    "decoding never throws, keeps list and table within limits, and what it gives is encoded to what gives it again",
  mostBytes: 3_000,
  seeds() {
    const encoder = new Encoder();
    const own = [[["a", "b"], ["c", "d"]], [[":method", "POST"], [":path", "/x.Y/Z"], ["te", "trailers"]]];
    return [
      blocks(
        [...own, ...own].map((fields) => encoded(encoder, HeaderList.of(fields as Array<[string, string]>))),
      ),
      Uint8Array.from([RESIZE, 4, 5, 0x3f, 0x61, 0x40, 1, 97, RESIZE, 128, 1, 0x82]),
      ...vectors(),
    ];
  },
  run(input) {
    const decoder = new Decoder(LIMITS);
    const table = decoder["table"];
    const roundTrip = new RoundTrip();
    let maxTableSize = LIMITS.maxTableSize;
    for (let at = 0; at < input.length;) {
      const length = input[at++]!;
      if (length === RESIZE) {
        decoder.setMaxTableSize(maxTableSize = 32 * (input[at++] ?? 0));
        continue;
      }
      const end = Math.min(input.length, at + length);
      const list = decoder.decode(input, at, end);
      at = end;
      reached(list instanceof DecodeFailure ? list.reason : `${"+".repeat(Math.min(9, list.length))} fields`);
      checkTable(table, Math.max(maxTableSize, LIMITS.maxTableSize));
      if (list instanceof DecodeFailure && list.kind === "compression") return; // which ends the connection
      if (list instanceof DecodeFailure) continue;
      // A block without a field need not bring the size update that is due.
      invariant(
        list.length === 0 || table.maxSize <= maxTableSize,
        `the table may have ${table.maxSize} octets after a block`,
      );
      const size = [...list].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
      invariant(size <= LIMITS.maxHeaderListSize, `a list of ${size} bytes was given`);
      if ([...list].some(([name]) => name.includes("\0"))) continue; // which nothing above lets through
      roundTrip.list(list);
      roundTrip.list(list);
    }
  },
};

/** Operations on an encoder, and on the decoder that reads what it writes. */
export const hpackPair: FuzzTarget = {
  name: "hpack-pair",
  about:
    "whatever is encoded is decoded to the same, and both tables stay the same, however their size changes",
  mostBytes: 400,
  seeds: () => [
    Uint8Array.of(2, 1, 2, 3, 4, 2, 1, 2, 3, 4, 0, 1, 2, 1, 2, 3, 4, 0, 128, 1, 1, 2),
    Uint8Array.from({ length: 200 }, (_, i) => i * 7),
  ],
  run(input) {
    const roundTrip = new RoundTrip();
    const lists: HeaderList[] = [];
    for (let at = 0; at < input.length;) {
      const operation = input[at++]! % 12;
      if (operation === 0) roundTrip.resize(32 * (input[at++] ?? 0));
      else if (operation === 1 && lists.length > 0) {
        roundTrip.list(lists[(input[at++] ?? 0) % lists.length]!);
      } else {
        const fields = [...input.subarray(at, at += 2 * (operation % 6))].map(word);
        if (fields.length % 2 === 1) fields.pop();
        const list = HeaderList.ofStrings(fields);
        lists.push(list);
        roundTrip.list(list, operation > 8 ? lists[0] : undefined);
      }
    }
  },
};

const NAMES = [
  "",
  "a",
  "a\0",
  "\0a",
  ":path",
  ":status",
  "200",
  "cookie",
  "x-bin",
  "grpc-status",
  "\xff",
  "\0",
];

/** Few different words, for fields must repeat; some of them long. No name has a NUL (see `fieldKey`). */
function word(octet: number, i: number): string {
  const name = i % 2 === 0 ? NAMES[octet % NAMES.length]!.replace("\0", "") : NAMES[octet % NAMES.length]!;
  return octet < 160 ? name : `${name}${"xy~\xe9"[octet & 3]!.repeat((octet & 31) ** 2)}`;
}

/** An encoder with the decoder of the other side. */
class RoundTrip {
  private readonly encoder = new Encoder();
  private readonly decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 1_000_000 });

  /** The other side announces a maximum, and hears that it was read. */
  resize(size: number): void {
    this.encoder.setPeerMaxTableSize(size);
    this.decoder.setMaxTableSize(size);
  }

  /** `list` with `extra` goes over as one block. */
  list(list: HeaderList, extra?: HeaderList): void {
    const { encoder, decoder } = this;
    const block = encoded(encoder, list, extra);
    const again = decoder.decode(block, 0, block.length);
    invariant(again instanceof HeaderList, `what is encoded cannot be decoded: ${JSON.stringify(again)}`);
    const expected = JSON.stringify([...list.fields, ...extra?.fields ?? []]);
    const found = JSON.stringify(again.fields);
    invariant(found === expected, `a list changes: ${expected} became ${found}`);
    const [ours, theirs] = [encoder["table"], decoder["table"]];
    checkTable(ours, 4_096);
    invariant(
      ours.size === theirs.size && ours.count === theirs.count,
      `${ours.count} entries of ${ours.size} octets here, ${theirs.count} of ${theirs.size} there`,
    );
    for (let i = 1; i <= ours.count; i++) {
      const [mine, other] = [ours.field(i), theirs.field(i)];
      invariant(mine.name.text === other.name.text && mine.text === other.text, `entry ${i} differs`);
    }
    reached(`${"+".repeat(Math.min(20, ours.count))} entries`);
  }
}

function checkTable(table: DynamicTable, limit: number): void {
  let size = 0;
  for (let i = 1; i <= table.count; i++) size += table.field(i).size;
  invariant(size === table.size, `the table counts ${table.size} octets, and has ${size}`);
  invariant(size <= table.maxSize && size <= limit, `${size} octets are in a table of ${table.maxSize}`);
}

function encoded(encoder: Encoder, list: HeaderList, extra?: HeaderList): Uint8Array {
  const out = new ByteSink();
  encoder.encode(list, extra, out);
  return out.bytes.slice(0, out.length);
}

function blocks(all: Uint8Array[]): Uint8Array {
  return Uint8Array.from(all.filter((one) => one.length < RESIZE).flatMap((one) => [one.length, ...one]));
}

/** The beginnings of the stories that there are. */
function vectors(): Uint8Array[] {
  if (vectorsMissing("hpack/nghttp2") !== undefined) return [];
  return readVectors<{ cases: Array<{ wire: string }> }>("hpack/nghttp2").slice(0, 15)
    .map(([, { cases }]) => blocks(cases.slice(0, 10).map(({ wire }) => fromHex(wire))));
}
