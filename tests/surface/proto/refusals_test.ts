// What encoding refuses because the schema does not have it: keys, objects of other kinds, oneofs of other libraries.

import { assertEquals, assertThrows } from "@std/assert";
import { EncodeError } from "../../../surface/proto/errors.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { unknownFields } from "../../../surface/proto/unknown_fields.ts";
import { toHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

const { messages } = parseProto(`syntax = "proto3"; package chat.v1;
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
message Message {
  string name = 1; google.protobuf.Timestamp sent_at = 2; google.protobuf.Struct extra = 3; Message child = 4;
  repeated Message parts = 5; map<string, Message> by_name = 6; map<string, string> labels = 7; bytes body = 8;
  oneof kind { string text = 9; Message quote = 10; }
  google.protobuf.Duration took = 11; google.protobuf.StringValue note = 12; google.protobuf.Value any_value = 13;
  float ratio = 14;
}
message Empty {}
message Point { int32 x = 1; int32 y = 2; }
message Wide { ${Array.from({ length: 30 }, (_, i) => `int32 field_${i} = ${i + 1};`).join(" ")} }`);
const codec = messages["chat.v1.Message"]!;
const point = messages["chat.v1.Point"]!;

class Thenable {
  then() {}
}

test("a key that is no field is refused, by type and name, with the field that was meant", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ nmae: "x" }, "Cannot encode chat.v1.Message.nmae: no such field; did you mean name?"],
    [{ sent_at: {} }, "Cannot encode chat.v1.Message.sent_at: no such field; did you mean sentAt?"],
    [{ Name: "x" }, "did you mean name?"],
    [{ name: "x", child: { parts: [{ naem: "y" }] } }, "Message.naem: no such field; did you mean name?"],
    [
      { byName: { a: { n: 1 } } },
      "Cannot encode chat.v1.Message.n: no such field; there are name, sentAt, extra,",
    ],
    [{ text: "x", qoute: {} }, "did you mean quote?"],
    [{ name: "x", toString: () => "x" }, "chat.v1.Message.toString: no such field"],
    [{ name: "x", $typeName: "chat.v1.Message" }, "this is a message of protobuf-es"],
    [{ extra: { a: 1 } }, "google.protobuf.Struct.a: no such field; structFromObject(object) makes one"],
    [{ 0: "x" }, "chat.v1.Message.0: no such field"],
    [JSON.parse('{ "__proto__": 1 }'), "chat.v1.Message.__proto__: no such field"],
  ];
  for (const [message, says] of cases) assertThrows(() => codec.encode(message), EncodeError, says);
  assertThrows(() => messages["chat.v1.Empty"]!.encode({ a: 1 }), EncodeError, "chat.v1.Empty has none");
  const wide = { field29: 1, field0: 2, field3: 4 };
  assertEquals(messages["chat.v1.Wide"]!.decode(messages["chat.v1.Wide"]!.encode(wide)).field29, 1);
  assertThrows(
    () => messages["chat.v1.Wide"]!.encode({ ...wide, field30: 1 }),
    EncodeError,
    "chat.v1.Wide.field30: no such field; did you mean field0?",
  );
});

test("the order of keys says nothing, and a key that comes late is looked at too", () => {
  assertEquals(toHex(point.encode({ y: 2, x: 1 })), "08011002");
  for (const extra of [{ z: 1, x: 1, y: 2 }, { x: 1, z: 1, y: 2 }, { y: 2, x: 1, z: 1 }]) {
    assertThrows(() => point.encode(extra), EncodeError, "chat.v1.Point.z: no such field");
  }
});

test("a key whose value is undefined or null says nothing; symbols are no keys", () => {
  assertEquals(toHex(point.encode({ x: 1, z: undefined, w: null, [Symbol("z")]: 1 })), "0801");
  assertEquals(toHex(point.encode(Object.assign(Object.create({ z: 1 }), { x: 1 }))), "0801"); // nor what is inherited
});

