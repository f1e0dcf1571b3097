// ProtoJSON: what each type is in JSON, what is taken besides, and what is refused with the path.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EncodeError, JsonError } from "../../../../surface/proto/errors.ts";
import { createRegistry } from "../../../../surface/proto/json/registry.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { test } from "../../../harness.ts";

const loaded = parseProto(`syntax = "proto3"; package t;
import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
enum Color { NONE = 0; RED = 1; }
message M {
  int32 an_int = 1; uint64 long = 2; float real = 3; double wide = 4; bool flag = 5; string text = 6; bytes raw = 7;
  Color color = 8; repeated Color colors = 9; map<int64, M> by_long = 10; map<bool, string> by_flag = 11;
  optional int32 maybe = 12; M inner = 13; repeated M list = 14; string renamed = 15 [json_name = "@odd"];
  oneof kind { string a = 16; int32 b = 17; google.protobuf.NullValue nothing = 18; google.protobuf.Value v = 19; }
  map<string, Color> color_by = 20; string _lead_word = 21; map<string, string> words = 22;
}
message Well {
  google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2; google.protobuf.FieldMask mask = 3;
  google.protobuf.Struct struct = 4; google.protobuf.Value value = 5; google.protobuf.ListValue list = 6;
  google.protobuf.Any any = 7; google.protobuf.Empty empty = 8; google.protobuf.Int64Value long = 9;
  google.protobuf.BytesValue raw = 10; google.protobuf.BoolValue flag = 11; repeated google.protobuf.Value values = 12;
  google.protobuf.NullValue nothing = 13; google.protobuf.DoubleValue wide = 14;
}`);
const m = loaded.messages["t.M"]!;
const well = loaded.messages["t.Well"]!;

/** What `fromJson` makes must be what decoding makes of its encoding. */
function reads(codec: typeof m, json: unknown, written: unknown = json): void {
  const message = codec.fromJson(json);
  assertEquals(message, codec.decode(codec.encode(message)));
  assertEquals(Object.keys(message), Object.keys(codec.decode(codec.encode(message))));
  assertEquals(codec.toJson(message), written);
  assertEquals(codec.fromJsonString(JSON.stringify(json)), message);
}

function refuses(codec: typeof m, json: unknown, words: string): void {
  const error = assertThrows(() => codec.fromJson(json), JsonError);
  assert(error.message.includes(words), error.message);
}

test("every type has its form in JSON, and comes back of it as decoding makes it", () => {
  reads(m, {});
  reads(m, {
    anInt: -5,
    long: "18446744073709551615",
    real: 0.5,
    wide: -1e300,
    flag: true,
    text: "\u00e9\u{1f600}",
    raw: "AP/+",
    color: "RED",
    colors: ["RED", "NONE", 7],
    byLong: { "-9223372036854775808": { anInt: 1 } },
    byFlag: { true: "x", false: "" },
    maybe: 0,
    inner: { inner: {} },
    list: [{}, { text: "y" }],
    "@odd": "z",
    colorBy: { "": "RED" },
    LeadWord: "w",
  });
});

test("presence: defaults are left out where a field has none, and kept where it has", () => {
  reads(m, { anInt: 0, text: "", flag: false, raw: "", color: "NONE", long: "0", list: [], byLong: {} }, {});
  reads(m, { maybe: 0, a: "" });
  reads(m, { anInt: null, inner: null, list: null, maybe: null, a: null, b: 3 }, { b: 3 });
  assertEquals(m.toJson({ real: -0 }), { real: -0 });
});

