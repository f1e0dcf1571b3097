// Every scalar type, alone, optional, repeated and in maps, against protobufjs in both directions.

import { assertEquals } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import type { JsonMessageCodec } from "../../../surface/proto/json/json_codec.ts";
import { toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { interpreted } from "./compile/compare.ts";
import { defaultOf, pairOf, Random, readByTheirs, SCALARS, writtenByTheirs } from "./reference.ts";

const SOURCE = `syntax = "proto3"; package t;
${
  SCALARS.map((type) =>
    `message All_${type} {
  ${type} one = 1; optional ${type} maybe = 2; repeated ${type} many = 3;
  ${/string|bytes/.test(type) ? "" : `repeated ${type} loose = 4 [packed = false];`}
  map<string, ${type}> values = 5;
  ${/double|float|bytes/.test(type) ? "" : `map<${type}, int32> keys = 6;`}
  ${type} far = 536870911;
  oneof choice { ${type} left = 16; ${type} right = 2047; }
}`
  ).join("\n")
}`;

function randomMessage(random: Random, type: string): Record<string, unknown> {
  const value = () => random.scalar(type);
  const list = () => Array.from({ length: random.below(4) }, value);
  const choice = random.pick([undefined, "left", "right"]);
  return {
    one: value(),
    maybe: random.pick([undefined, value()]),
    many: list(),
    ...(/string|bytes/.test(type) ? {} : { loose: list() }),
    values: Object.fromEntries(list().map((item, i) => [`k${i}`, item])),
    ...(/double|float|bytes/.test(type)
      ? {}
      : { keys: Object.fromEntries(list().map((key) => [String(key), 1 + random.below(9)])) }),
    left: choice === "left" ? value() : undefined,
    right: choice === "right" ? value() : undefined,
    far: value(),
    choice,
  };
}

for (const type of SCALARS) {
  const { ours, theirs } = pairOf(SOURCE, `t.All_${type}`);

  test(`${type}: random messages are read alike by both codecs, whoever wrote them`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const message = randomMessage(new Random(seed), type);
      const byOurs = encodeMessage(ours, message);
      const byTheirs = writtenByTheirs(theirs, message);
      assertEquals(readByTheirs(theirs, byOurs), readByTheirs(theirs, byTheirs), `seed ${seed}`);
      assertEquals(ours.decode(byOurs), message, `seed ${seed}`);
      assertEquals(ours.decode(byTheirs), message, `seed ${seed}`);
    }
  });

  test(`${type}: an empty message has defaults and takes no bytes`, () => {
    assertEquals(encodeMessage(ours, {}).length, 0);
    const empty = ours.decode(new Uint8Array(0));
    assertEquals(empty.one, defaultOf(type));
    assertEquals(empty.maybe, undefined);
    assertEquals(empty.many, []);
    assertEquals(empty.values, {});
    assertEquals(encodeMessage(ours, empty).length, 0);
    assertEquals(encodeMessage(ours, { ...empty, one: undefined, many: null }).length, 0);
  });
}

test("64-bit integers keep their extremes, and numbers are taken for bigints", () => {
  for (
    const [type, values] of Object.entries({
      int64: [-0x8000000000000000n, 0x7fffffffffffffffn, -1n, 1n << 53n, 127n, 128n],
      sint64: [-0x8000000000000000n, 0x7fffffffffffffffn, -1n, 0x80000000n, -0x80000001n],
      sfixed64: [-0x8000000000000000n, 0x7fffffffffffffffn, -1n],
      uint64: [0xffffffffffffffffn, 0x8000000000000000n, 0x7fn, 0x80n, 1n << 35n],
      fixed64: [0xffffffffffffffffn, 0x8000000000000000n, 1n],
    })
  ) {
    const { ours } = pairOf(SOURCE, `t.All_${type}`);
    for (const one of values) {
      assertEquals(ours.decode(encodeMessage(ours, { one })).one, one);
      assertEquals(ours.decode(encodeMessage(ours, { many: [one, one] })).many, [one, one]);
    }
    const safe = Number.MAX_SAFE_INTEGER;
    assertEquals(ours.decode(encodeMessage(ours, { one: safe, maybe: 0 })).one, BigInt(safe));
  }
});

test("a float or double of -0 is sent, unlike 0", () => {
  for (const type of ["float", "double"]) {
    const { ours } = pairOf(SOURCE, `t.All_${type}`);
    assertEquals(encodeMessage(ours, { one: 0 }).length, 0);
    assertEquals(Object.is(ours.decode(encodeMessage(ours, { one: -0 })).one, -0), true);
  }
});

test("typed arrays are taken for repeated numbers of every type that has one", () => {
  const arrays = {
    ...{ double: Float64Array.of(1.5, -2), float: Float32Array.of(1.5, -2) },
    ...{ int32: Int32Array.of(1, -2), sint32: Int32Array.of(1, -2), sfixed32: Int32Array.of(1, -2) },
    ...{ uint32: Uint32Array.of(1, 2), fixed32: Uint32Array.of(1, 2) },
    ...{ int64: BigInt64Array.of(1n, -2n), sint64: BigInt64Array.of(-2n), sfixed64: BigInt64Array.of(-2n) },
    ...{ uint64: BigUint64Array.of(1n, 2n), fixed64: BigUint64Array.of(1n, 2n) },
  };
  for (const [type, many] of Object.entries(arrays)) {
    const { ours } = pairOf(SOURCE, `t.All_${type}`);
    const codec = ours as JsonMessageCodec;
    const usual = codec.encode({ many: [...many] });
    for (const each of [codec, interpreted(codec)]) {
      assertEquals(toHex(each.encode({ many })), toHex(usual), type);
    }
    assertEquals(codec.toJson({ many }), codec.toJson({ many: [...many] }), type);
  }
});
