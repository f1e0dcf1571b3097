// Default values as text: protoc's spellings of numbers and octets, both ways.

import { assertEquals } from "@std/assert";
import {
  defaultFromText,
  defaultText,
  doubleText,
  floatText,
} from "../../../../surface/proto/descriptor/default_text.ts";
import type { FieldNode } from "../../../../surface/proto/language/nodes.ts";
import { test } from "../../../harness.ts";

test("numbers are spelled as C's %g does it, in as few digits as protoc tries", () => {
  const doubles: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [-1.5, "-1.5"],
    [0.1, "0.1"],
    [1 / 3, "0.33333333333333331"],
    [1e15, "1e+15"],
    [123456789012345, "123456789012345"],
    [123456789012345678, "1.2345678901234568e+17"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [5e-324, "4.94065645841247e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
  ];
  for (const [value, text] of doubles) assertEquals(doubleText(value), text);
  const floats: [number, string][] = [
    [0.1, "0.1"],
    [16777216, "16777216"],
    [1e6, "1e+06"],
    [3.4028234663852886e38, "3.40282347e+38"],
    [1 / 3, "0.333333343"],
  ];
  for (const [value, text] of floats) assertEquals(floatText(Math.fround(value)), text);
});

const field = (type: string, defaultValue: unknown) => ({ type, defaultValue }) as unknown as FieldNode;

test("what is written is read again as the same value", () => {
  const values: [FieldNode["type"] & string, unknown][] = [
    ["int32", -0x8000_0000],
    ["fixed32", 0xffff_ffff],
    ["sint64", -0x8000_0000_0000_0000n],
    ["uint64", 0xffff_ffff_ffff_ffffn],
    ["double", -1e-7],
    ["double", NaN],
    ["float", Math.fround(0.7)],
    ["bool", false],
    ["enum", "NAME"],
    ["string", 'any "text" \\ ä \n'],
    ["bytes", Uint8Array.from({ length: 256 }, (_, i) => i)],
  ];
  for (const [type, value] of values) {
    assertEquals(defaultFromText(defaultText(field(type, value)), type), value);
  }
});

test("text that is no value of the type is none", () => {
  const wrong: [string, FieldNode["type"] & string][] = [
    ["2147483648", "int32"],
    ["-1", "uint32"],
    ["18446744073709551616", "uint64"],
    ["1.5", "int64"],
    ["", "int32"],
    ["0x10", "int32"],
    ["1e", "double"],
    ["Infinity", "double"],
    ["", "float"],
    ["TRUE", "bool"],
    ["\\", "bytes"],
    ["\\9", "bytes"],
  ];
  for (const [text, type] of wrong) assertEquals(defaultFromText(text, type), undefined, `${type} ${text}`);
});
