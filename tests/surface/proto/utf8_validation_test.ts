// Strings that are not UTF-8: refused where utf8_validation is VERIFY, and with U+FFFD in their place where it is NONE.

import { fromBinary, toJson } from "@bufbuild/protobuf";
import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../../surface/proto/errors.ts";
import { getExtension } from "../../../surface/proto/extension.ts";
import { loadDescriptors } from "../../../surface/proto/descriptor/load_descriptors.ts";
import type { JsonMessageCodec } from "../../../surface/proto/json/json_codec.ts";
import { parseProto } from "../../../surface/proto/parse.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { dump, interpreted } from "./compile/compare.ts";
import { importGenerated } from "./generate/generated.ts";
import { bothOf } from "./json/reference.ts";

const PROTO2 = `syntax = "proto2"; package t;
message M { optional string a = 1; repeated string b = 2; map<string, string> c = 3; oneof o { string d = 4; }
  repeated string far = 20; map<int32, string> e = 5; map<string, int32> f = 6; extensions 100 to 200; }
extend M { optional string more = 100; }`;

/** What is behind the tags: one of each field, none of them UTF-8. */
const BYTES = fromHex(
  "0a02c328 1201ff 12026180 12017a 1a060a01ff1201fe 2203e28262 2a0508011201ff 32050a01801005 a20101ff a20101fe",
);
const BAD = "\ufffd";
const READ = {
  a: `${BAD}(`,
  b: [BAD, `a${BAD}`, "z"],
  c: { [BAD]: BAD },
  d: `${BAD}b`,
  e: { 1: BAD },
  f: { [BAD]: 5 },
  far: [BAD, BAD],
};

test("strings of proto2 that are not UTF-8 are read with U+FFFD, by every kind of codec and by protobuf-es", async () => {
  const { ours, theirs } = bothOf(PROTO2);
  const compiled = ours("t.M");
  const generated = (await importGenerated({ "utf8.proto": PROTO2 })).M;
  for (const codec of [compiled, interpreted(compiled), generated]) {
    assertEquals({ ...codec.decode(BYTES) as object }, { ...READ, o: "d" });
    assertEquals(dump(codec.decode(BYTES)), dump(compiled.decode(BYTES)));
  }
  assertEquals(compiled.toJson(compiled.decode(BYTES)), READ);
  assertEquals(toJson(theirs("t.M"), fromBinary(theirs("t.M"), BYTES)), READ);
});

test("strings of every length that are not UTF-8 are read alike, wherever they lie in a message", () => {
  const { ours, theirs } = bothOf(PROTO2);
  const codec = ours("t.M");
  for (const length of [1, 2, 7, 8, 9, 24, 25, 48, 127, 128, 129, 250, 251, 512, 600]) {
    for (let strings = 0; strings < 6; strings++) {
      const bytes = codec.encode({ b: [...Array(strings).fill("before"), "x".repeat(length), "behind"] });
      const at = bytes.indexOf(120);
      for (const place of new Set([at, at + (length >> 1), at + length - 1])) {
        const bad = bytes.slice();
        bad[place] = 0xe2;
        const { b } = fromBinary(theirs("t.M"), bad) as unknown as { b: string[] };
        assertEquals(codec.decode(bad)["b"], b, `${length}, ${strings}`);
      }
    }
  }
});

test("an extension follows its own file, and editions say it of a file and of a field", () => {
  const { messages, extensions } = parseProto(PROTO2);
  const message = messages["t.M"]!.decode(fromHex("a20601ff"));
  assertEquals(getExtension(message, extensions["t.more"]!), BAD);
  const sources: [string, boolean, boolean][] = [
    [`syntax = "proto3"; message M { string a = 1; repeated string b = 2; }`, false, false],
    [`edition = "2023"; message M { string a = 1; repeated string b = 2; }`, false, false],
    [
      `edition = "2023"; option features.utf8_validation = NONE;
       message M { string a = 1; repeated string b = 2 [features.utf8_validation = VERIFY]; }`,
      true,
      false,
    ],
    [
      `edition = "2024"; message M { string a = 1; repeated string b = 2 [features.utf8_validation = NONE]; }`,
      false,
      true,
    ],
  ];
  for (const [source, ...takes] of sources) {
    const loaded = parseProto(`${source} service S { rpc Get(M) returns (M); }`);
    const { file } = loaded["S"] as unknown as { file: { bytes(): Uint8Array } };
    const described = loadDescriptors([file.bytes()]);
    for (const codec of [loaded.messages["M"]!, described.messages["M"]!] as JsonMessageCodec[]) {
      for (const each of [codec, interpreted(codec)]) {
        ["0a01ff", "1201ff"].forEach((hex, i) => {
          if (takes[i]) each.decode(fromHex(hex));
          else assertThrows(() => each.decode(fromHex(hex)), DecodeError, "not valid UTF-8", source);
        });
      }
    }
  }
});
