// Extensions: read, set and cleared among unknown fields, in messages, in message sets, and in JSON.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecodeError, EncodeError, JsonError } from "../../../surface/proto/errors.ts";
import {
  clearExtension,
  getExtension,
  hasExtension,
  setExtension,
} from "../../../surface/proto/extension.ts";
import { createRegistry } from "../../../surface/proto/json/registry.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { unknownFields } from "../../../surface/proto/unknown_fields.ts";
import { test } from "../../harness.ts";

const loaded = parseProto(`syntax = "proto2"; package t;
message Base { optional int32 own = 1; extensions 100 to max; }
message Whole {
  optional int32 own = 1; optional int32 number = 100; optional string text = 101; repeated int32 list = 102;
  repeated int32 packed = 103 [packed = true]; optional Part part = 104; repeated Part parts = 105;
  optional group Grouped = 106 { optional int32 n = 1; } optional Color color = 107; optional bytes raw = 108;
}
message Part { optional string name = 1; extend Base { optional Part inside = 109; } extensions 200 to 300; }
enum Color { RED = 1; BLUE = 2; }
extend Base {
  optional int32 number = 100; optional string text = 101 [default = "none"]; repeated int32 list = 102;
  repeated int32 packed = 103 [packed = true]; optional Part part = 104; repeated Part parts = 105;
  optional group Grouped = 106 { optional int32 n = 1; } optional Color color = 107; optional bytes raw = 108;
}
extend Part { optional int32 deep = 200; }
message Set { option message_set_wire_format = true; extensions 4 to max; }
message Item { extend Set { optional Item item = 1547769; } optional string s = 1; }
message Other { extend Set { optional Other other = 4; } optional int32 n = 1; }
message HoldsSet { optional Set set = 1; }`);
const { messages, extensions } = loaded;
const base = messages["t.Base"]!;
const whole = messages["t.Whole"]!;
const extension = (name: string) => extensions[`t.${name}`]!;

/** Values of every kind of extension, as fields of `Whole` would have them. */
const VALUES = {
  number: -5,
  text: "",
  list: [1, 2],
  packed: [3, 4],
  part: messages["t.Part"]!.fromJson({ name: "p" }),
  parts: [messages["t.Part"]!.fromJson({}), messages["t.Part"]!.fromJson({ name: "q" })],
  grouped: { n: 7 },
  color: "BLUE",
  raw: Uint8Array.of(1, 2),
};

test("extensions are on the wire what fields would be, both ways", () => {
  const message: Record<string, unknown> = { own: 1 };
  for (const [name, value] of Object.entries(VALUES)) setExtension(message, extension(name), value);
  const bytes = base.encode(message);
  assertEquals(bytes, whole.encode({ own: 1, ...VALUES }));
  const received = base.decode(bytes);
  for (const [name, value] of Object.entries(VALUES)) {
    assertEquals(hasExtension(received, extension(name)), true);
    assertEquals(getExtension(received, extension(name)), value, name);
  }
  assertEquals(base.encode(received), bytes);
});

test("absent ones are undefined, the declared default, or empty", () => {
  const message = base.decode(new Uint8Array(0));
  for (const name of Object.keys(VALUES)) assertEquals(hasExtension(message, extension(name)), false);
  assertEquals(getExtension(message, extension("number")), undefined);
  assertEquals(getExtension(message, extension("text")), "none");
  assertEquals(getExtension(message, extension("list")), []);
  assertEquals(getExtension(message, extensions["t.Part.inside"]!), undefined);
  setExtension(message, extension("text"), "none");
  assertEquals(hasExtension(message, extension("text")), true);
});

test("setting replaces one and leaves all others; clearing leaves none", () => {
  const message = base.decode(whole.encode({ number: 1, text: "x", list: [1, 2] }));
  setExtension(message, extension("list"), [3]);
  setExtension(message, extension("number"), 2);
  assertEquals(
    whole.decode(message[unknownFields]),
    whole.decode(whole.encode({ number: 2, text: "x", list: [3] })),
  );
  clearExtension(message, extension("text"));
  setExtension(message, extension("list"), []);
  assertEquals(whole.decode(message[unknownFields]), whole.decode(whole.encode({ number: 2 })));
  setExtension(message, extension("number"), undefined);
  assertEquals(unknownFields in message, false);
  clearExtension(message, extension("number"));
  assertThrows(
    () => setExtension(message, extension("number"), "x"),
    EncodeError,
    "Cannot encode t.number: expected",
  );
  assertThrows(
    () => setExtension(message, extension("part"), { nam: "x" }),
    EncodeError,
    "did you mean name",
  );
  assertEquals(unknownFields in message, false);
});

