// Status-Message (PROTOCOL-HTTP2.md, "Percent-Encoded"): any text comes through, and no wire form loses a message.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { decodePercent, encodePercent } from "../../../transport/grpc/percent.ts";
import { parseTrailers, statusHeaders } from "../../../transport/grpc/headers.ts";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";

test("Percent-Encoded: each ASCII character as the grammar has it", () => {
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    const escaped = `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
    const plain = code >= 0x20 && code <= 0x7e && character !== "%";
    assertEquals(encodePercent(`a${character}b`), `a${plain ? character : escaped}b`);
    assertEquals(decodePercent(`a${escaped}b`), `a${character}b`);
    assertEquals(decodePercent(`a${escaped.toLowerCase()}b`), `a${character}b`);
  }
});

test("Percent-Encoded: UTF-8 of every length, at its bounds", () => {
  const bounds: Array<[number, string]> = [
    [0x80, "%C2%80"],
    [0x7ff, "%DF%BF"],
    [0x800, "%E0%A0%80"],
    [0xfeff, "%EF%BB%BF"],
    [0xffff, "%EF%BF%BF"],
    [0x10000, "%F0%90%80%80"],
    [0x10ffff, "%F4%8F%BF%BF"],
  ];
  for (const [point, wire] of bounds) {
    const text = String.fromCodePoint(point);
    assertEquals(encodePercent(text), wire);
    assertEquals(decodePercent(wire), text);
  }
});

for (const seed of [1, 2]) {
  test(`Percent-Encoded, seed ${seed}: any text is read as it was written`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const points = Array.from({ length: random.below(12) }, () => {
        const point = random.below([0x80, 0x100, 0xd800, 0x110000][random.below(4)]!);
        return point >= 0xd800 && point < 0xe000 ? 0x20 : point; // no half of a surrogate pair
      });
      const text = String.fromCodePoint(...points);
      assertEquals(decodePercent(encodePercent(text)), text);
    }
  });

  test(`Percent-Encoded, seed ${seed}: any octets give a message, ASCII that is no escape unharmed`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const octets = Array.from({ length: random.below(12) }, () => "%4aFgé\xff "[random.below(8)]!);
      const read = decodePercent(`begin ${octets.join("")} end`);
      assert(read.startsWith("begin ") && read.endsWith(" end"), read);
    }
  });
}

test("Status-Message: not sent where empty, and read where the status is an error of its own", () => {
  assertEquals(statusHeaders(5, "", false).get("grpc-message"), undefined);
  const unknown = parseTrailers(HeaderList.of([["grpc-status", "17"], ["grpc-message", "%E2%9C%97"]]));
  assertEquals([unknown.code, unknown.message], [2, "✗"]);
});

test("Status: a number without leading zeros is sent for each code", () => {
  assertEquals(Object.values(GrpcStatus).length, 17);
  for (const code of Object.values(GrpcStatus)) {
    assertEquals(statusHeaders(code, "m", false).get("grpc-status"), `${code}`);
  }
});
