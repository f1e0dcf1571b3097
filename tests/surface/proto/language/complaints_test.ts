// What protoc refuses is refused with its words, at its line and column.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ProtoError } from "../../../../surface/proto/errors.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { test } from "../../../harness.ts";
import { COMPLAINTS } from "./complaints.ts";
import { isNewer, protocVersion, withoutProtoc, withProtoc } from "./protoc.ts";

function complaintOf(text: string): string {
  return assertThrows(() => parseProto(text, "foo.proto"), ProtoError, undefined, text).message;
}

test("complaints name the place and say what protoc says", () => {
  for (const [text, place, words] of COMPLAINTS) {
    assertEquals(complaintOf(text), `foo.proto:${place}: ${words}`, text);
  }
});

test("protoc itself complains of the same at the same place", () => {
  withProtoc((protoc) => {
    const different: string[] = [];
    for (const [text, place, words, whose] of COMPLAINTS) {
      if (whose === "ours" || (whose === "newer" && !isNewer)) continue;
      const theirs = String(protoc.compile({ "foo.proto": text }, "foo.proto"));
      const found = /^foo\.proto:(\d+:\d+): ([^]*)$/.exec(theirs);
      // The words are compared with the version they are taken from: others say some things otherwise.
      const same = found?.[1] === place && (isNewer || words.startsWith(found[2]!));
      if (!same) {
        different.push(`${JSON.stringify(text)}: ${place} ${words}; protoc ${protocVersion}: ${theirs}`);
      }
    }
    assertEquals(different.filter((line) => !isNewer || !NO_PLACE.test(line)), []);
  });
}, { skip: withoutProtoc, timeoutMs: 180_000 });

/** What newer versions of protoc say without a place. */
const NO_PLACE = /protoc \d+: foo\.proto: |Field numbers 19000/;

test("a byte order mark counts as the three bytes it is", () => {
  assertEquals(
    complaintOf("\ufeffmesage M {}"),
    'foo.proto:1:4: Expected top-level statement (e.g. "message")',
  );
});

test("messages nest 31 deep, and no value of an option deeper than 100", () => {
  const nested = (depth: number, begin: string, end: string) => begin.repeat(depth) + end.repeat(depth);
  parseProto(nested(31, "message M {", "}"));
  assertMatch(complaintOf(nested(32, "message M {", "}")), /:1:342: Reached maximum recursion limit/);
  const group = (depth: number) =>
    `message M { ${nested(depth, "optional group G = 1 {", "}")} }`.replaceAll("}}", "} }");
  parseProto(group(30));
  assertMatch(complaintOf(group(31)), /Reached maximum recursion limit/);
  const option = (depth: number) =>
    `import "google/protobuf/descriptor.proto"; message O { optional O o = 1; repeated O many = 2; }
    extend google.protobuf.MessageOptions { optional O o = 50000; }
    message M { option (o) = {${nested(depth, "o {", "}")}}; }`;
  parseProto(option(100));
  parseProto(option(1).replace("{o {}}", `{${"many {} ".repeat(200)}}`));
  assertMatch(complaintOf(option(101)), /Message is too deep/);
  assertMatch(complaintOf(option(100_000)), /Message is too deep/);
});

test("what the text format may hold is read to its end", () => {
  parseProto(`import "google/protobuf/descriptor.proto"; import "google/protobuf/any.proto";
    message O { optional int32 i = 1; repeated string s = 2; optional O o = 3; optional double d = 4; optional bool b = 5;
      optional group Grp = 6 { optional int32 x = 1; } optional google.protobuf.Any any = 7; repeated O many = 8;
      extensions 100 to 200; reserved "old"; }
    extend O { optional int32 ext = 100; }
    extend google.protobuf.MessageOptions { optional O opt = 50000; repeated int32 nums = 50001; }
    message M {
      option (opt) = { i: 0x1F, s: "a" 'b'; s: ["c" "d", "e"] o < d: -inf b: t, Grp { x: 1 } > # up to the end of the line
        old: { anything: [1, { x: "y" }] } old: "text" "more" old: -5 [ext]: 5
        any { [type.googleapis.com/O] { i: 1 } } many: [{ i: 1 }, < i: 2 >] many {} };
      option (nums) = 1; option (nums) = 2;
    }
    message N { option (opt).o.o.i = 1; option (opt).o.i = 2; option (opt).(ext) = 3; option (gone).what = { ever [ < }; }`);
});
