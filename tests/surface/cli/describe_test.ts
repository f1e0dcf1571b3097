import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseProto } from "../../../mod.ts";
import { protoSchema } from "../../../surface/cli/schema/files_schema.ts";
import { protoText } from "../../../surface/cli/schema/proto_text.ts";
import { descriptorCodecs } from "../../../surface/proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../../surface/proto/descriptor/link_descriptors.ts";
import { near } from "../../../surface/cli/schema/schema.ts";
import { styleOf } from "../../../surface/cli/text.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { withFolder } from "./gen/own_folder.ts";
import { SHOP_PROTO } from "./shop.ts";

const plain = styleOf(new FakeTerminal().out);

test("list prints services, methods of one, and with --long their types", async () => {
  assertEquals(await pollwire(["list", "--proto", SHOP_PROTO]), { code: 0, out: "shop.v1.Cart\n", err: "" });
  const methods = await pollwire(["list", "-proto", SHOP_PROTO, "shop.v1.Cart"]);
  assertEquals(
    methods.out,
    ["Get", "List", "Add", "Chat", "Old"].map((one) => `shop.v1.Cart/${one}\n`).join(""),
  );
  const long = await pollwire(["list", "localhost:1", "shop.v1.Cart", "-l", "-proto", SHOP_PROTO]);
  assertEquals(long.out.split("\n").slice(0, 3), [
    "shop.v1.Cart",
    "  METHOD  REQUEST      RESPONSE",
    "  Get     GetRequest   Item",
  ]);
});

test("describe prints what a symbol is, and with --all what it needs", async () => {
  const one = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.v1.Cart/List"]);
  assertEquals(one.out, "// shop.v1.Cart.List, shop.proto\nrpc List(GetRequest) returns (stream Item);\n");
  const { out } = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.v1.Cart.Get", "--all"]);
  for (const name of ["shop.v1.GetRequest", "shop.v1.Item", "shop.v1.Kind", "google.protobuf.Timestamp"]) {
    assertStringIncludes(out, `\n// ${name}, `);
  }
  const value = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.v1.KIND_BOOK"]);
  assertEquals(value.out, "// shop.v1.KIND_BOOK, shop.proto\nKIND_BOOK = 1;\n");
});

test("what describe prints of a file is a .proto file that means the same", async () => {
  const { out } = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.proto"]);
  const printed = parseProto(out);
  assertEquals(Object.keys(printed.messages).filter((name) => name.startsWith("shop.")).sort(), [
    "shop.v1.GetRequest",
    "shop.v1.Item",
    "shop.v1.Total",
  ]);
  const item = { id: "a", price: 5n, kind: "KIND_BOOK", tags: ["x"], counts: { a: 1 }, text: "t", weight: 0 };
  const { messages } = (await (await protoSchema([SHOP_PROTO], [], new FakeTerminal())).types())!;
  assertEquals(printed.messages["shop.v1.Item"]!.encode(item), messages["shop.v1.Item"]!.encode(item));
  assertEquals(printed["shop.v1.Cart"]!.methods["chat"]!.kind, "bidiStreaming");
});