test("numbers come as text, text as numbers; what does not fit is refused with its path", () => {
  reads(m, { anInt: "12", long: 12, real: "1.5", wide: "NaN" }, {
    anInt: 12,
    long: "12",
    real: 1.5,
    wide: "NaN",
  });
  reads(m, { anInt: 1.2e1, wide: "-Infinity" }, { anInt: 12, wide: "-Infinity" });
  reads(m, { anInt: "1.2e1" }, { anInt: 12 });
  for (
    const anInt of [0.5, 2 ** 31, "2147483648", "", " 1", "1 ", "+1", "01", "0x1", "1.", true, NaN, [], {}]
  ) {
    refuses(
      m,
      { list: [{}, { anInt }] },
      "Cannot read JSON of t.M.list[1].anInt: expected an integer of int32",
    );
  }
  for (const long of [-1, "-1", "18446744073709551616", 1.5, 1e30, "1e30"]) {
    refuses(m, { long }, "an integer of uint64");
  }
  for (const real of [3.5e38, "3.5e38", "nan", "inf", "", NaN, Infinity]) {
    refuses(m, { real }, "range of float");
  }
  for (const wide of ["1e400", "", null + "x"]) refuses(m, { wide }, "range of double");
  for (const flag of ["true", 1, 0, {}]) refuses(m, { flag }, "a boolean");
  for (const text of [1, "\ud800", "a\udc00"]) refuses(m, { text }, "a string");
});

test("bytes are base64 of both alphabets, with and without padding", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const length of [0, 1, 2, 3, 4, 5, 255, 256]) {
    const raw = bytes.subarray(0, length);
    const text = (m.toJson({ raw, maybe: 1 }) as { raw?: string }).raw ?? "";
    assertEquals(text, btoa(String.fromCharCode(...raw)));
    assertEquals(m.fromJson({ raw: text }).raw, raw.slice());
    assertEquals(m.fromJson({ raw: text.replaceAll("=", "") }).raw, raw.slice());
    assertEquals(m.fromJson({ raw: text.replaceAll("+", "-").replaceAll("/", "_") }).raw, raw.slice());
  }
  for (
    const raw of ["A", "AA=", "AA===", "A===", "AAA==", "AA A", "\u00e9A==", "A*==", "====", "AA==AA==", 1]
  ) {
    refuses(m, { raw }, "a string of base64");
  }
  const long = "AAAA".repeat(20);
  for (
    const raw of [
      `${long}\n\t\n ${long}`,
      `${long} AA==`,
      `${long}A*A=`,
      `${long}A`,
      ` ${long}`,
      `${long}AA=A`,
    ]
  ) {
    refuses(m, { raw }, "a string of base64");
  }
});

test("enums are names or numbers; an open one has numbers without names", () => {
  reads(m, { colors: ["RED", 1, 0, 9] }, { colors: ["RED", "RED", "NONE", 9] });
  refuses(
    m,
    { color: "BLUE" },
    'Cannot read JSON of t.M.color: expected the name or number of a t.Color, found "BLUE"',
  );
  refuses(m, { color: 1.5 }, "t.M.color");
  refuses(m, { colors: [null] }, "t.M.colors[0]");
  const options = { ignoreUnknownFields: true };
  assertEquals(
    m.fromJson({ color: "BLUE", colors: ["RED", "BLUE"], colorBy: { a: "BLUE", b: "RED" } }, options),
    {
      ...m.fromJson({ colors: ["RED"], colorBy: { b: "RED" } }),
    },
  );
  const { messages } = parseProto(`syntax = "proto2"; enum E { A = 1; } message P { optional E e = 1; }`);
  refuses(messages["P"]!, { e: 2 }, "expected the name or number of a E, found 2");
});

test("a oneof takes one member; null sets none but where null is a value", () => {
  refuses(m, { a: "x", b: 1 }, "Cannot read JSON of t.M.b: oneof kind already holds a");
  reads(m, { nothing: null });
  reads(m, { v: null });
  reads(m, { v: [1, { a: null }] });
  reads(m, { nothing: "NULL_VALUE" }, { nothing: null });
});

