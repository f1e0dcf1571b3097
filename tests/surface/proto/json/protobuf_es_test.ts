// JSON beside protobuf-es: what both write is the same, and what one takes or refuses the other does too.

import { assert, assertEquals } from "@std/assert";
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { unknownFields } from "../../../../surface/proto/unknown_fields.ts";
import { test } from "../../../harness.ts";
import { randomMessage, randomProto } from "../compile/random_schema.ts";
import { Random } from "../reference.ts";
import { type Both, bothOf } from "./reference.ts";

const SEEDS = 40;
const MESSAGES = 4;

test(`what protobuf-es writes and reads is what we do, seeds 1 to ${SEEDS}`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const both = bothOf(randomProto(random, true).replaceAll("required ", "optional "));
    const [ours, theirs] = [both.ours("t.M0"), both.theirs("t.M0")];
    for (let i = 0; i < MESSAGES; i++) {
      const bytes = ours.encode(randomMessage(random, ours.schema));
      const message = ours.decode(bytes);
      const json = ours.toJson(message);
      const reference = fromBinary(theirs, bytes);
      assertEquals(json, toJson(theirs, reference) as unknown as typeof json, `seed ${seed}`);
      const always = { alwaysEmitImplicit: true, enumAsInteger: true, useProtoFieldName: true };
      const all = ours.toJson(message, { emitDefaults: true, enumsAsIntegers: true, originalNames: true });
      assertEquals(all, toJson(theirs, reference, always) as unknown as typeof json, `seed ${seed}`);
      assertEquals(ours.fromJson(json), message, `seed ${seed}`);
      assertEquals(Object.keys(ours.fromJson(json)), Object.keys(message));
      assertEquals(
        ours.fromJsonString(JSON.stringify(json)),
        ours.fromJson(JSON.parse(JSON.stringify(json))),
      );
      assertEquals(unknownFields in ours.fromJson(all), false);
    }
  }
});

const both = bothOf(`syntax = "proto3"; package r;
import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
enum E { ZERO = 0; ONE = 1; UNO = 1 [deprecated = true]; option allow_alias = true; }
message R {
  double real = 1; float single = 2; int32 i = 3; int64 l = 4; uint32 u = 5; uint64 ul = 6; sint32 si = 7; sint64 sl = 8;
  fixed32 f = 9; fixed64 fl = 10; sfixed32 sf = 11; sfixed64 sfl = 12; bool b = 13; string s = 14; bytes raw = 15; E e = 16;
  repeated int32 list = 17; map<string, int32> by_text = 18; map<int32, string> by_int = 19; map<bool, E> by_flag = 20;
  optional string maybe = 21; R inner = 22; oneof kind { int32 x = 23; R y = 24; google.protobuf.NullValue z = 25; }
  google.protobuf.Timestamp at = 26; google.protobuf.Duration took = 27; google.protobuf.FieldMask mask = 28;
  google.protobuf.Struct struct = 29; google.protobuf.Value value = 30; google.protobuf.ListValue values = 31;
  google.protobuf.Any any = 32; google.protobuf.Empty empty = 33; google.protobuf.Int64Value wl = 34;
  google.protobuf.FloatValue wf = 35; google.protobuf.BytesValue wb = 36; google.protobuf.BoolValue wbool = 37;
  repeated R several = 38; repeated google.protobuf.Value some = 39; repeated E es = 40; map<int64, R> by_long = 41;
  google.protobuf.StringValue ws = 42; google.protobuf.UInt32Value wu = 43; repeated google.protobuf.Timestamp times = 44;
}`);

