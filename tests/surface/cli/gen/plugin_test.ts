import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../../../.ci/runtimes.mjs";
import { parseProto } from "../../../../mod.ts";
import { runPlugin } from "../../../../surface/cli/gen/plugin.ts";
import { pluginMessages } from "../../../../surface/cli/gen/plugin_messages.ts";
import { fileDescriptorBytes } from "../../../../surface/proto/descriptor/write_file.ts";
import { generate } from "../../../../surface/proto/generate/generate.ts";
import { loadSources } from "../../../../surface/proto/load_sources.ts";
import { runtime, test } from "../../../harness.ts";
import { pollwire } from "../fake_terminal.ts";
import { withoutProtoc } from "../../proto/language/protoc.ts";

const FILES: Record<string, string> = {
  "shop/cart.proto": `edition = "2023";
package shop;
import "shop/item.proto";
import "google/protobuf/timestamp.proto";

// A cart.
message Cart {
  // What is in it.
  repeated Item items = 1;
  oneof owner {
    // By number.
    int64 user = 2;
    string guest = 3; // by name
  }
  map<string, Item.Kind> kinds = 4;
  google.protobuf.Timestamp since = 5 [deprecated = true];
  int32 count = 6 [features.field_presence = LEGACY_REQUIRED];
}

// What can be done with it.
service Carts {
  // Reads one.
  rpc Get(Cart) returns (stream Cart);
}
`,
  "shop/item.proto": `syntax = "proto2";
package shop;
message Item {
  // Of which kind.
  enum Kind {
    // None.
    NONE = 0;
    BOOK = 1;
  }
  optional Kind kind = 1 [default = BOOK];
  optional group Size = 2 { optional double width = 1; }
  extensions 100 to 199;
}
extend Item { optional string note = 100; }
`,
};

/** The files, and their descriptors as protoc orders them. */
async function loaded() {
  const read = (location: string) => Promise.resolve(FILES[location]);
  const { entries, errors } = await loadSources(Object.keys(FILES), { includeDirs: [""], read });
  assertEquals(errors, []);
  const order = [...entries].reverse();
  return { entries, descriptors: order.map(fileDescriptorBytes) };
}

/** Runs `body` in a folder of its own. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pollwire-plugin-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the plugin answers to a request. */
function ask(protoFile: readonly Uint8Array[], fileToGenerate: readonly string[], parameter = "") {
  const { request, response } = pluginMessages();
  return response.decode(runPlugin(request.encode({ fileToGenerate, parameter, protoFile })));
}

test("the plugin makes of descriptors what gen makes of their texts, but for comments", async () => {
  const { entries, descriptors } = await loaded();
  const answer = ask(descriptors, Object.keys(FILES));
  assertEquals([answer.error, answer.supportedFeatures], [undefined, 3n]);
  assertEquals([answer.minimumEdition, answer.maximumEdition], [998, 1001]);
  const withoutComments = (text: string) => text.replaceAll(/^ *\/\*\*[^]*?\*\/\n/gm, "");
  assertEquals(
    answer.file.map(({ name, content }) => [name, withoutComments(content)]),
    generate(entries).map(({ path, text }) => [path, withoutComments(text)]),
  );
  const one = ask(descriptors, ["shop/cart.proto"], "import-extension=js,no_json");
  assertEquals(one.file.map(({ name }) => name).slice(0, 1), ["shop/cart.ts"]);
  assertStringIncludes(one.file[0]!.content, 'from "./item.js"');
  assert(!one.file[0]!.content.includes("jsonMessageType"));
});

test("comments of a descriptor's SourceCodeInfo are those of its declarations", () => {
  const { messages } = parseProto(`
    syntax = "proto3"; package x;
    message F { string name = 1; string package = 2; repeated M message_type = 4; string syntax = 12; I source_code_info = 9; }
    message M { string name = 1; repeated D field = 2; }
    message D { string name = 1; int32 number = 3; int32 label = 4; int32 type = 5; }
    message I { repeated L location = 1; }
    message L { repeated int32 path = 1; repeated int32 span = 2; bytes leading_comments = 3; bytes trailing_comments = 4; }
  `);
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const latin1 = Uint8Array.from(" caf\xe9\n", (character) => character.charCodeAt(0)); // protoc takes it
  const descriptor = messages["x.F"]!.encode({
    name: "a.proto",
    package: "a",
    syntax: "proto3",
    messageType: [{ name: "A", field: [{ name: "b", number: 1, label: 1, type: 9 }] }],
    sourceCodeInfo: {
      location: [
        { path: [4, 0], leadingComments: utf8(" An A.\n\n Really.\n"), trailingComments: latin1 },
        { path: [4, 0, 2, 0], leadingComments: utf8(" Its b.\n"), trailingComments: utf8(" or not */\n") },
      ],
    },
  });
  const { content } = ask([descriptor], ["a.proto"]).file[0]!;
  assertStringIncludes(
    content,
    "/**\n * An A.\n *\n * Really.\n *\n * caf\ufffd\n */\nexport interface A extends WithUnknownFields {\n",
  );
  assertStringIncludes(content, "  /**\n   * Its b.\n   *\n   * or not *\\/\n   */\n  b: string;\n");
});