test("original names are keys too, and a field may come once", () => {
  reads(m, { an_int: 1, renamed: "z", _lead_word: "w" }, { anInt: 1, "@odd": "z", LeadWord: "w" });
  refuses(m, { an_int: 1, anInt: 1 }, "t.M.an_int: the field comes twice, under both of its names");
  refuses(m, { anInt: null, an_int: 1 }, "t.M.anInt: the field comes twice");
  // What would be another name of a field means another field here.
  const swapped = parseProto(
    `syntax = "proto3"; message S { int32 a = 1 [json_name = "b"]; int32 b = 2 [json_name = "a"]; }
    message L { int32 foo_bar = 1; int32 fooBar = 2 [json_name = "x"]; }`,
  ).messages;
  reads(swapped["S"]!, { b: 1, a: 2 });
  assertEquals(swapped["S"]!.fromJson({ b: 1, a: 2 }), { a: 1, b: 2 });
  reads(swapped["L"]!, { fooBar: 1, x: 2 });
  refuses(swapped["L"]!, { fooBar: 1, foo_bar: 1 }, "the field comes twice, under both of its names");
  const twice = (text: string, words: string) => assertThrows(() => m.fromJsonString(text), JsonError, words);
  twice('{"anInt":1,\n "anInt":1}', 'the key "anInt" comes twice in an object (line 2, column 2)');
  twice('{"inner":{"text":"a","text":"b"}}', "comes twice");
  twice('{"byFlag":{"true":"", "\\u0074rue":""}}', "comes twice");
  assertThrows(() => m.fromJson({ byLong: { "1": {}, "01": {} } }), JsonError, "keys of int64");
});

test("keys that are no fields are refused, or passed over", () => {
  refuses(m, { inner: { anint: 1 } }, "Cannot read JSON of t.M.inner.anint: t.M has no such field");
  assertEquals(
    m.fromJson({ what: { ever: [1] }, anInt: 1, "[t.x]": 1 }, { ignoreUnknownFields: true }),
    m.fromJson({ anInt: 1 }),
  );
  refuses(m, { "[t.x]": 1 }, "t.M[t.x]: t.M has no such field");
  for (const json of [null, 1, "x", [], true, undefined, new Map(), new Date()]) {
    refuses(m, json, "Cannot read JSON of t.M: expected an object of t.M");
  }
  refuses(m, { list: [null] }, "t.M.list[0]: expected an object");
  refuses(m, { list: {} }, "t.M.list: expected an array");
  refuses(m, { byLong: [] }, "t.M.byLong: expected an object");
  refuses(m, { byLong: { x: {} } }, 't.M.byLong["x"]: expected keys of int64');
  refuses(m, { byFlag: { yes: "" } }, "keys of bool");
});

test("maps take keys that objects inherit", () => {
  const json = JSON.parse('{"words":{"__proto__":"a","constructor":"b","":"c"}}');
  const message = m.fromJson(json);
  assertEquals(Object.keys(message.words), ["__proto__", "constructor", ""]);
  assertEquals(m.toJsonString(message), JSON.stringify(json));
  assertEquals(m.toJson({ words: new Map([["a", "b"]]) }), { words: { a: "b" } });
});

test("fields and keys that are called __proto__ are written and read like any other", () => {
  const { messages } = parseProto(`syntax = "proto2";
    message Named { optional int32 a = 1 [json_name = "__proto__"]; }
    message Lists { repeated int32 a = 1 [json_name = "__proto__"]; }
    message Original { optional string __proto__ = 1; }
    message Both { optional string proto = 1; optional string __proto__ = 2; }
    message Default { optional string proto = 1; optional string __proto__ = 2; optional int32 n = 3 [default = 7]; }
  `);
  const kept = (type: string, message: Record<string, unknown>, text: string, originalNames = false) => {
    const codec = messages[type]!;
    assertEquals(codec.toJsonString(message, { originalNames }), text);
    const back = codec.fromJsonString(text);
    assertEquals(back, codec.decode(codec.encode(message)));
    assertEquals(codec.toJsonString(back, { originalNames }), text);
  };
  kept("Named", { a: 4 }, '{"__proto__":4}');
  kept("Lists", { a: [4] }, '{"__proto__":[4]}');
  kept("Original", { proto: "x" }, '{"__proto__":"x"}', true);
  const both = JSON.parse('{"proto":"a","__proto__":"b"}');
  for (const type of ["Both", "Default"]) {
    kept(type, both, '{"proto":"a","Proto":"b"}');
    kept(type, both, '{"proto":"a","__proto__":"b"}', true);
  }
});

