// Timestamps, durations and JSON values: made of what JavaScript has, sent, and made into it again.

import { assertEquals, assertThrows } from "@std/assert";
import { packAny, typeOfAny, unpackAny } from "../../../surface/proto/any.ts";
import { DecodeError } from "../../../surface/proto/errors.ts";
import type { Json } from "../../../surface/proto/json/json_value.ts";
import { createRegistry } from "../../../surface/proto/json/registry.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import {
  dateFromTimestamp,
  durationFromMs,
  fieldMaskFromJson,
  jsonFromFieldMask,
  jsonFromValue,
  msFromDuration,
  objectFromStruct,
  structFromObject,
  type Timestamp,
  timestampFromDate,
  valueFromJson,
} from "../../../surface/proto/well_known_values.ts";
import { test } from "../../harness.ts";

const { messages } = parseProto(`syntax = "proto3"; import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto"; import "google/protobuf/struct.proto";
message M { google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2; google.protobuf.Struct extra = 3; }`);
const codec = messages["M"]!;
const trip = (message: unknown) => codec.decode(codec.encode(message));

test("a Date is a Timestamp, before 1970 too", () => {
  for (
    const text of [
      "2026-11-25T12:34:56.789Z",
      "1970-01-01T00:00:00Z",
      "1969-12-31T23:59:59.001Z",
      "0001-01-01",
    ]
  ) {
    const date = new Date(text);
    const { at } = trip({ at: timestampFromDate(date) });
    assertEquals(at.nanos >= 0, true);
    assertEquals(dateFromTimestamp(at), date);
  }
  assertEquals(timestampFromDate(new Date(-1)), { seconds: -1n, nanos: 999_000_000 });
  assertThrows(() => timestampFromDate(new Date(NaN)), TypeError, "expected a valid Date");
  assertThrows(() => timestampFromDate(5 as unknown as Date), TypeError, "of 5: expected a valid Date");
  // Fields of 64 bits may be numbers or text; what no Date can be of is not the caller's fault.
  assertEquals(dateFromTimestamp({ seconds: "2" as unknown as bigint, nanos: 5_000_000 }), new Date(2005));
  assertEquals(Number.isNaN(dateFromTimestamp({ seconds: 1n << 60n, nanos: 0 }).getTime()), true);
  for (const rubbish of RUBBISH) {
    assertThrows(() => dateFromTimestamp(rubbish), TypeError, "expected a Timestamp, with seconds and nanos");
  }
});

/** No times. */
const RUBBISH = [
  undefined,
  null,
  5,
  new Date(),
  {},
  { seconds: 5n },
  { seconds: "x", nanos: 0 },
  { seconds: 5n, nanos: "0" },
] as unknown as Timestamp[];

test("milliseconds are a Duration, both of whose parts have its sign", () => {
  assertEquals(durationFromMs(1500.25), { seconds: 1n, nanos: 500_250_000 });
  assertEquals(durationFromMs(-1500), { seconds: -1n, nanos: -500_000_000 });
  for (const ms of [0, 1, -1, 999.999999, 86_400_000, -0.5]) {
    assertEquals(msFromDuration(trip({ took: durationFromMs(ms) }).took), ms);
  }
  // Rounding up must not make a second of nanoseconds.
  assertEquals(durationFromMs(1999.9999999), { seconds: 2n, nanos: 0 });
  for (const ms of [NaN, Infinity]) assertThrows(() => durationFromMs(ms), TypeError);
  for (const rubbish of RUBBISH) {
    assertThrows(() => msFromDuration(rubbish), TypeError, "expected a Duration, with seconds and nanos");
  }
});

test("an object of JSON is a Struct", () => {
  const object = { a: null, b: 1.5, c: "x", d: [true, [], { e: false }], f: {}, __proto__x: -0.5 };
  assertEquals(objectFromStruct(trip({ extra: structFromObject(object) }).extra), object);
  const odd = JSON.parse('{ "__proto__": { "a": 1 } }');
  const back = objectFromStruct(trip({ extra: structFromObject(odd) }).extra);
  assertEquals(JSON.stringify(back), JSON.stringify(odd));
  assertEquals(jsonFromValue({}), null);
  assertEquals(structFromObject({ a: undefined }), { fields: {} });
  for (const wrong of [new Map([["a", 1]]), new Date(), Promise.resolve({}), [], "x", null]) {
    assertThrows(() => structFromObject(wrong as never), TypeError, "Cannot make a Struct of");
  }
  for (const wrong of [NaN, [undefined], undefined, 1n, new Date(), () => 1, new Map()]) {
    assertThrows(() => valueFromJson(wrong as never), TypeError, "Cannot make a Value of");
  }
});

test("an object in itself is no Struct and no Value, and what a message may hold is", () => {
  const object: { [name: string]: Json } = {};
  object["self"] = object;
  const array: Json[] = [];
  array.push({ array });
  for (
    const attempt of [() => structFromObject(object), () => valueFromJson(object), () => valueFromJson(array)]
  ) {
    assertThrows(attempt, TypeError, "nested more than 100 deep (is it a cycle?)");
  }
  let deep: Json = 1;
  for (let i = 0; i < 100; i++) deep = i % 2 === 0 ? [deep] : { deep };
  assertEquals(jsonFromValue(valueFromJson(deep)), deep);
});

test("a FieldMask is its paths in lowerCamelCase", () => {
  assertEquals(fieldMaskFromJson("user.displayName,photo"), { paths: ["user.display_name", "photo"] });
  assertEquals(jsonFromFieldMask({ paths: ["user.display_name", "photo"] }), "user.displayName,photo");
  assertEquals(fieldMaskFromJson(""), { paths: [] });
  assertThrows(() => fieldMaskFromJson("a_b"), TypeError, "paths in lowerCamelCase");
  for (const path of ["aB", "a,b"]) {
    assertThrows(() => jsonFromFieldMask({ paths: [path] }), TypeError, "would not come back");
  }
});

test("an Any is packed by a codec, and unpacked by it or by a registry", () => {
  const { messages } = parseProto(
    `syntax = "proto3"; package p; message M { int32 n = 1; } message N { M m = 1; }`,
  );
  const [m, n] = [messages["p.M"]!, messages["p.N"]!];
  const any = packAny(m, { n: 5 });
  assertEquals(any, { typeUrl: "type.googleapis.com/p.M", value: Uint8Array.of(8, 5) });
  assertEquals(typeOfAny(any), "p.M");
  assertEquals(unpackAny(any, m), { n: 5 });
  assertEquals(unpackAny(any, n), undefined);
  assertEquals(unpackAny(any, createRegistry(m)), { codec: m, message: { n: 5 } });
  assertEquals(unpackAny(any, createRegistry(n)), undefined);
  assertEquals(packAny(m, {}, "x/").typeUrl, "x/p.M");
  assertThrows(() => unpackAny({ typeUrl: "p.M", value: Uint8Array.of(8) }, m), DecodeError);
});