const VALUES: readonly JsonValue[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    0.5,
    1e5,
    127,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32 - 1,
  ],
  ...[
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    2 ** 63,
    -(2 ** 63),
    2 ** 64,
    1e20,
    1e39,
    -1e39,
    3.4028235e38,
    1e-50,
    5e-324,
  ],
  ...[
    "",
    "0",
    "1",
    "-1",
    "00",
    "01",
    "-0",
    "+1",
    " 1",
    "1 ",
    "1.0",
    "1.5",
    "1e3",
    "1E3",
    "1e",
    ".5",
    "5.",
    "0x10",
  ],
  ...[
    "2147483647",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
  ],
  ...[
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "inf",
  ],
  ...[
    "true",
    "false",
    "null",
    "ZERO",
    "ONE",
    "UNO",
    "zero",
    "TWO",
    "AA==",
    "AA",
    "AAA=",
    "A",
    "-_-_",
    "+/+/",
    "A*==",
  ],
  ...[
    "a,b",
    "fooBar",
    "foo_bar",
    "foo.barBaz,q",
    "Foo",
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59.999999999Z",
  ],
  ...[
    "2023-02-29T00:00:00Z",
    "2024-01-01T00:00:00+01:00",
    "2024-01-01T00:00:00.1-23:59",
    "2024-01-01 00:00:00Z",
  ],
  ...[
    "2024-01-01T00:00:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "10000-01-01T00:00:00Z",
  ],
  ...[
    "0s",
    "1s",
    "-1s",
    "1.5s",
    "-0.5s",
    "1.000000001s",
    "1.0000000001s",
    "315576000000s",
    "315576000001s",
    "1",
    "s",
  ],
  ...[[], [null], [1], [1, "2"], ["x"], [[1]], [{}], [true, null], ["ONE", 1], ["ZERO", "TWO"]],
  ...[{}, { a: 1 }, { "1": "x" }, { "01": "x" }, { true: "ONE" }, { false: 0 }, { "": 1 }, { a: null }, {
    i: 1,
  }],
  ...[{ i: null }, { i: 1, x: 2 }, { x: 1, y: {} }, { x: null, y: {} }, { z: null, x: 1 }, { by_text: {} }],
  ...[{ "@type": "t/r.R", i: 5 }, { "@type": "t/google.protobuf.Duration", value: "1s" }, { "@type": "r.R" }],
  ...[{ "@type": "t/google.protobuf.Empty" }, { "@type": "t/r.X" }, { "@type": 1 }, { value: 1 }, {
    a: [{ b: null }],
  }],
];

/** What we are stricter or laxer in. */
const DIFFERENCES: Readonly<Record<string, RegExp>> = {
  "text that is no number of JSON is none": /: "(?:00|01|\+1| 1|1 |\.5|5\.|0x10)": refused and /,
  "keys are numbers of JSON too": /^by(?:Int|Long): \{"01":.*\}: refused and /,
  "64-bit integers may have an exponent, as others may": /: "(?:1\.0|1e3|1E3)": [\d,]+ and refused$/,
  "what a float rounds to 0 is the default":
    /^(?:single: (?:1e-50|5e-324): {2}and 21|wf: (?:1e-50|5e-324): )/,
  "there is no such day": /^at: "2023-02-29T/,
  "the URL of a type stays as it is": /^any: \{"@type":"(?:t\/|r\.R)/,
};

test("what protobuf-es takes of any field we take, and what it refuses we refuse", () => {
  const found: string[] = [];
  for (const { name, jsonName } of both.ours("r.R").schema.fields) {
    for (const value of VALUES) {
      const [our, their] = outcomes(both, "r.R", { [jsonName]: value });
      if (our !== their) found.push(`${name}: ${JSON.stringify(value)}: ${our} and ${their}`);
    }
  }
  const known = Object.values(DIFFERENCES);
  assertEquals(found.filter((difference) => !known.some((pattern) => pattern.test(difference))), []);
  for (const [what, pattern] of Object.entries(DIFFERENCES)) {
    assert(found.some((difference) => pattern.test(difference)), what);
  }
});

/** What becomes of JSON in ours and theirs: the octets of the message, or "refused". */
function outcomes({ ours, theirs, registry }: Both, name: string, json: JsonValue): [string, string] {
  const outcome = (read: () => Uint8Array) => {
    try {
      return read().join();
    } catch {
      return "refused";
    }
  };
  const codec = ours(name);
  const our = outcome(() => codec.encode(codec.fromJson(json)));
  if (our !== "refused") {
    const message = codec.fromJson(json);
    assertEquals(message, codec.decode(codec.encode(message)), JSON.stringify(json));
    // Text keeps the digits that JSON.stringify rounded to.
    if (!/\d{19}/.test(JSON.stringify(json))) {
      assert(
        outcome(() => codec.encode(codec.fromJsonString(JSON.stringify(json)))) === our,
        JSON.stringify(json),
      );
    }
  }
  return [our, outcome(() => toBinary(theirs(name), fromJson(theirs(name), json, { registry })))];
}