test("everything the language has is printed so that it can be read again", async () => {
  const texts = [
    `syntax = "proto2";
package a.b;
import "google/protobuf/descriptor.proto";
message M {
  required int32 x = 1 [default = -5];
  optional string s = 2 [default = "a\\"b", json_name = "ess"];
  optional bytes y = 3 [default = "\\001\\377z"];
  optional E e = 4 [default = TWO];
  repeated int32 p = 5 [packed = true];
  optional group G = 6 {
    optional M m = 1;
  }
  optional double inf = 7 [default = inf];
  optional double zero = 8 [default = -0.0];
  message Inner {
    optional E e = 1;
  }
  extensions 100 to 199, 1000 to max;
  reserved 50, 60 to 69;
  reserved "gone";
}
enum E {
  option allow_alias = true;
  ONE = 1;
  TWO = 2 [deprecated = true];
  ZWEI = 2;
}
extend M {
  optional Inner2 extra = 100;
}
extend M {
  optional group Extra2 = 101 {
    extensions 1;
    extend Extra2 {
      optional group Inner3 = 1 {}
    }
  }
}
message Inner2 {}
`,
    `syntax = "proto3";
package w;
service S {
  rpc Echo(.w.Echo) returns (stream .w.stream);
}
message string {
  .w.string string = 1;
  repeated .w.stream reserved = 2;
  map<int32, .w.string> map = 3;
}
message stream {}
message Echo {
  Echo echo = 1;
}
`,
    `edition = "2024";
package d;
export message M {
  local enum E {
    Z = 0;
  }
}
`,
    `edition = "2023";
package c;
import "google/protobuf/descriptor.proto";
option java_package = "com.\\"c\\"";
option features.enum_type = CLOSED;
option (c.file).least = -inf;
option (c.file).name = "\\302\\205\\377";
option (c.file).name = "é";
option (c.file).inner = { level: 1 level: -2 kind: ONE };
option (c.file).inner = {};
option (c.file).level = 3;
extend google.protobuf.FileOptions {
  Options file = 50000;
}
message Options {
  float least = 1;
  repeated string name = 2 [features.utf8_validation = NONE];
  repeated Options.Inner inner = 3;
  repeated int32 level = 4 [features.repeated_field_encoding = EXPANDED];
  message Inner {
    repeated int32 level = 1;
    Kind kind = 2;
  }
}
enum Kind {
  ONE = 1;
}
message Nested {
  .c.Nested.Nested one = 1;
  .c.Nested.Nested.Other two = 2;
  .c.Options three = 3;
  message Nested {
    .c.Nested outer = 1;
    message Other {}
  }
  message Options {
    extensions 1 to 3 [verification = UNVERIFIED];
    extensions 4, 8 to max;
  }
}
message M {
  int32 x = 1 [features.field_presence = IMPLICIT];
  map<int64, M> m = 2;
  oneof o {
    string a = 3;
    M b = 4;
  }
  reserved gone;
}
`,
  ];
  for (const text of texts) {
    const terminal = new FakeTerminal();
    terminal.readFile = () => Promise.resolve(new TextEncoder().encode(text));
    const schema = await protoSchema(["x.proto"], [], terminal);
    const file = (await schema.find("x.proto"))!;
    const printed = `${protoText(file, plain).join("\n")}\n`;
    terminal.readFile = () => Promise.resolve(new TextEncoder().encode(printed));
    const again = (await (await protoSchema(["x.proto"], [], terminal)).find("x.proto"))!;
    assertEquals(protoText(again, plain).join("\n"), printed.trimEnd());
    for (const line of text.split("\n")) assertStringIncludes(printed, line.trim(), printed);
  }
});

test("options are printed by names that mean the same in the file's package", async () => {
  const terminal = new FakeTerminal();
  const rules = ["File", "Message", "ExtensionRange"]
    .map((kind) => `extend google.protobuf.${kind}Options { optional Rule ${kind} = 50000; }`);
  const files: Record<string, string> = {
    "rules.proto": `syntax = "proto2"; package rules; import "google/protobuf/descriptor.proto";
      message Rule { optional int32 least = 1; extensions 2; } extend Rule { optional int32 most = 2; } ${
      rules.join(" ")
    }`,
    "x.proto": `syntax = "proto2"; package acme.rules; import "rules.proto"; option (.rules.File).least = 1;
      message M { option (.rules.Message).(.rules.most) = 2; extensions 1 [(.rules.ExtensionRange).least = 3]; }`,
  };
  terminal.readFile = (path) => Promise.resolve(new TextEncoder().encode(files[path]));
  const printed = async () =>
    protoText((await (await protoSchema(["x.proto"], [], terminal)).find("x.proto"))!, plain).join("\n");
  const once = files["x.proto"] = await printed();
  for (const option of ["(.rules.File).least = 1", "(.rules.Message).(.rules.most) = 2"]) {
    assertStringIncludes(once, option);
  }
  assertEquals(await printed(), once);
});

test("comments of declarations are printed with them, without what would move the cursor", async () => {
  const terminal = new FakeTerminal();
  const text = `syntax = "proto3"; package c;
    // A \x1b[2Jservice.
    // Of two lines.
    service S { // trailing
      rpc A(M) returns (M); // behind
    }
    message M {}
  `;
  terminal.readFile = () => Promise.resolve(new TextEncoder().encode(text));
  const { out } = await pollwire(["describe", "--proto", "c.proto", "c.S"], terminal);
  assertEquals(out.split("\n").slice(1, -1), [
    "// A \\x1b[2Jservice.",
    "// Of two lines.",
    "service S {  // trailing",
    "  rpc A(M) returns (M);  // behind",
    "}",
  ]);
});

test("reserved names of descriptors, which may be anything, are no more than text to a terminal", () => {
  for (const editions of [{ syntax: "proto3" }, { syntax: "editions", edition: 1000 }]) {
    const reservedName = ["a\x1b[2J", "b\x9b\u202e", "c"];
    const descriptor = descriptorCodecs().file.encode({
      name: "x.proto",
      messageType: [{ name: "M", reservedName }],
      ...editions,
    });
    const bare = "edition" in editions ? "c" : '"c"';
    assertEquals(protoText(linkDescriptors([descriptor])[0]!.messages[0]!, plain), [
      "message M {",
      `  reserved "a\\u001b[2J", "b\\302\\233\\342\\200\\256", ${bare};`,
      "}",
    ]);
  }
});

