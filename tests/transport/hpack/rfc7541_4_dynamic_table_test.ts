// The dynamic table (RFC 7541, sections 2.3.2, 2.3.3 and 4): order, size, eviction.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { DynamicTable } from "../../../transport/hpack/dynamic_table.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { Field } from "../../../transport/hpack/field.ts";
import { fieldName } from "../../../transport/hpack/field_name.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { encodeInteger } from "../../../transport/hpack/integer.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { decoded } from "./decoded.ts";

type Entry = [name: string, value: string];

function entries(table: DynamicTable): Entry[] {
  return Array.from({ length: table.count }, (_, i) => {
    const { name, text } = table.field(i + 1);
    return [name.text, text];
  });
}

function entry(name: string, value: string): Field {
  return Field.of(fieldName(name), value);
}

test("4.1: an entry counts the octets of its name and value, and 32", () => {
  assertEquals(entry("custom-key", "custom-header").size, 55); // Appendix C.2.1
  assertEquals(entry("", "").size, 32);
  const table = new DynamicTable(4_096);
  table.insert(entry("custom-key", "custom-header"));
  table.insert(entry("a", ""));
  assertEquals(table.size, 55 + 33);
});

test("2.3.3: index 1 is the newest entry", () => {
  const table = new DynamicTable(4_096);
  for (const name of ["a", "b", "c"]) table.insert(entry(name, name.toUpperCase()));
  assertEquals(entries(table), [["c", "C"], ["b", "B"], ["a", "A"]]);
});

test("4.3 and 4.4: the oldest go first, and only as many as must", () => {
  const names = ["a", "b", "c", "d"];
  const table = new DynamicTable(3 * 34);
  const gone = (): string[] => names.slice(0, table.inserted).filter((_, number) => !table.has(number));
  for (const name of ["a", "b", "c"]) table.insert(entry(name, "1")); // exactly full
  assertEquals([gone(), table.size], [[], 102]);
  table.insert(entry("d", "22")); // one octet more than the one entry that goes: two go
  assertEquals([gone(), entries(table)], [["a", "b"], [["d", "22"], ["c", "1"]]]);
  table.resize(table.size);
  assertEquals(gone(), ["a", "b"]);
  table.resize(table.size - 1);
  assertEquals([gone(), entries(table)], [["a", "b", "c"], [["d", "22"]]]);
  table.resize(0);
  assertEquals([gone(), table.size, table.count], [["a", "b", "c", "d"], 0, 0]);
});

test("4.4: an entry of the maximum's size stays alone; a larger one empties the table and is no error", () => {
  const table = new DynamicTable(64);
  table.insert(entry("a", ""));
  table.insert(entry("b", "x".repeat(31)));
  assertEquals([table.count, table.size, table.field(1).name.text], [1, 64, "b"]);
  table.insert(entry("c", "x".repeat(32)));
  assertEquals([table.count, table.size], [0, 0]);
});

test("4.4: a field may take its name from the very entry that it evicts", () => {
  const decoder = new Decoder({ maxTableSize: 40, maxHeaderListSize: 16_384 });
  const block = fromHex("4004 6e616d65 0131  7e 0132  be"); // name: 1; the same name: 2; index 62
  const list = decoder.decode(block, 0, block.length);
  assert(list instanceof HeaderList, JSON.stringify(list));
  assertEquals([...list], [["name", "1"], ["name", "2"], ["name", "2"]]);
});

test("4.4: what the encoder names after an entry that goes is read alike by a decoder", () => {
  const encoder = new Encoder({ maxTableSize: 160 });
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  for (let round = 0; round < 40; round++) {
    const fields: Entry[] = [[`n${round % 5}`, String(round)], ["n2", "same"]];
    const out = new ByteSink(64);
    encoder.encode(HeaderList.of(fields), undefined, out);
    const list = decoder.decode(out.bytes, 0, out.length);
    assert(list instanceof HeaderList, `round ${round}: ${JSON.stringify(list)}`);
    assertEquals([...list], fields, `round ${round}`);
  }
});

for (const seed of [1, 2, 3]) {
  test(`section 4, seed ${seed}: the table is what a plain list with the RFC's rules would be`, () => {
    const random = new SeededRandom(seed);
    const model: Entry[] = [];
    const sizeOf = () => model.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    let most = 1_000;
    const table = new DynamicTable(most);
    for (let step = 0; step < 3_000; step++) {
      if (random.below(50) === 0) {
        table.resize(most = random.below(3_000));
        while (sizeOf() > most) model.pop();
      } else {
        const added: Entry = [`name-${step}`, "v".repeat(random.below(40) === 0 ? 900 : random.below(12))];
        table.insert(entry(...added));
        model.unshift(added);
        while (sizeOf() > most) model.pop(); // the new one too, when it is too large
      }
      assertEquals([table.size, table.count], [sizeOf(), model.length], `step ${step}`);
      if (step % 10 === 0) assertEquals(entries(table), model, `step ${step}`);
    }
  });
}

test("an entry that comes again, or that we have put in, keeps no memory but its own: its octets stood among others", () => {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const inserted = decoded(decoder, fromHex("4001610162".repeat(80))).entries; // a: b
  assertEquals(new Set(inserted.map(({ octets }) => octets === undefined)), new Set([false]));
  for (let index = 62; index < 62 + inserted.length; index++) {
    const block = new ByteSink();
    encodeInteger(index, 7, 0x80, block);
    const [again] = decoded(decoder, block.bytes, block.length).entries;
    assertEquals([again!.octets, again!.text], [undefined, "b"], `index ${index}`);
  }
  const unread = decoded(decoder, fromHex("0001650166")); // e: f, which goes into our table
  assert(unread.entries[0]!.octets !== undefined);
  new Encoder().encode(unread, undefined, new ByteSink());
  assertEquals([unread.entries[0]!.octets, unread.get("e")], [undefined, "f"]);
});
