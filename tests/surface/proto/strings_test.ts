// Strings of messages: made alone or cut from a longer one, short and long, ASCII and not, they are the same.

import { assertEquals, assertThrows } from "@std/assert";
import { latin1, utf8 } from "../../../pollers/native/text.ts";
import { DecodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { test } from "../../harness.ts";
import { Random } from "./reference.ts";

const { messages } = parseProto(
  `syntax = "proto3"; message Texts { repeated string texts = 1; bytes gap = 2; }`,
);
const codec = messages["Texts"]!;

const LENGTHS = [
  0,
  1,
  2,
  7,
  8,
  9,
  12,
  13,
  31,
  32,
  33,
  127,
  128,
  129,
  200,
  249,
  250,
  251,
  400,
  511,
  512,
  513,
  2_000,
];
const UNITS = ["a", "\0", "\x7f", "\x80", "\u00e9", "\u20ac", "\u{1f600}", "\ufeff", "\ufffd"];

/** Texts of all lengths, mostly ASCII, as messages have them. */
function textsOf(random: Random): string[] {
  return Array.from({ length: random.below(40) }, () => {
    const units = random.below(4) === 0 ? UNITS.length : 3;
    return Array.from({ length: random.pick(LENGTHS) }, () => UNITS[random.below(units)]).join("");
  });
}

test("strings are what was written, wherever they lie in a message, seeds 1 to 300", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const texts = textsOf(new Random(seed));
    const bytes = codec.encode({ texts, gap: new Uint8Array(seed % 70) });
    assertEquals(codec.decode(bytes).texts, texts, `seed ${seed}`);
  }
});

test("a byte that is not UTF-8 is found in every string, and named by where its string begins", () => {
  for (const length of LENGTHS.filter((length) => length > 0)) {
    for (let strings = 0; strings < 6; strings++) {
      const texts = [
        ...Array(strings).fill("before"),
        "x".repeat(length),
        "behind",
        "the end of the message",
      ];
      const bytes = codec.encode({ texts });
      const at = bytes.indexOf(120);
      for (const place of new Set([at, at + (length >> 1), at + length - 1])) {
        const bad = bytes.slice();
        bad[place] = 0xff;
        const error = assertThrows(() => codec.decode(bad), DecodeError, "a string is not valid UTF-8");
        assertEquals(
          [error.offset, error.message.includes("Texts.texts")],
          [at, true],
          `${length}, ${strings}`,
        );
      }
    }
  }
});

test("a message's strings have nothing of the message before it", () => {
  const first = codec.encode({ texts: Array(8).fill("first message") });
  const second = codec.encode({ texts: Array(8).fill("other message") });
  assertEquals(codec.decode(first).texts, Array(8).fill("first message"));
  assertEquals(codec.decode(second).texts, Array(8).fill("other message"));
});

test("octets as text: one unit each, or UTF-8 with its byte order mark, in any view", () => {
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  const all = String.fromCharCode(...octets);
  assertEquals(latin1(octets, 0, 256), all);
  assertEquals(latin1(octets.subarray(64, 250), 1, 100), all.slice(65, 164));
  const text = new TextEncoder().encode("..\ufeff\u00e9\u20ac\u{1f600}..");
  assertEquals(utf8(text.subarray(2), 0, text.length - 4), "\ufeff\u00e9\u20ac\u{1f600}");
  assertEquals(utf8(Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x62), 0, 5), "a\ufffd\ufffdb");
});

test("a list of strings ends with its message, though the next one's begins with the same tag", () => {
  const { messages } = parseProto(`syntax = "proto3"; message T { T child = 1; repeated string texts = 2; }`);
  for (let inner = 1; inner <= 5; inner++) {
    const message = {
      child: { child: undefined, texts: Array(inner).fill("in") },
      texts: ["a", "b", "c", "d", "e"],
    };
    assertEquals(messages["T"]!.decode(messages["T"]!.encode(message)), message);
  }
});
