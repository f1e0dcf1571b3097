// Packed fields: many numbers at once are what they are one by one, and end where their field ends.

import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError, EncodeError } from "../../../../surface/proto/errors.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { concat, toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { Random, SCALARS } from "../reference.ts";

const TYPES = [...SCALARS.filter((type) => !/string|bytes/.test(type)), "Color"];
const { messages } = parseProto(`syntax = "proto3"; package t; enum Color { A = 0; B = 1; C = 300; }
${
  TYPES.map((type) =>
    `message P_${type} { repeated ${type} list = 1; } message L_${type} { repeated ${type} list = 1 [packed = false]; }`
  ).join("\n")
}`);

function listOf(random: Random, type: string, length: number): unknown[] {
  return Array.from(
    { length },
    () => type === "Color" ? random.pick(["A", "B", "C", 77]) : random.scalar(type),
  );
}

for (const type of TYPES) {
  const packed = messages[`t.P_${type}`]!;
  const loose = messages[`t.L_${type}`]!;

  test(`${type}: lists of all lengths are read packed and loose, by codecs that write them so and otherwise`, () => {
    for (const length of [0, 1, 2, 7, 8, 9, 16, 17, 63, 64, 65, 200, 3_000]) {
      const list = listOf(new Random(length), type, length);
      const bytes = packed.encode({ list });
      assertEquals(packed.decode(bytes).list, list, `${length}`);
      assertEquals(loose.decode(bytes).list, list, `${length}`);
      assertEquals(packed.decode(loose.encode({ list })).list, list, `${length}`);
      const twice = concat(bytes, loose.encode({ list }), bytes);
      assertEquals(packed.decode(twice).list, [...list, ...list, ...list], `${length}, in parts`);
      const begun = concat(new Uint8Array(3), bytes);
      assertEquals(packed.decode(begun.subarray(3)).list, list, `${length}, in a view`);
    }
  });

  test(`${type}: a value that reaches beyond its field is refused, however much follows`, () => {
    for (const length of [1, 9, 40]) {
      const value = type === "bool" ? true : type === "Color" ? "C" : type.endsWith("64") ? 300n : 300;
      const bytes = packed.encode({ list: Array(length).fill(value) });
      const lengthBytes = bytes[1]! < 128 ? 1 : 2;
      const values = bytes.subarray(1 + lengthBytes);
      const short = values.length - 1;
      // Bools of one octet cannot be cut: the last one goes on instead.
      const cut = type === "bool"
        ? values.map((byte, i) => i === values.length - 1 ? 0x80 : byte)
        : values.subarray(0, short);
      const size = cut.length < 128 ? [cut.length] : [cut.length & 127 | 128, cut.length >> 7];
      for (const after of [[], [0x0a, 0x00, 0x0a, 0x00, 0x0a, 0x00, 0x0a, 0x00]]) {
        const bad = Uint8Array.from([0x0a, ...size, ...cut, ...after]);
        const error = assertThrows(
          () => packed.decode(bad),
          DecodeError,
          undefined,
          toHex(bad),
        ) as DecodeError;
        if (after.length > 0) {
          assertEquals(error.message.includes("beyond the end of its field"), true, error.message);
        }
      }
    }
  });

  test(`${type}: a list whose getter changes its length is refused, or encoded as what can be decoded`, () => {
    const value = type === "bool" ? true : type === "Color" ? "C" : type.endsWith("64") ? 300n : 300;
    for (const length of [5, 100_000]) {
      const list: unknown[] = Array(9).fill(value);
      const get = () => {
        while (list.length > length) list.pop();
        while (list.length < length) list.push(value);
        return value;
      };
      Object.defineProperty(list, 0, { get, enumerable: true, configurable: true });
      let bytes: Uint8Array;
      try {
        bytes = packed.encode({ list });
      } catch (error) {
        if (error instanceof EncodeError) continue;
        throw error;
      }
      const decoded: unknown[] = packed.decode(bytes).list;
      assertEquals([decoded.length === 9 || decoded.length === length, new Set(decoded)], [
        true,
        new Set([value]),
      ]);
    }
  });

  test(`${type}: a wrong value among many is named`, () => {
    for (const [length, at] of [[1, 0], [20, 19], [200, 100]] as const) {
      const list = listOf(new Random(length), type, length);
      list[at] = "wrong";
      const error = assertThrows(() => packed.encode({ list }), EncodeError);
      assertEquals(
        error.message.includes(`Cannot encode t.P_${type}.list: `) && error.message.includes('"wrong"'),
        true,
      );
    }
  });
}
