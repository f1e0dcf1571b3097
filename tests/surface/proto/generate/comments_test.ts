// Comments of .proto files, and where they end up.

import { assert, assertEquals } from "@std/assert";
import { FileComments } from "../../../../surface/proto/language/comments.ts";
import { test } from "../../../harness.ts";
import { generateText, generateTexts, linked } from "./generated.ts";

/** Leading and trailing comments of every declaration in `text`, by full name, where there are any. */
function commentsOf(text: string): Record<string, [leading: string, trailing: string]> {
  const [file] = linked({ "test.proto": text });
  const comments = new FileComments(file!);
  const found: Record<string, [string, string]> = {};
  for (const { fullName, nameAt } of file!.declared) {
    const { leading, trailing } = comments.of(nameAt);
    if (leading !== "" || trailing !== "") found[fullName] = [leading, trailing];
  }
  return found;
}

test("comments are whose protoc says they are", () => {
  // The example of descriptor.proto, SourceCodeInfo.Location.
  const text = `syntax = "proto2";
message M { // Comment attached to M.
  optional int32 foo = 1;  // Comment attached to foo.
  // Comment attached to bar.
  optional int32 bar = 2;

  optional string baz = 3;
  // Comment attached to baz.
  // Another line attached to baz.

  // Comment attached to moo.
  //
  // Another line attached to moo.
  optional double moo = 4;

  // Detached comment for corge. This is not leading or trailing comments
  // to moo or corge because there are blank lines separating it from
  // both.

  // Detached comment for corge paragraph 2.

  optional string corge = 5;
  /* Block comment attached
   * to corge.  Leading asterisks
   * will be removed. */
  /* Block comment attached to
   * grault. */
  optional int32 grault = 6;

  // ignored detached comments.
}`;
  assertEquals(commentsOf(text), {
    "M": ["", "Comment attached to M."],
    "M.foo": ["", "Comment attached to foo."],
    "M.bar": ["Comment attached to bar.", ""],
    "M.baz": ["", "Comment attached to baz.\nAnother line attached to baz."],
    "M.moo": ["Comment attached to moo.\n\nAnother line attached to moo.", ""],
    "M.corge": ["", "Block comment attached\nto corge.  Leading asterisks\nwill be removed."],
    "M.grault": ["Block comment attached to\ngrault.", ""],
  });
});

test("comments are found around options with values of every kind, and marks within strings are none", () => {
  const text = `syntax = "proto3"; package t;
import "google/protobuf/descriptor.proto";
// Of the extension.
extend google.protobuf.FieldOptions {
  /** Of opt. */
  Opt opt = 50000;
}
message Opt { string a = 1; Opt b = 2; }
/**
 * Of E.
 *
 *   indented
 */
enum E {
  // Of A.
  A = 0; // behind A
  B = 1 [deprecated = true]; /* behind B */ // and no more of it
}
// Of M.
message M {
  // Of one.
  string one = 1 [(opt) = { a: "// no { comment" b { a: "x" } }]; // behind one
  // Of two.
  oneof two {
    // Of three.
    int32 three = 3;
  }
  // Of map.
  map<string, M> map = 4;
}
// Of S.
service S {
  // Of Get.
  rpc Get(M) returns (M) {
    option deprecated = true; // behind the option
  }
  // Of Put.
  rpc Put(stream M) returns (M); // behind Put
}`;
  const found = commentsOf(text);
  assertEquals(found["t.opt"], ["Of opt.", ""]);
  assertEquals(found["t.E"], ["Of E.\n\n  indented", ""]);
  assertEquals(found["t.A"], ["Of A.", "behind A"]);
  assertEquals(found["t.B"], ["", "behind B"]);
  assertEquals(found["t.M.one"], ["Of one.", "behind one"]);
  assertEquals([found["t.M.two"]![0], found["t.M.three"]![0]], ["Of two.", "Of three."]);
  assertEquals(found["t.M.map"], ["Of map.", ""]);
  assertEquals(found["t.S.Get"], ["Of Get.", ""]);
  assertEquals(found["t.S.Put"], ["Of Put.", "behind Put"]);
});

test("a comment that ends a block, or stands before another of its kind, is not that of what follows", () => {
  const text = `/* A license. */
// A message.
syntax = "proto3";
message M {
  /* Of M. */
  // Of a.
  int32 a = 1; /* Of b. */ int32 b = 2;
} // end of M
enum E {
  /* Of E. */ /* Of Z. */
  Z = 0;
} /* end of E */
/* A service,
   of no methods. */
service S {}`;
  assertEquals(commentsOf(text), {
    "M": ["", "Of M."],
    "M.a": ["Of a.", ""],
    "M.b": ["Of b.", ""],
    "E": ["", "Of E."],
    "Z": ["Of Z.", ""],
    "S": ["A service,\nof no methods.", ""],
  });
});

test("comments become JSDoc, with what is deprecated", () => {
  const text = generateText(`syntax = "proto3";
// A message.
//
// Of two paragraphs, and */ in it.
message M {
  string a = 1; // Behind a.
  // Above b.
  string b = 2 [deprecated = true]; // Behind b.
  string c = 3 [deprecated = true];
  // Which?
  oneof kind {
    int32 d = 4; // A number.
  }
}
// Colors.
enum E { /* None. */ NONE = 0; }
// A service.
service S {
  // A method.
  rpc Get(M) returns (M);
}`);
  for (
    const part of [
      "/**\n * A message.\n *\n * Of two paragraphs, and *\\/ in it.\n */\nexport type M =",
      " */\nexport const M: ",
      "/** A service. */\nexport const S: ",
      "    /** Behind a. */\n    a: string;\n",
      "    /**\n     * Above b.\n     *\n     * Behind b.\n     *\n     * @deprecated\n     */\n    b: string;\n",
      "    /** @deprecated */\n    c: string;\n",
      '  /** Which? */\n  & OneOf<"kind", {\n    /** A number. */\n    d: number;\n',
      "/** Colors. */\nexport type E =",
      "  /** None. */\n  NONE:",
      "/** A service. */\nexport interface S {\n  /** A method. */\n  get:",
    ]
  ) assert(text.includes(part), `${part}\n--- is not in\n${text.slice(0, 1800)}`);
});

test("a path neither ends nor breaks the comments that it stands in", () => {
  const files = { "a*/b\n\u2028c.proto": 'syntax = "proto3"; message M {}' };
  const [full, types] = [false, true].map((typesOnly) => generateTexts(files, { typesOnly })[0]!.text);
  const head = "// Generated by pollwire gen of a*\\/b__c.proto: changes to it are lost.\n";
  assert(full!.startsWith(head), full);
  assert(types!.includes(" makes of a*\\/b__c.proto. */\n"), types);
});