test("what is malformed under an extension's number can be replaced, and taken out", () => {
  const malformed = Uint8Array.of(0xaa, 6, 1, 0xff, 0xc2, 6, 1, 5); // no UTF-8 under 101, no message under 104
  const message: Record<PropertyKey, unknown> = { [unknownFields]: malformed };
  assertThrows(() => getExtension(message, extension("part")), DecodeError);
  setExtension(message, extension("text"), "x");
  clearExtension(message, extension("part"));
  assertEquals(getExtension(message, extension("text")), "x");
  assertEquals(message[unknownFields], Uint8Array.of(0xaa, 6, 1, 0x78));
});

test("extensions in extensions", () => {
  const part = { name: "p" };
  setExtension(part, extension("deep"), 9);
  const message = {};
  setExtension(message, extensions["t.Part.inside"]!, part);
  const found = getExtension(base.decode(base.encode(message)), extensions["t.Part.inside"]!);
  assertEquals(getExtension(found, extension("deep")), 9);
});

test("message sets: items of the set, in any order, beside others", () => {
  const [item, other] = [extensions["t.Item.item"]!, extensions["t.Other.other"]!];
  const set = {};
  setExtension(set, item, { s: "x" });
  setExtension(set, other, { n: 5 });
  const bytes = messages["t.HoldsSet"]!.encode({ set });
  // 1: { 1: { 2: 1547769 3: {1: "x"} } 1: { 2: 4 3: {1: 5} } }, the inner ones as groups
  assertEquals([...bytes], [10, 19, 11, 16, 249, 187, 94, 26, 3, 10, 1, 120, 12, 11, 16, 4, 26, 2, 8, 5, 12]);
  const received = messages["t.HoldsSet"]!.decode(bytes).set;
  assertEquals(getExtension(received, item).s, "x");
  assertEquals(getExtension(received, other).n, 5);
  clearExtension(received, item);
  assertEquals([hasExtension(received, item), hasExtension(received, other)], [false, true]);
  const turned = messages["t.Set"]!.decode(Uint8Array.of(11, 26, 2, 8, 6, 32, 1, 16, 4, 12));
  assertEquals(getExtension(turned, other).n, 6);
  const plain = messages["t.Set"]!.decode(Uint8Array.of(34, 2, 8, 7)); // 4: {1: 7}, without an item
  assertEquals([hasExtension(plain, other), getExtension(plain, other).n], [true, 7]);
  assertEquals(messages["t.Set"]!.toJson(plain), { "[t.Other.other]": { n: 7 } });
  clearExtension(plain, other);
  assertEquals(messages["t.Set"]!.encode(plain).length, 0);
  assertEquals(messages["t.HoldsSet"]!.toJson({ set }), {
    set: { "[t.Item.item]": { s: "x" }, "[t.Other.other]": { n: 5 } },
  });
});

test("a type of a message set whose number no tag has is not taken for the one whose tag is left of it", () => {
  const source = (...numbers: number[]) =>
    `syntax = "proto2"; message Set { option message_set_wire_format = true; extensions 4 to max; }
     message N { optional int32 n = 1; } extend Set { ${
      numbers.map((number, i) => `optional N e${i} = ${number};`).join(" ")
    } }`;
  const { messages, extensions } = parseProto(source(4, 4 + 2 ** 29, 2 ** 29, 2 ** 31 - 2));
  const set = messages["Set"]!.decode(Uint8Array.of(34, 2, 8, 7)); // 4: {1: 7}, without an item
  assertEquals(messages["Set"]!.toJson(set), { "[e0]": { n: 7 } });
  [1, 2, 3].forEach((n) => setExtension(set, extensions[`e${n}`]!, { n }));
  const read = messages["Set"]!.decode(messages["Set"]!.encode(set));
  const json = { "[e0]": { n: 7 }, "[e1]": { n: 1 }, "[e2]": { n: 2 }, "[e3]": { n: 3 } };
  assertEquals(messages["Set"]!.toJson(read), json);
  assertEquals(messages["Set"]!.toJson(messages["Set"]!.fromJson(json)), json);
  clearExtension(read, extensions["e1"]!);
  assertEquals([0, 1, 2, 3].map((i) => hasExtension(read, extensions[`e${i}`]!)), [true, false, true, true]);
});