test("what is no message is refused, and how a well-known one is made", () => {
  const date = new Date("2026-11-25");
  const cases: [Record<string, unknown>, string][] = [
    [
      { sentAt: date },
      "Cannot encode chat.v1.Message.sent_at: expected an object of google.protobuf.Timestamp, " +
      "found an object of Date; timestampFromDate(date) makes one",
    ],
    [{ sentAt: 1_700_000_000 }, "found 1700000000; timestampFromDate(date) makes one"],
    [{ took: 5 }, "durationFromMs(ms) makes one"],
    [
      { note: "x" },
      'expected an object of google.protobuf.StringValue, found "x"; a StringValue is { value: ... }',
    ],
    [{ anyValue: "x" }, "valueFromJson(value) makes one"],
    [{ extra: new Map([["a", 1]]) }, "found an object of Map; structFromObject(object) makes one"],
    [
      { child: Promise.resolve({}) },
      "chat.v1.Message.child: expected an object of chat.v1.Message, found a promise",
    ],
    [{ child: new Thenable() }, "found a promise (is an await missing?)"],
    [{ child: new Map([["name", "x"]]) }, "found an object of Map"],
    [{ child: new Set() }, "found an object of Set"],
    [{ child: new Uint8Array(0) }, "found an object of Uint8Array"],
    [{ child: [] }, "found an array of 0"],
    [{ child: /x/ }, "found an object of RegExp"],
    [{ child: new Error("x") }, "found an object of Error"],
    [{ child: new String("x") }, "found an object of String"],
    [{ child: new Headers() }, "found an object of Headers"],
    [{ child: () => ({}) }, "found a function"],
    [
      { parts: [{}, new Date()] },
      "chat.v1.Message.parts: expected an object of chat.v1.Message, found an object of Date",
    ],
    [{ parts: new Set([{}]) }, "expected an array, found an object of Set"],
    [{ parts: { length: 1, 0: {} } }, "expected an array, found an object of Object"],
    [
      { byName: { a: new Date() } },
      "chat.v1.Message.by_name: expected an object of chat.v1.Message, found an object of Date",
    ],
    [{ labels: new Set(["a"]) }, "chat.v1.Message.labels: expected an object or Map, found an object of Set"],
    [{ labels: Promise.resolve({}) }, "expected an object or Map, found a promise"],
    [{ labels: new Date() }, "expected an object or Map, found an object of Date"],
    [{ labels: new URLSearchParams("a=b") }, "expected an object or Map, found an object of URLSearchParams"],
    [{ labels: [["a", "b"]] }, "expected an object or Map, found an array of 1"],
    [{ body: new Uint16Array(2) }, "expected a Uint8Array, found an object of Uint16Array"],
    [{ body: new ArrayBuffer(2) }, "expected a Uint8Array, found an object of ArrayBuffer"],
    [
      { quote: Promise.resolve({}) },
      "chat.v1.Message.quote: expected an object of chat.v1.Message, found a promise",
    ],
    [{ ratio: 1e300 }, "chat.v1.Message.ratio: expected a number within the range of float, found 1e+300"],
    [{ [unknownFields]: [1] }, "expected a Uint8Array under unknownFields, found an array of 1"],
  ];
  for (const [message, says] of cases) assertThrows(() => codec.encode(message), EncodeError, says);
  for (const value of [date, Promise.resolve({}), new Map(), [], new Uint8Array(0), new Thenable()]) {
    assertThrows(
      () => codec.encode(value),
      EncodeError,
      "Cannot encode chat.v1.Message: expected an object, found",
    );
    assertThrows(() => messages["chat.v1.Empty"]!.encode(value), EncodeError, "expected an object, found");
  }
  for (const ratio of [Infinity, -Infinity, NaN, 3.4028234663852886e38]) codec.encode({ ratio });
});