test("an unknown symbol is refused with the nearest, also where only the package is wrong", async () => {
  const { code, out, err } = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.v2.Itm"]);
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, `There is no symbol "shop.v2.Itm" in ${SHOP_PROTO}; did you mean shop.v1.Item?`);
  assertEquals(near("Cart", ["shop.v1.Cart", "shop.v1.Cat"]), "; did you mean shop.v1.Cart?");
  const service = await pollwire(["list", "--proto", SHOP_PROTO, "Cart"]);
  assertStringIncludes(service.err, "did you mean shop.v1.Cart?");
});

test("--msg-template prints JSON with every field, which the message takes", async () => {
  const { out } = await pollwire(["describe", "--proto", SHOP_PROTO, "shop.v1.Item", "--msg-template"]);
  const json = out.slice(out.indexOf("\n{") + 1);
  const parsed = JSON.parse(json);
  assertEquals(Object.keys(parsed), [
    "id",
    "price",
    "blob",
    "kind",
    "tags",
    "soldAt",
    "counts",
    "text",
    "weight",
  ]);
  const { messages } = await (await protoSchema([SHOP_PROTO], [], new FakeTerminal())).types();
  assertEquals(messages["shop.v1.Item"]!.fromJsonString(json).kind, "KIND_UNSPECIFIED");
});

test("--msg-template has a key of every map that its type takes", () =>
  withFolder(async (folder) => {
    const path = `${folder}/maps.proto`;
    writeFileSync(
      path,
      `syntax = "proto3"; message Maps {
         map<bool, string> a = 1; map<int32, bool> b = 2; map<uint64, bytes> c = 3; map<string, Maps> d = 4; }`,
    );
    const { out } = await pollwire(["describe", "--proto", path, "Maps", "--msg-template"]);
    const { messages } = await (await protoSchema([path], [], new FakeTerminal())).types();
    const { a, b, c, d } = messages["Maps"]!.fromJsonString(out.slice(out.indexOf("\n{") + 1));
    assertEquals([a, b, Object.keys(c), Object.keys(d)], [{ false: "" }, { 0: false }, ["0"], [""]]);
  }));

test(".proto files that are wrong or missing are refused with every error and its place", async () => {
  const missing = await pollwire(["list", "--proto", "no_such.proto"]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err, 'Cannot load "no_such.proto": no such file');
  const folder = await pollwire(["list", "--proto", dirname(SHOP_PROTO)]);
  assertEquals([folder.code, folder.out], [1, ""]);
  assertStringIncludes(folder.err, `${dirname(SHOP_PROTO)}: it is a folder; give each .proto file in it`);
  const terminal = new FakeTerminal();
  terminal.readFile = () =>
    Promise.resolve(new TextEncoder().encode('syntax = "proto3";\nmessage M {\n  A a = 1;\n  B b = 2;\n}\n'));
  const wrong = await pollwire(["list", "--proto", "x.proto"], terminal);
  assert(wrong.err.includes('x.proto:3:3: "A"') && wrong.err.includes('x.proto:4:3: "B"'), wrong.err);
});

test("without TARGET and files the command line is wrong", async () => {
  const { code, err } = await pollwire(["list"]);
  assertEquals(code, 2);
  assertStringIncludes(err, "TARGET is missing");
});

test("a .proto file is read once: what a pipe has is gone then", async () => {
  const terminal = new FakeTerminal();
  const pipe = ['syntax = "proto3"; service Piped {}'];
  terminal.readFile = () => Promise.resolve(new TextEncoder().encode(pipe.shift() ?? ""));
  const { code, out } = await pollwire(["list", "--proto", "/dev/fd/63"], terminal);
  assertEquals([code, out], [0, "Piped\n"]);
});

test("an empty -I is the current directory, as to protoc, and not the system's root", async () => {
  const terminal = new FakeTerminal();
  const looked: string[] = [];
  terminal.readFile = (path) => {
    looked.push(path);
    return Promise.reject(Object.assign(new Error("there is none"), { code: "ENOENT" }));
  };
  assertEquals((await pollwire(["list", "--proto", "no.proto", "-I", "", "-I", "d"], terminal)).code, 1);
  assertEquals(looked, ["no.proto", "d/no.proto"]);
});
