// JSON of generated types: what those of loadProto make of it, with a registry that is given.

import { assertEquals, assertThrows } from "@std/assert";
import { JsonError } from "../../../../surface/proto/errors.ts";
import type { JsonCodec } from "../../../../surface/proto/json/json_codec.ts";
import { createRegistry } from "../../../../surface/proto/json/registry.ts";
import { getExtension, parseProto } from "../../../../surface/proto/mod.ts";
import { test } from "../../../harness.ts";
import { importGenerated } from "../generate/generated.ts";

const TEXT = `edition = "2023"; package g;
import "google/protobuf/any.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
enum Color { NONE = 0; RED = 1; }
message G {
  string renamed = 1 [json_name = "@odd"]; int64 _lead_word = 2; google.protobuf.Any any = 3; google.protobuf.Value value = 4;
  google.protobuf.Timestamp at = 5; map<int32, Color> colors = 6; repeated G list = 7 [features.message_encoding = DELIMITED];
  oneof kind { bytes raw = 8; double real = 9; } int32 with_default = 10 [default = 5]; bool plain = 11 [features.field_presence = IMPLICIT];
  extensions 100 to 200;
}
extend G { G more = 100; repeated Color many = 101; string text = 102 [default = "none"]; }`;

const JSON_VALUES = [
  {},
  { "@odd": "x", LeadWord: "-5", plain: true, colors: { "1": "RED", "-2": "NONE" } },
  { renamed: "x", _lead_word: 7, withDefault: 6, with_default: null, list: [{}, { raw: "AQ==" }] },
  { any: { "@type": "t/g.G", real: "NaN", any: { "@type": "t/g.G" } }, value: [null, { a: 1 }] },
  { at: "2024-02-29T00:00:00Z", "[g.more]": { "[g.many]": ["RED", 0] }, "[g.text]": "" },
  { any: { "@type": "t/g.H" } },
  { list: [{ "@odd": 1 }] },
  { raw: "", real: 1 },
  { "[g.other]": 1 },
  { at: 5 },
];

test("generated types read and write JSON as loaded ones do", async () => {
  const loaded = parseProto(TEXT);
  const generated = await importGenerated({ "g.proto": TEXT });
  const [g, ours] = [generated.G as JsonCodec, loaded.messages["g.G"]!];
  const registry = createRegistry(generated.G, generated.more, generated.many, generated.text);
  for (const json of JSON_VALUES) {
    let expected;
    try {
      expected = ours.fromJson(json);
    } catch (error) {
      assertThrows(() => g.fromJson(json, { registry }), JsonError, (error as Error).message);
      continue;
    }
    const message = g.fromJson(json, { registry });
    assertEquals({ ...message }, { ...expected });
    assertEquals(Object.keys(message), Object.keys(expected));
    assertEquals(g.encode(message), ours.encode(expected));
    for (const options of [{}, { emitDefaults: true, originalNames: true, enumsAsIntegers: true }]) {
      assertEquals(g.toJson(message, { ...options, registry }), ours.toJson(expected, options));
    }
    assertEquals(g.fromJsonString(g.toJsonString(message, { registry }), { registry }), message);
  }
  const { more, many } = generated;
  const found = getExtension(g.fromJson(JSON_VALUES[4], { registry }), more) as object;
  assertEquals(getExtension(found, many), ["RED", "NONE"]);
});

test("generated types know no other types unless they are given a registry", async () => {
  const { G } = await importGenerated({ "g2.proto": TEXT });
  assertThrows(() => G.fromJson(JSON_VALUES[3]), JsonError, '"t/g.G" is not in the registry');
  assertThrows(() => G.fromJson(JSON_VALUES[4]), JsonError, "g.G has no such field");
});