test("a oneof that names a member which is not set, or is an object as in protobuf-es, is refused", () => {
  const cases: [Record<string, unknown>, string][] = [
    [
      { kind: { case: "text", value: "x" } },
      "chat.v1.Message.kind: expected the name of the member that is set (text, quote), found an object of Object; set the member itself, as in { text: ... }",
    ],
    [{ kind: "text" }, 'Cannot encode chat.v1.Message.kind: it says "text", but text is not set'],
    [{ kind: "txt" }, 'expected the name of the member that is set (text, quote), found "txt"'],
  ];
  for (const [message, says] of cases) assertThrows(() => codec.encode(message), EncodeError, says);
  assertEquals(codec.decode(codec.encode({ kind: "text", text: "" })).kind, "text");
  for (const kind of [undefined, null]) assertEquals(codec.encode({ kind }).length, 0);
  // Members alone count: a decoded message may be changed without its `kind`.
  const changed = { ...codec.decode(codec.encode({ text: "x" })), text: undefined, quote: { name: "y" } };
  assertEquals(codec.decode(codec.encode(changed)).kind, "quote");
});

test("closed enums have no numbers without a name, open ones do", () => {
  const { messages } = parseProto(`edition = "2023"; enum Open { ZERO = 0; }
    enum Closed { option features.enum_type = CLOSED; UNO = 1; } message M { Open open = 1; Closed closed = 2; }`);
  const M = messages["M"]!;
  assertEquals(toHex(M.encode({ open: 9, closed: 1 })), "08091001");
  assertThrows(
    () => M.encode({ closed: 9 }),
    EncodeError,
    "expected the name or number of a Closed, found 9",
  );
});

class Shape {
  x = 1;
  #y = 2;
  get y() {
    return this.#y;
  }
  get size() {
    return 3;
  }
  grow() {}
}

class Named extends Shape {
  override x = 5;
}

test("an instance of a class counts with its own properties and the getters that are fields", () => {
  assertEquals(toHex(point.encode(new Shape())), "08011002");
  assertEquals(toHex(point.encode(new Named())), "08051002");
  assertEquals(toHex(point.encode(Object.assign(Object.create(null), { x: 1 }))), "0801");
  class Empty {}
  assertEquals(messages["chat.v1.Empty"]!.encode(new Empty()).length, 0);
  class Other {
    z = 1;
  }
  assertThrows(() => point.encode(new Other()), EncodeError, "chat.v1.Point.z: no such field");
  const kept = Object.assign(new Shape(), { [unknownFields]: Uint8Array.of(0x78, 1) });
  assertEquals(toHex(point.encode(kept)), "080110027801");
});

test("what an instance inherits as a value is a default and is not sent: messages of protobufjs", () => {
  const { messages } = parseProto(
    `syntax = "proto2"; message P { optional int32 x = 1; optional int32 y = 2; }`,
  );
  function Message(this: object) {}
  Object.assign(Message.prototype, { x: 0, y: 7 });
  const message = Object.assign(new (Message as unknown as new () => Record<string, number>)(), { y: 1 });
  assertEquals(toHex(messages["P"]!.encode(message)), "1001");
});

test("a message with declared defaults is plain, also where a field is called constructor", () => {
  const { messages } = parseProto(`syntax = "proto2"; message C {
    optional string constructor = 1 [default = "c"]; optional bytes b = 2 [default = "b"]; optional int32 n = 3 [default = 3]; }`);
  const C = messages["C"]!;
  for (
    const message of [{}, { constructor: "x" }, { n: 5 }, { constructor: "c", b: Uint8Array.of(1), n: 0 }]
  ) {
    const bytes = C.encode(message);
    assertEquals(C.encode(C.decode(bytes)), bytes);
    assertEquals(Object.keys(C.decode(bytes)), Object.keys(message));
  }
  assertEquals(C.decode(new Uint8Array(0)).constructor, "c");
});