test("options: defaults too, numbers of enums, original names", () => {
  assertEquals(well.toJson({}, { emitDefaults: true }), { values: [], nothing: null });
  const { byLong: _, ...rest } = m.toJson({ byLong: {} }, { emitDefaults: true }) as Record<string, unknown>;
  assertEquals(rest, {
    ...{ anInt: 0, long: "0", real: 0, wide: 0, flag: false, text: "", raw: "", color: "NONE", colors: [] },
    ...{ byFlag: {}, list: [], "@odd": "", colorBy: {}, LeadWord: "", words: {} },
  });
  assertEquals(m.toJson({ color: "RED", colors: ["NONE"] }, { enumsAsIntegers: true }), {
    color: 1,
    colors: [0],
  });
  assertEquals(m.toJson({ anInt: 1, renamed: "x" }, { originalNames: true }), { an_int: 1, renamed: "x" });
  const wrong = { emitDefault: true } as never;
  assertThrows(() => m.toJson({}, wrong), TypeError, "did you mean emitDefaults");
  assertThrows(() => m.fromJson({}, wrong), TypeError, "there is no option");
});

test("options of a wrong type are refused, and not taken for true", () => {
  const wrong: [options: object, says: string][] = [
    [{ ignoreUnknownFields: "false" }, 'ignoreUnknownFields is the string "false"; give true or false'],
    [{ maxElements: NaN }, "maxElements is the number NaN; give a number of elements"],
    [{ registry: { messages: {}, extensions: {} } }, "registry is an object; give one of createRegistry"],
    [{ registry: null }, "registry is null; give one of createRegistry"],
  ];
  for (const [options, says] of wrong) {
    for (const read of [() => m.fromJson({}, options), () => m.fromJsonString("{}", options)]) {
      const error = assertThrows(read, Error, says);
      assert(error instanceof TypeError || error instanceof RangeError, error.name);
    }
  }
  assertThrows(() => m.toJson({}, { emitDefaults: 1 } as never), TypeError, "give true or false");
  assertEquals(m.toJson({}, { emitDefaults: undefined, registry: undefined } as never), {});
});

test("writing refuses what encoding refuses", () => {
  for (
    const message of [
      ...[{ anInt: 0.5 }, { anInt: "x" }, { long: -1n }, { real: 1e39 }, { flag: 0 }, { text: 1 }, {
        raw: [1],
      }],
      ...[
        { color: "BLUE" },
        { other: 1 },
        { a: "", b: 1 },
        { kind: "a" },
        { list: {} },
        { inner: 1 },
        [],
        null,
      ],
      { byLong: { x: {} } },
      { colors: new Int32Array([1]) },
    ]
  ) {
    assertThrows(() => m.encode(message), EncodeError);
    assertThrows(() => m.toJson(message), EncodeError, "Cannot encode t.M");
  }
});

test("typed arrays are lists where they are so to encoding", () => {
  const { messages } = parseProto(`syntax = "proto3"; message Lists {
    repeated int32 ints = 1; repeated double reals = 2; repeated uint64 longs = 3; repeated sint32 others = 4; }`);
  const lists = messages["Lists"]!;
  const message = {
    ...{ ints: new Int32Array([1, -2]), reals: new Float64Array([0.5]) },
    ...{ longs: new BigUint64Array([3n]), others: new Int32Array([-4]) },
  };
  assertEquals(lists.toJson(message), { ints: [1, -2], reals: [0.5], longs: ["3"], others: [-4] });
  assertEquals(lists.toJson(lists.decode(lists.encode(message))), lists.toJson(message));
  for (
    const wrong of [
      { ints: new Float64Array(1) },
      { reals: new Float32Array(1) },
      { longs: new BigInt64Array(1) },
      { others: new Uint32Array(1) },
    ]
  ) {
    assertThrows(() => lists.encode(wrong), EncodeError, "expected an array");
    assertThrows(() => lists.toJson(wrong), EncodeError, "expected an array");
  }
});

test("half a pair of code units is written as encoding writes it, so that the text is read again", () => {
  const message = { text: "a\ud800", words: { "\udc00b": "\ud800" } };
  const json = { text: "a\ufffd", words: { "\ufffdb": "\ufffd" } };
  assertEquals(m.toJson(message), json);
  assertEquals(m.toJson(m.decode(m.encode(message))), json);
  assertEquals(well.toJson({ value: { stringValue: "\ud800" } }), { value: "\ufffd" });
});