test("a message set of many items is copied once, not for each of them", () => {
  const [item, other] = [extensions["t.Item.item"]!, extensions["t.Other.other"]!];
  const many = 400_000;
  const bytes = new Uint8Array(many * 6 + 4);
  for (let i = 0; i < many; i++) bytes.set([11, 16, 4, 26, 0, 12], i * 6);
  bytes.set([11, 16, 4, 12], many * 6); // an item without content
  const set = messages["t.Set"]!.decode(bytes);
  const begun = performance.now();
  assertEquals([hasExtension(set, item), getExtension(set, other).n], [false, undefined]);
  setExtension(set, item, { s: "x" });
  assertEquals(set[unknownFields].length, bytes.length + 11);
  clearExtension(set, other);
  assertEquals(messages["t.Set"]!.encode(set), Uint8Array.of(11, 16, 249, 187, 94, 26, 3, 10, 1, 120, 12));
  const took = performance.now() - begun;
  assert(took < 5_000, `${Math.round(took)} ms`); // each anew: a minute and more
  const empty = messages["t.Set"]!.decode(Uint8Array.of(11, 16, 4, 12));
  assertEquals([hasExtension(empty, other), hasExtension(empty, item)], [true, false]);
});

test("what is malformed in a message set is a DecodeError that names the extension", () => {
  const item = extensions["t.Item.item"]!;
  for (const octets of [[11, 16], [11, 16, 4], [0, 0]]) {
    const set = { [unknownFields]: Uint8Array.from(octets) };
    for (const use of [getExtension, hasExtension, clearExtension]) {
      assertThrows(() => use(set, item), DecodeError, "Cannot decode t.Item.item: ");
    }
    assertThrows(() => setExtension(set, item, { s: "x" }), DecodeError, `of ${octets.length})`);
    assertThrows(() => messages["t.Set"]!.toJson(set), EncodeError, "Cannot encode t.Set as JSON: ");
  }
});

test("extensions in JSON", () => {
  const json = {
    own: 1,
    "[t.number]": -5,
    "[t.text]": "",
    "[t.list]": [1, 2],
    "[t.part]": { name: "p", "[t.deep]": 3 },
    "[t.parts]": [{}, {}],
    "[t.grouped]": { n: 7 },
    "[t.color]": "BLUE",
    "[t.raw]": "AQI=",
    "[t.Part.inside]": {},
  };
  const message = base.fromJson(json);
  assertEquals(base.toJson(message), json);
  assertEquals(base.toJson(base.decode(base.encode(message))), json);
  assertEquals(getExtension(message, extension("color")), "BLUE");
  assertEquals(base.fromJson({ "[t.number]": null, "[t.list]": null }), base.fromJson({}));
  const refused = (json: unknown, words: string) => assertThrows(() => base.fromJson(json), JsonError, words);
  refused({ "[t.number]": "x" }, "Cannot read JSON of t.Base[t.number]: expected an integer of int32");
  refused({ "[t.deep]": 1 }, "t.Base has no such field");
  refused({ "[t.nothing]": 1 }, "t.Base has no such field");
  refused({ "t.number": 1 }, "no such field");
  // What no registry knows is not in JSON.
  assertEquals(base.toJson(message, { registry: createRegistry() }), { own: 1 });
  assertEquals(base.toJson(message, { registry: createRegistry(extension("number")) }), {
    own: 1,
    "[t.number]": -5,
  });
  assertThrows(() => base.fromJson(json, { registry: createRegistry() }), JsonError);
});

test("a registry has what all those have that it is made of, and of two the first", () => {
  const [number, text, list] = [extension("number"), extension("text"), extension("list")];
  const message = {};
  setExtension(message, number, 1);
  setExtension(message, text, "x");
  setExtension(message, list, [2]);
  const json = { "[t.number]": 1, "[t.text]": "x", "[t.list]": [2] };
  const registry = createRegistry(createRegistry(number), createRegistry(text), list);
  assertEquals(base.toJson(message, { registry }), json);
  assertEquals(getExtension(base.fromJson(json, { registry }), text), "x");
  const other = parseProto(`syntax = "proto2"; package t; message Part { optional int32 name = 1; }
    message Base { extensions 100 to 101; } extend Base { optional int32 amount = 100; optional int32 text = 101; }`);
  const same = createRegistry(createRegistry(loaded), other);
  assert(same.message("t.Part") === messages["t.Part"]);
  assert(same.extension("t.text") === text);
  assert(same.extension("t.amount") === other.extensions["t.amount"]);
  assert(same.extensionsOf("t.Base")?.get(100) === number);
  assert(createRegistry(other, loaded).extensionsOf("t.Base")?.get(100) === other.extensions["t.amount"]);
});

test("custom options, and a service named as what loading returns", () => {
  const { extensions, ...rest } = parseProto(`syntax = "proto3"; import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { string hint = 50000; }
message M { string s = 1 [(hint) = "x"]; } service extensions { rpc Get(M) returns (M); }`);
  assertEquals(extensions["hint"]!.extendee, "google.protobuf.FieldOptions");
  assertEquals(extensions["hint"]!.number, 50000);
  assert("extensions$" in rest);
  const options = rest.messages["google.protobuf.FieldOptions"]!.fromJson({
    "[hint]": "y",
    deprecated: true,
  });
  assertEquals(getExtension(options, extensions["hint"]!), "y");
});
