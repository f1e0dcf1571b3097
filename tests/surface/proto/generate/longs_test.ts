// 64-bit integers as numbers and text: by jstype, and by the generator's option; in every shape, and in JSON.

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Codec } from "../../../../surface/proto/codec.ts";
import { makeCodec, type Mode } from "../../../../surface/proto/compile/compile.ts";
import { DecodeError, EncodeError, JsonError } from "../../../../surface/proto/errors.ts";
import type { JsonCodec, JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import type { MessageSchema } from "../../../../surface/proto/schema.ts";
import { toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { generateText, importGenerated } from "./generated.ts";

const FIELDS = (type: string, option: string) =>
  `message ${type.toUpperCase()} {
    ${type} one = 1${option}; repeated ${type} many = 2${option}; repeated ${type} loose = 3 [packed = false${
    option === "" ? "" : `, ${option.slice(2, -1)}`
  }];
    map<string, ${type}> map = 4; oneof kind { ${type} a = 5${option}; string b = 6; }
    optional ${type} maybe = 7${option};
  }`;
const TYPES = ["int64", "uint64", "sint64", "fixed64", "sfixed64"];

function proto(option = ""): string {
  return `syntax = "proto3"; package t; import "google/protobuf/timestamp.proto";
    message At { google.protobuf.Timestamp at = 1; int64 n = 2${option}; }
    ${TYPES.map((type) => FIELDS(type, option)).join("\n")}`;
}

/** The codec of a loaded message type, in one mode. */
function codecIn(mode: Mode, schema: MessageSchema): JsonMessageCodec {
  const codecs = new Map<MessageSchema, JsonMessageCodec>();
  const codecOf = (of: MessageSchema): JsonMessageCodec => {
    let codec = codecs.get(of);
    if (codec === undefined) codecs.set(of, codec = makeCodec(of, codecOf, mode));
    return codec;
  };
  return codecOf(schema);
}

const bigints = parseProto(proto()).messages;

function message<T>(of: (value: bigint) => T) {
  return {
    ...{ one: of(5n), many: [of(0n), of(1n), of(300n)], loose: [of(7n)], map: { k: of(70_000n) } },
    ...{ a: of(0n), b: undefined, maybe: of(0n), kind: "a" },
  };
}

const FORMS: Readonly<Record<"number" | "string", (value: bigint) => unknown>> = {
  number: Number,
  string: String,
};

/** Holds a codec whose integers are `form` against one whose are bigints. */
function checkForm(name: string, codec: Codec, form: "number" | "string"): void {
  const of = FORMS[form];
  const usual = bigints[`t.${name}`]!;
  const bytes = usual.encode(message((value) => value));
  const expected = usual.decode(bytes);
  const kind = `${name} ${form}`;
  const decoded = codec.decode(bytes);
  assertEquals({ ...decoded }, message(of), kind);
  assertEquals(toHex(codec.encode(decoded)), toHex(bytes), kind);
  assertEquals(toHex(codec.encode(expected)), toHex(bytes), `${kind}: bigints are taken too`);
  assertEquals(codec.encode({ one: of(0n) }).length, 0, `${kind}: zero is not sent`);
  assertEquals(codec.decode(new Uint8Array(0)).one, of(0n), kind);
  assertThrows(() => codec.encode({ one: "x" }), EncodeError, 'found "x"');
}

test("jstype: 64-bit integers are numbers or text, compiled and interpreted", () => {
  for (const [jstype, form] of [["JS_NUMBER", "number"], ["JS_STRING", "string"]] as const) {
    // Values of maps cannot have the option.
    const { messages } = parseProto(proto(` [jstype = ${jstype}]`).replaceAll(/map<.*?> map = 4;/g, ""));
    for (const type of TYPES) {
      const { schema } = messages[`t.${type.toUpperCase()}`] as JsonMessageCodec;
      for (const mode of ["compiled", "interpreted"] as const) {
        const codec = codecIn(mode, schema);
        const value = /^u|^fixed/.test(type) ? 2n ** 53n - 1n : -(2n ** 53n) + 1n;
        const read = codec.decode(codec.encode({ one: value, many: [value], maybe: value }));
        const text = FORMS[form](value);
        assertEquals([read.one, read.many, read.maybe], [text, [text], text], `${type} ${mode}`);
      }
    }
  }
});

test("int64 of the generator: 64-bit integers are numbers or text in every shape", async () => {
  for (const int64 of ["number", "string"] as const) {
    const generated = await importGenerated({ [`${int64}.proto`]: proto() }, { int64 });
    for (const type of TYPES) checkForm(type.toUpperCase(), generated[type.toUpperCase()], int64);
    assertEquals(generated.At.decode(bigints["t.At"]!.encode({ at: { seconds: 5 }, n: 6 })), {
      at: { seconds: 5n, nanos: 0 },
      n: FORMS[int64](6n),
    });
  }
});

test("numbers are safe integers: others are refused, on both ways and in JSON", async () => {
  const { INT64 } = await importGenerated({ "safe.proto": proto() }, { int64: "number" });
  const usual = bigints["t.INT64"]!;
  const bytes = usual.encode({ one: 2n ** 53n });
  assertThrows(() => INT64.decode(bytes), DecodeError, "9007199254740992 is no safe integer");
  assertThrows(() => INT64.encode({ one: 2 ** 53 }), EncodeError, "a bigint or safe integer of int64");
  assertThrows(() => INT64.fromJson({ one: "9007199254740992" }), JsonError, "expected a safe integer");
});

test("JSON of 64-bit integers is the same whatever they are in messages", async () => {
  const usual = bigints["t.UINT64"] as JsonCodec;
  const json = usual.toJson(usual.decode(usual.encode(message((value) => value))));
  for (const int64 of ["number", "string"] as const) {
    const { UINT64 } = await importGenerated({ [`json_${int64}.proto`]: proto() }, { int64 });
    assertEquals({ ...UINT64.fromJson(json) }, message<unknown>(FORMS[int64]));
    assertEquals(UINT64.toJson(UINT64.fromJson(json)), json);
    assertEquals(UINT64.fromJson({}).one, FORMS[int64](0n));
    assertEquals(UINT64.toJson({ one: FORMS[int64](0n) }), {});
  }
});

test("declared defaults have the form of their field", async () => {
  const text =
    `syntax = "proto2"; message D { optional int64 n = 1 [default = -7, jstype = JS_STRING]; optional int64 m = 2 [default = 8]; }`;
  const { D } = await importGenerated({ "default.proto": text }, { int64: "number" });
  const empty = D.create();
  assertEquals([empty.n, empty.m], ["-7", 8]);
  assert(generateText(text, { int64: "number" }).includes("  n: string;\n  m: number;\n"));
});