test("timestamps and durations", () => {
  for (
    const at of [
      "1970-01-01T00:00:00Z",
      "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999999999Z",
      "2024-02-29T12:00:00.120Z",
      "1969-12-31T23:59:59.000001Z",
    ]
  ) {
    reads(well, { at });
  }
  reads(well, { at: "2020-01-01T01:30:00.5+01:30" }, { at: "2020-01-01T00:00:00.500Z" });
  reads(well, { at: "2019-12-31T22:00:00-02:00" }, { at: "2020-01-01T00:00:00Z" });
  for (
    const at of [
      ...[
        "2020-01-01",
        "2020-01-01T00:00:00",
        "2020-01-01t00:00:00Z",
        "2020-01-01T00:00:00z",
        "2020-02-30T00:00:00Z",
      ],
      ...[
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:00:60Z",
        "0000-12-31T23:59:59Z",
        "9999-12-31T23:59:59-00:01",
      ],
      ...["2020-01-01T00:00:00.Z", "2020-01-01T00:00:00.1234567890Z", "2020-1-01T00:00:00Z", 1],
    ]
  ) refuses(well, { at }, "Cannot read JSON of t.Well.at: expected a time");
  assertThrows(() => well.toJson({ at: { seconds: 253402300800n, nanos: 0 } }), EncodeError, "1 to 9999");
  assertThrows(() => well.toJson({ at: { seconds: 0n, nanos: -1 } }), EncodeError);
  for (const took of ["0s", "1.500s", "-0.000000001s", "315576000000s", "-315576000000.999999999s"]) {
    reads(well, { took });
  }
  reads(well, { took: "1.5s" }, { took: "1.500s" });
  for (const took of ["1", "1.s", "s", ".5s", "1.0000000000s", "315576000001s", "1 s", 1]) {
    refuses(well, { took }, "a duration");
  }
  assertThrows(() => well.toJson({ took: { seconds: 1n, nanos: -1 } }), EncodeError, "differ in sign");
});

test("field masks, structs, values, wrappers", () => {
  reads(well, { mask: "user.displayName,photo" });
  assertEquals(well.fromJson({ mask: "a.fooBar" }).mask.paths, ["a.foo_bar"]);
  reads(well, { mask: "" });
  refuses(well, { mask: "foo_bar" }, "paths in lowerCamelCase");
  for (const path of ["fooBar", "foo__bar", "foo_3", "foo_", "foo,bar"]) {
    assertThrows(() => well.toJson({ mask: { paths: [path] } }), EncodeError, "would not come back");
  }
  reads(well, {
    struct: { a: null, b: [1, "x", { c: true }] },
    value: "x",
    list: [null, [], {}],
    values: [null, 1],
  });
  reads(well, { value: null });
  reads(well, { list: [], struct: {} });
  refuses(well, { struct: { a: [1, NaN] } }, 't.Well.struct["a"][1]: expected a finite number');
  assertThrows(() => well.toJson({ value: {} }), EncodeError, "none of its members is set");
  assertThrows(
    () => well.toJson({ value: { numberValue: Infinity } }),
    EncodeError,
    "JSON has no number Infinity",
  );
  const one = { numberValue: 1 };
  assertEquals(well.toJson({ struct: { fields: new Map([["a", one]]) } }), { struct: { a: 1 } });
  for (
    const wrong of [
      ...[5, [one], new Date(), new Map([[1, one]]), { a: 1 }].map((fields) => ({ struct: { fields } })),
      { value: { ...one, stringValue: "x" } },
      { value: { nullValue: "NONE" } },
    ]
  ) {
    assertThrows(() => well.encode(wrong), EncodeError);
    assertThrows(() => well.toJson(wrong), EncodeError, "Cannot encode google.protobuf.");
  }
  reads(well, { long: "5", raw: "AA==", flag: false, wide: "NaN", empty: {} });
  reads(well, { long: 5, wide: null }, { long: "5" });
  refuses(well, { long: "x" }, "Cannot read JSON of t.Well.long: expected an integer of int64");
});

