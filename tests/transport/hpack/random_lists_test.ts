// Encoder and decoder against each other over many blocks that repeat, so that what both remember is put to the test.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";

type Field = [name: string, value: string];

const NAMES = [
  ":method",
  ":path",
  "te",
  "x-a",
  "x-b",
  "x-c",
  "authorization",
  "x-bin",
  "grpc-timeout",
  "cookie",
];
const VALUES = ["", "GET", "/", "trailers", "1", "2", "\xff\x00", "a".repeat(80), "b".repeat(900)];

function randomFields(random: SeededRandom): Field[] {
  const value = () =>
    random.below(8) === 0 ? String(random.below(100_000)) : VALUES[random.below(VALUES.length)]!;
  return Array.from({ length: random.below(7) }, (): Field => [NAMES[random.below(NAMES.length)]!, value()]);
}

/** A peer's announced maximum reaches both sides between the same two blocks. */
function changeTableSize(random: SeededRandom, encoder: Encoder, decoder: Decoder): void {
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const size = [0, 40, 100, 300, 1_000, 4_096][random.below(6)]!;
    encoder.setPeerMaxTableSize(size);
    decoder.setMaxTableSize(size);
  }
}

for (let seed = 1; seed <= 8; seed++) {
  test(`HPACK, seed ${seed}: 5,000 blocks are read as they were written`, () => {
    const random = new SeededRandom(seed);
    const encoder = new Encoder();
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536 });
    const lists = Array.from({ length: 50 }, () => HeaderList.of(randomFields(random)));
    const out = new ByteSink(8);
    for (let step = 0; step < 5_000; step++) {
      if (random.below(200) === 0) changeTableSize(random, encoder, decoder);
      const list = lists[random.below(random.below(4) === 0 ? lists.length : 4)]!;
      const extra = random.below(3) === 0 ? HeaderList.of(randomFields(random)) : undefined;
      out.length = 0;
      encoder.encode(list, extra, out);
      const read = decoded(decoder, out.bytes, out.length);
      assertEquals(read.fields, [...list.fields, ...extra?.fields ?? []], `block ${step}`);
    }
  });
}

for (let seed = 1; seed <= 4; seed++) {
  test(`HPACK, seed ${seed}: random octets are read or refused, and never throw`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 200; round++) {
      const decoder = new Decoder({ maxTableSize: 256, maxHeaderListSize: 1_000 });
      for (let block = 0; block < 20; block++) {
        const octets = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
        const read = decoder.decode(octets, 0, octets.length);
        if (!(read instanceof HeaderList)) {
          if (read.kind === "compression") break;
          continue;
        }
        const size = [...read].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
        assert(size <= 1_000, `a list of ${size} octets was let through`);
      }
    }
  });
}
