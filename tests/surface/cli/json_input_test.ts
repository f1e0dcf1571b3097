import { assertEquals, assertRejects } from "@std/assert";
import { CommandError } from "../../../surface/cli/exit_codes.ts";
import { jsonValues } from "../../../surface/cli/json_input.ts";
import { test } from "../../harness.ts";

async function* pieces(octets: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

async function valuesOf(text: string, size: number): Promise<string[]> {
  const values: string[] = [];
  for await (const value of jsonValues(pieces(new TextEncoder().encode(text), size))) values.push(value);
  return values;
}

test("values of JSON are cut apart wherever the input is, with and without white space between them", async () => {
  const text = ` {"a": "}\\"{", "b": [1, {"c": "[ü漢🚀"}]}{"d":{}}\n\n[1,2] "x y" 12 -3.5e2 true null"z" 7`;
  const values = [
    '{"a": "}\\"{", "b": [1, {"c": "[ü漢🚀"}]}',
    '{"d":{}}',
    "[1,2]",
    '"x y"',
    "12",
    "-3.5e2",
    "true",
    "null",
    '"z"',
    "7",
  ];
  for (const size of [1, 2, 3, 7, 1000]) {
    assertEquals(await valuesOf(text, size), values, `pieces of ${size}`);
  }
  assertEquals(await valuesOf("", 1), []);
  assertEquals(await valuesOf(" \n\t ", 1), []);
});

test("a value is there as soon as its last character is", async () => {
  let given = 0;
  async function* typed(): AsyncGenerator<Uint8Array> {
    for (const text of ['{"a":1}\n', '{"a":2}', "3\n"]) {
      given++;
      yield new TextEncoder().encode(text);
    }
  }
  const at: [string, number][] = [];
  for await (const value of jsonValues(typed())) at.push([value.trim(), given]);
  assertEquals(at, [['{"a":1}', 1], ['{"a":2}', 2], ["3", 3]]);
});

test("what is cut off, and what is no UTF-8, is refused", async () => {
  for (const text of ['{"a": 1', "[1, [2]", '"abc', '{"a": "}']) {
    const { message } = await assertRejects(() => valuesOf(text, 3), CommandError);
    assertEquals(
      message,
      `Cannot read the messages: the last one is cut off, it is ${JSON.stringify(text)} at its end`,
    );
  }
  for (const octets of [[0x22, 0xff, 0x22], [0x22, 0xc3]]) {
    await assertRejects(
      async () => {
        for await (const _ of jsonValues(pieces(new Uint8Array(octets), 9)));
      },
      CommandError,
      "no UTF-8",
    );
  }
});

test("a closing brace too many is a value of its own, which is no JSON", async () => {
  assertEquals(await valuesOf('{}} {"a":1}', 1), ["{}", "}", '{"a":1}']);
});