test("fields that have one JSON name are written and read each", () => {
  const { messages } = parseProto(`syntax = "proto2"; message Clash {
    optional int32 xY = 1; repeated string x_y = 2; optional int32 a_b = 3; optional bool a__b = 4; }`);
  reads(messages["Clash"]!, { xY: 1, x_y: ["a"], a_b: 2, aB: true });
  reads(messages["Clash"]!, { x_y: ["a"], a_b: 2 });
});

test("types of one's own with names of protobuf's are objects of their fields", () => {
  const own = parseProto(`syntax = "proto3"; package google.protobuf;
    message Timestamp { string text = 1; } message Struct {} message ListValue { repeated string values = 1; }
    message Value { int32 number = 1; } message Any { int32 type_url = 1; } message Int32Value {}
    message All { Timestamp at = 1; Struct struct = 2; ListValue list = 3; Value value = 4; Any any = 5; Int32Value n = 6; }`);
  const json = {
    ...{
      at: { text: "now" },
      struct: {},
      list: { values: ["a"] },
      value: { number: 7 },
      any: { typeUrl: 5 },
    },
    n: {},
  };
  reads(own.messages["google.protobuf.All"]!, json);
  reads(own.messages["google.protobuf.All"]!, { value: null }, {});
  const registry = createRegistry(own);
  const packed = { any: { "@type": "x/google.protobuf.Value", number: 1 } };
  assertEquals(well.toJson(well.fromJson(packed, { registry }), { registry }), packed);
});

test("Any by registry: of the loaded files, or one that is given", () => {
  reads(well, { any: {} });
  reads(well, { any: { "@type": "type.googleapis.com/t.M", anInt: 1 } });
  reads(well, { any: { "@type": "x/google.protobuf.Duration", value: "1s" } });
  reads(well, { any: { value: "1s", "@type": "x/google.protobuf.Duration" } }, {
    any: { "@type": "x/google.protobuf.Duration", value: "1s" },
  });
  reads(well, { any: { "@type": "x/google.protobuf.Any", value: { "@type": "x/t.M" } } });
  refuses(well, { any: { anInt: 1 } }, "t.Well.any: expected");
  reads(well, { any: { "@type": "t.M", anInt: 1 } });
  refuses(well, { any: { "@type": "" } }, 'its type "" is not in the registry');
  refuses(well, { any: { "@type": "x/t.N" } }, 'its type "x/t.N" is not in the registry');
  const long = `type.googleapis.com/${"long".repeat(20)}.N`;
  refuses(well, { any: { "@type": long } }, `its type "${long}" is not in the registry`);
  assertThrows(() => well.toJson({ any: { typeUrl: long } }), EncodeError, `its type "${long}" is not in`);
  refuses(
    well,
    { any: { "@type": "x".repeat(1e6) } },
    `its type "${"x".repeat(200)}..." is not in the registry`,
  );
  refuses(well, { any: { "@type": "x/t.M", anInt: "x" } }, "t.Well.any.anInt: expected an integer");
  refuses(well, { any: { "@type": "x/google.protobuf.Duration", other: 1 } }, "t.Well.any.other");
  const other = parseProto(`syntax = "proto3"; package o; message N { string s = 1; }`);
  const json = { any: { "@type": "x/o.N", s: "y" } };
  const registry = createRegistry(other);
  assertEquals(well.toJson(well.fromJson(json, { registry }), { registry }), json);
  assertThrows(() => well.toJson(well.fromJson(json, { registry })), EncodeError, "is not in the registry");
  assertThrows(() => createRegistry({} as never), TypeError, "Cannot make a registry");
});

test("what is malformed inside an Any or an extension cannot be written, and the error says so", () => {
  const any = { any: { typeUrl: "x/t.M", value: new Uint8Array([0xff]) } };
  assertThrows(
    () => well.toJson(any),
    EncodeError,
    "Cannot encode google.protobuf.Any as JSON: cannot decode t.M: the message ends inside a varint",
  );
  const { messages } = parseProto(
    'syntax = "proto2"; package x; message X { extensions 1; } extend X { optional X x = 1; }',
  );
  const extended = messages["x.X"]!.decode(new Uint8Array([10, 1, 0xff]));
  assertThrows(
    () => messages["x.X"]!.toJson(extended),
    EncodeError,
    "Cannot encode x.X as JSON: cannot decode",
  );
});