test("a module's URL may have what it likes behind its first =", async () => {
  const { descriptors } = await loaded();
  const { content } = ask(descriptors, ["shop/item.proto"], "runtime=https://esm.sh/pollwire?a=b&c=d")
    .file[0]!;
  assertStringIncludes(content, '} from "https://esm.sh/pollwire?a=b&c=d";');
});

test("what is wrong with files or parameter is the response's error", async () => {
  const { descriptors } = await loaded();
  const names = Object.keys(FILES);
  assertEquals(ask(descriptors, names, "no-jsn").error, "There is no option no-jsn; did you mean no-json?");
  assertEquals(
    ask(descriptors, names, "import-extension=cjs").error,
    "Cannot read import-extension=cjs: expected one of ts, js, none",
  );
  const missing = ask(descriptors.slice(1), ["shop/cart.proto"]).error!;
  assertStringIncludes(missing, 'Cannot import "shop/item.proto": it is not among the descriptors');
  assertEquals(
    ask(descriptors, ["x.proto"]).error,
    "Cannot generate of x.proto: the request has no such file",
  );
});

test("whoever types the plugin's name reads what it is, though nothing is on its stdin", () => {
  const main = fileURLToPath(new URL("../../../../surface/cli/protoc_plugin.ts", import.meta.url));
  const [command, ...before] = runtimeCommand(runtime);
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, [...before, main, ...args], {
      input: "",
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  const help = run("--help");
  assertEquals([help.status, help.stderr], [0, ""]);
  assertStringIncludes(help.stdout, "is a plugin: protoc or buf runs it");
  assertEquals(run("--version").stdout.startsWith("protoc-gen-pollwire "), true);
  const wrong = run("a.proto");
  assertEquals([wrong.status, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, 'there is no argument "a.proto"');
});

test("protoc with protoc-gen-pollwire writes what pollwire gen writes", () =>
  withFolder(async (folder) => {
    const main = fileURLToPath(new URL("../../../../surface/cli/protoc_plugin.ts", import.meta.url));
    const plugin = `${folder}/protoc-gen-pollwire`;
    writeFileSync(plugin, `#!/bin/sh\nexec ${[...runtimeCommand(runtime), main].join(" ")}\n`);
    chmodSync(plugin, 0o755);
    mkdirSync(`${folder}/shop`);
    mkdirSync(`${folder}/by_protoc`);
    // protoc knows editions from 27 on.
    const cart = FILES["shop/cart.proto"]!.replace('edition = "2023"', 'syntax = "proto2"')
      .replaceAll(/^ {2}(int32 count|google)/gm, "  optional $1").replace(
        " [features.field_presence = LEGACY_REQUIRED]",
        "",
      );
    writeFileSync(`${folder}/shop/cart.proto`, cart);
    writeFileSync(`${folder}/shop/item.proto`, FILES["shop/item.proto"]!);
    const names = Object.keys(FILES);
    const run = spawnSync(
      process.env["POLLWIRE_PROTOC"] || "protoc",
      [`--plugin=${plugin}`, "--pollwire_out=int64=string:by_protoc", "-I.", ...names],
      { cwd: folder, encoding: "utf8" },
    );
    assertEquals([run.status, run.stderr], [0, ""]);
    const paths = names.map((name) => `${folder}/${name}`);
    const given = ["gen", ...paths, "-I", folder, "-o", `${folder}/by_gen`, "--int64=string"];
    assertEquals((await pollwire(given)).code, 0);
    for (const name of ["shop/cart.ts", "shop/item.ts", "google/protobuf/timestamp.ts"]) {
      const [theirs, ours] = ["by_protoc", "by_gen"].map((place) =>
        readFileSync(`${folder}/${place}/${name}`, "utf8")
      );
      assertEquals(theirs, ours);
    }
  }), { skip: process.platform === "win32" ? "a plugin is a shell script here" : withoutProtoc });
