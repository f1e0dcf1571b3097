// Numbers and strings as .proto files write them, seen in defaults; and names that JavaScript gives a meaning.

import { assertEquals } from "@std/assert";
import { encodeMessage } from "../../../surface/proto/codec.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { test } from "../../harness.ts";

function defaultOf(type: string, literal: string): unknown {
  const { messages } = parseProto(`message M { optional ${type} value = 1 [default = ${literal}]; }`);
  return messages["M"]!.decode(new Uint8Array(0)).value;
}

test("strings: escapes are bytes of UTF-8 or characters, and adjacent strings are one", () => {
  const strings: Array<[literal: string, text: string]> = [
    [String.raw`"\303\251"`, "é"],
    [String.raw`"\xc3\xA9"`, "é"],
    [String.raw`"\u00e9\U0001F600\ud83d\ude00"`, "é😀😀"],
    [String.raw`'a' "b" 'c"' "d'"`, `abc"d'`],
    [String.raw`"\a\b\f\n\r\t\v\\\'\"\?"`, "\x07\b\f\n\r\t\v\\'\"?"],
    [String.raw`"\0\1\1234\x4z"`, "\0\x01S4\x04z"],
    [`"€ \u{1f600}"`, "€ 😀"],
    [`""`, ""],
  ];
  for (const [literal, text] of strings) assertEquals(defaultOf("string", literal), text, literal);
});

test("bytes: escapes are bytes, other characters are UTF-8", () => {
  assertEquals(
    defaultOf("bytes", String.raw`"\377\0\xfe" "\u20ac€a"`),
    Uint8Array.of(
      ...[255, 0, 254, 0xe2, 0x82, 0xac, 0xe2, 0x82, 0xac, 97],
    ),
  );
  assertEquals(defaultOf("bytes", String.raw`"\ud800"`), Uint8Array.of(0xed, 0xa0, 0x80));
});

test("numbers: decimal, octal, hexadecimal, and the floats' words", () => {
  const numbers: Array<[type: string, literal: string, value: unknown]> = [
    ["int32", "-017", -15],
    ["int32", "0x7fffffff", 0x7fffffff],
    ["int32", "-2147483648", -0x80000000],
    ["int32", "-0", 0],
    ["uint32", "0XFFFFFFFF", 0xffffffff],
    ["int64", "-9223372036854775808", -0x8000000000000000n],
    ["uint64", "01777777777777777777777", 0xffffffffffffffffn],
    ["double", "-0", -0],
    ["double", ".5e-3", 0.0005],
    ["double", "1.", 1],
    ["double", "1e+2", 100],
    ["double", "0x10", 16],
    ["double", "-inf", -Infinity],
    ["double", "nan", NaN],
    ["double", "123456789012345678901234567890", 123456789012345678901234567890],
    ["float", "1.1", Math.fround(1.1)],
    ["float", "1e300", Infinity],
    ["bool", "true", true],
  ];
  for (const [type, literal, value] of numbers) assertEquals(defaultOf(type, literal), value, literal);
});

test("a field called __proto__ is a field, though its property is", () => {
  const { messages } = parseProto(`syntax = "proto3";
    message M { int32 proto = 1; int32 __proto__ = 2; M in = 3; }
    message N { int32 proto = 1; oneof __proto__ { int32 a = 2; M b = 3; } }`);
  const decoded = messages["M"]!.decode(Uint8Array.of(8, 1, 16, 2));
  assertEquals(Object.keys(decoded), ["proto", "__proto__", "in"]);
  assertEquals(Object.getPrototypeOf(decoded), Object.prototype);
  assertEquals(encodeMessage(messages["M"]!, decoded), Uint8Array.of(8, 1, 16, 2));
  const inside = messages["M"]!.decode(Uint8Array.of(26, 2, 16, 5, 26, 2, 8, 7));
  assertEquals(encodeMessage(messages["M"]!, inside), Uint8Array.of(26, 4, 8, 7, 16, 5));
  const oneof = messages["N"]!.decode(Uint8Array.of(16, 9));
  assertEquals(Object.keys(oneof), ["proto", "a", "b", "__proto__"]);
  assertEquals(Object.getOwnPropertyDescriptor(oneof, "__proto__")!.value, "a");
});

test("many declarations are read in time that grows with their number only", () => {
  const count = 10_000;
  const each = (text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i)).join("\n");
  const number = (i: number) => i + 1;
  parseProto(`syntax = "proto2"; import "google/protobuf/descriptor.proto";
    message Fields { ${each((i) => `optional Fields f${i} = ${number(i)} [deprecated = true];`)} }
    message Ranges { ${each((i) => `reserved ${i * 4 + 1}; extensions ${i * 4 + 2} to ${i * 4 + 3};`)} }
    enum Values { ${each((i) => `V${i} = ${i};`)} }
    message Defaults { ${each((i) => `optional Values f${i} = ${number(i)} [default = V${i}];`)} }
    message Option { repeated Option o = 1; repeated string s = 2; }
    extend google.protobuf.FileOptions { repeated Option opt = 50000; }
    ${each((i) => `option (opt) = { o { s: "${i}" } /* ${i} */ s: ["a", "b"] };`)}`);
}, { timeoutMs: 60_000 });