test("required fields are required", () => {
  const { messages } = parseProto(
    `syntax = "proto2"; message R { required int32 the_number = 1; optional R r = 2; }`,
  );
  refuses(messages["R"]!, { theNumber: 1, r: {} }, "R.r.the_number: the field is required and missing");
  assertThrows(() => messages["R"]!.toJson({}), EncodeError, "required and missing");
});

test("declared defaults are read and not written", () => {
  const { messages } = parseProto(`syntax = "proto2"; message D {
    optional int32 n = 1 [default = 7]; optional int32 other = 2; optional bytes b = 3 [default = "A"]; }`);
  const d = messages["D"]!;
  assertEquals(d.fromJson({}).n, 7);
  assertEquals(d.toJson(d.fromJson({})), {});
  assertEquals(d.toJson(d.fromJson({ n: 7 })), { n: 7 });
  assertEquals(Object.keys(d.fromJson({ b: "AA==", n: 1, other: 2 })), ["other", "n", "b"]);
  assertEquals(d.fromJson({ b: "AA==" }).b, Uint8Array.of(0));
  assertEquals(d.fromJson({}).b, Uint8Array.of(65));
});

test("what is ignored is as deep as what is read, as text and as a value", () => {
  const lenient = { ignoreUnknownFields: true };
  const ignored = (depth: number) => `{"unknown":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  for (const before of ["", " "]) { // with a space before a colon it is read by the strict parser
    const text = (depth: number) => ignored(depth).replace(":", `${before}:`);
    assertEquals(m.fromJsonString(text(100), lenient), m.fromJson({}));
    for (const depth of [101, 120, 1000]) {
      assertThrows(() => m.fromJsonString(text(depth), lenient), JsonError, "nested more than");
    }
  }
  assertThrows(() => m.fromJson(JSON.parse(ignored(101)), lenient), JsonError, "nested more than 100 deep");
  const circle: Record<string, unknown> = {};
  circle["unknown"] = circle;
  assertThrows(() => m.fromJson({ circle }, lenient), JsonError, "nested more than 100 deep");
});

test("what is deep or large is refused, and no more", () => {
  const nested = (depth: number) => '{"inner":'.repeat(depth) + "{}" + "}".repeat(depth);
  m.fromJsonString(nested(100));
  assertThrows(() => m.fromJsonString(nested(101)), JsonError, "nested more than 100 deep");
  for (const text of ["[".repeat(1e6), '{"a":'.repeat(1e6), '{"list":['.repeat(1e5)]) {
    assertThrows(() => m.fromJsonString(text), JsonError, "nested more than");
  }
  const deep = JSON.parse("[".repeat(1000) + "]".repeat(1000));
  assertThrows(() => well.fromJson({ list: deep }), JsonError, "nested more than 100 deep");
  const circle: Record<string, unknown> = {};
  circle["inner"] = circle;
  assertThrows(() => m.toJson(circle), EncodeError, "is it a cycle?");
  assertThrows(() => m.fromJson(circle), JsonError, "nested more than");
  const error = assertThrows(() => m.fromJson({ list: [{}, {}, {}] }, { maxElements: 15 }), JsonError);
  assertEquals(error.exhausted, true);
  assertThrows(() => m.fromJson({ list: new Array(2e5).fill({}) }), JsonError, "more elements");
});

test("errors are short, however long keys and values are", () => {
  const long = "k".repeat(1e5);
  for (
    const json of [{ [long]: 1 }, { words: { [long]: 1 } }, { text: { [long]: 1 } }, { anInt: long }, {
      color: long,
    }]
  ) {
    const { message } = assertThrows(() => m.fromJson(json), JsonError);
    assert(message.length < 300, message);
    assertThrows(() => m.fromJsonString(`${JSON.stringify(json)}}`), JsonError);
  }
  const { message } = assertThrows(() => m.fromJson({ inner: { byLong: { [long]: {} } } }), JsonError);
  assert(message.startsWith('Cannot read JSON of t.M.inner.byLong["kkk'), message);
});

test("text that is no JSON is refused with its place", () => {
  const fails = (text: string, words: string) => assertThrows(() => m.fromJsonString(text), JsonError, words);
  fails("", "expected a value, found the end of the text (line 1, column 1)");
  fails("{", "expected a key, found the end of the text");
  fails('{"a" 1}', 'expected ":"');
  fails('{"anInt":1,}', "expected a key");
  fails('{"anInt":01}', 'expected "," or "}"');
  fails('{"list":[{},]}', "expected a value");
  fails('{"text":"\n"}', "without control characters");
  fails('{"text":"\\x"}', "known escapes");
  fails('{"text":"', "expected the end of a string");
  fails('{"text":"\\', "expected the end of a string");
  fails("{} x", "expected the end of the text");
  fails("{'a':1}", "expected a key");
  fails("nul", "expected a value");
  assertEquals(
    m.fromJsonString('{ "long" : 9007199254740993, "text":"\\u00e9\\n" }').long,
    9007199254740993n,
  );
  assertThrows(() => m.fromJsonString({} as never), TypeError, "expected text");
  for (const field of ["anInt", "text", "flag"]) {
    const error = assertThrows(() => m.fromJsonString(`{"${field}":90071992547409930}`), JsonError);
    assertEquals(/found (.*)$/.exec(error.message)?.[1], "90071992547409930"); // JSON has no "n" behind it
  }
});

test("a key that comes twice is seen however the text is written, and a text without one is read", () => {
  const any = '"any":{"@type":"x/t.M","text":"a"}';
  const hidden = [
    '{"text":"a","text" :"a"}',
    '{"text" :"a","text":"a"}',
    '{"text"\n:"a","text"\t:"a"}',
    '{"words":{"a":":","a":":"}}',
    '{"words":{"a":"x","\\u0061":"x"}}',
    '{"inner":{"maybe":1,"maybe":1},"text":"\\":"}',
    '{"list":[{"maybe":1},{"maybe":1,"maybe":2}]}',
  ];
  for (const text of hidden) assertThrows(() => m.fromJsonString(text), JsonError, "comes twice", text);
  for (
    const text of [
      `{${any},"flag":true,"flag":true,"flag":false}`,
      `{${any},"struct":{"a":1,"a":1,"b":[{"c":1,"c":2}]}}`,
      '{"value":{"a":1,"a":2}}',
      '{"any":{"@type":"x/google.protobuf.Struct","value":{"a":1,"a":2}}}',
    ]
  ) assertThrows(() => well.fromJsonString(text), JsonError, "comes twice", text);
  const ignoring = { ignoreUnknownFields: true };
  const other = '{"other":{"a":[{"b":1,"b":2}]},"text":"x"}';
  assertThrows(() => m.fromJsonString(other, ignoring), JsonError, "comes twice");
  assertEquals(m.fromJsonString('{"other":{"a":[{"b":1},{"b":2}]},"text":"x"}', ignoring).text, "x");
  assertEquals(m.fromJsonString('{"text":"\\":\\":", "words": {"a:b":":" , "c" : "\\":"}}').words, {
    "a:b": ":",
    c: '":',
  });
});

test("integers keep their digits wherever they stand", () => {
  for (const digits of ["9007199254740993", "18446744073709551615", "1234567890123456789"]) {
    for (
      const text of [
        `{"long":${digits}}`,
        `{"long": ${digits} }`,
        `{"long":\n${digits}}`,
        `{"long":"${digits}"}`,
      ]
    ) {
      assertEquals(m.fromJsonString(text).long, BigInt(digits), text);
    }
  }
  const { L } = parseProto(`syntax = "proto3"; message L { repeated sint64 l = 1; }`).messages;
  assertEquals(L!.fromJsonString('{"l":[-9007199254740993,9007199254740995, -9223372036854775808]}').l, [
    ...[-9007199254740993n, 9007199254740995n, -9223372036854775808n],
  ]);
  assertThrows(() => m.fromJsonString('{"long":18446744073709551616}'), JsonError, "an integer of uint64");
  const long = loaded.messages["google.protobuf.Int64Value"]!;
  for (const value of [9007199254740993n, 9223372036854775807n, -9223372036854775808n]) {
    assertEquals(long.fromJsonString(String(value)).value, value); // the number is all of the text
  }
});
