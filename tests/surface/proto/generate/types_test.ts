// Generated code is in order to TypeScript's strictest, and its types say what they should: tsc and `deno check`, once each.

import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { program } from "../../../../.ci/runtimes.mjs";
import { runtime, test } from "../../../harness.ts";
import type { GenerateOptions } from "../../../../surface/proto/generate/options.ts";
import { generateTexts } from "./generated.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");

/** Names that JavaScript, TypeScript and generated code have themselves, and names that come to one. */
const COLLISIONS = `syntax = "proto3"; package collisions;
${
  [
    "string",
    "any",
    "Object",
    "Promise",
    "String",
    "Map",
    "Array",
    "Uint8Array",
    "Math",
    "codec",
    "r",
    "m",
    "skip",
  ]
    .concat([
      "MessageType",
      "JsonMessageType",
      "MessageInit",
      "OneOf",
      "Reader",
      "Writer",
      "FieldSchema",
      "ServiceOf",
    ])
    .concat(["UnaryMethod", "Extension", "class", "undefined", "bad", "file", "Record"])
    .concat(["unique", "satisfies"])
    .map((name) =>
      `message ${name} { ${name} self = 1; repeated ${name} list = 2; map<string, ${name}> map = 3; }`
    )
    .join("\n")
}
message Outer { message Inner {} enum Kind { K = 0; __proto__ = 1; constructor = 2; } Inner inner = 1; Kind kind = 2; }
message Outer_Inner { string toString = 1; int32 __proto__ = 2; int32 hasOwnProperty = 3; bool constructor = 4; }
enum Outer_Kind { L = 0; }
message Many { oneof a { int32 a1 = 1; int32 a2 = 2; int32 a3 = 3; } oneof b { int32 b1 = 4; int32 b2 = 5; int32 b3 = 6; }
  oneof c { int32 c1 = 7; int32 c2 = 8; int32 c3 = 9; } oneof d { int32 d1 = 10; int32 d2 = 11; int32 d3 = 12; }
  oneof e { Many e1 = 13; int32 e2 = 14; } map<bool, double> flags = 15; map<int64, bytes> longs = 16; }
service Service { rpc constructor(Outer) returns (Outer); rpc Then(stream Outer) returns (stream Outer_Inner); }
service Each { rpc HasOwnProperty(Outer) returns (Outer); rpc is_prototype_of(stream Outer) returns (Outer); }
message Digits { int32 _1a = 1; string _01 = 2; bool _1e5 = 3; oneof _2b { Digits _3c = 4; int32 _ = 5; } }
service Digit { rpc _1a(Digits) returns (Digits); rpc _01(Digits) returns (Digits); rpc _(Digits) returns (Digits); }
service Empty {}`;

/** The same names from another file, where they stand beside the variables of functions; and a file that is no identifier. */
const IMPORTED = `syntax = "proto3"; package imported; import "collisions.proto"; import "2024-01.proto";
message User { collisions.r r = 1; collisions.m m = 2; repeated collisions.string e = 3; map<int32, collisions.Object> k = 4;
  collisions.Outer.Kind v = 5; collisions.skip w = 6; collisions.Outer_Inner i = 7; }`;

/** Enums that are called as the file's own, and a message that is called as what the runtime has for an earlier one. */
const BESIDE = `syntax = "proto3"; package beside; import "collisions.proto";
enum Outer_Kind { A = 0; } enum Outer { B = 0; }
message First { collisions.Outer_Kind kind = 1; repeated Outer_Kind own = 2; collisions.Outer.Kind inner = 3; Outer outer = 4;
  oneof either { int32 a = 5; int32 b = 6; } }
message Second { collisions.OneOf one = 1; collisions.Outer outer = 2; }`;

/** Messages whose functions TypeScript does not follow. */
const LARGE = `syntax = "proto3"; message Fields { ${numbered(400, (i) => `repeated Fields f${i} = ${i};`)} }
  message Members { oneof kind { ${numbered(300, (i) => `Fields m${i} = ${i};`)} } }`;

function numbered(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i + 1)).join(" ");
}

const COLLIDING = {
  "collisions.proto": COLLISIONS,
  "imported.proto": IMPORTED,
  "beside.proto": BESIDE,
  "2024-01.proto": 'syntax = "proto3"; message Dated {} service Dates { rpc Get(Dated) returns (Dated); }',
};

const CONFIG = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedDeclarations: true,
};

const ENTRIES = {
  "pollwire": `${root}mod.ts`,
  "pollwire/generated": `${root}surface/proto/generated.ts`,
};

/** A folder with generated files of every kind, and one that uses them. */
function writeAll(folder: string): void {
  const types = { "types.proto": fixture("types.proto"), "closed.proto": fixture("closed.proto") };
  const write = (under: string, texts: Record<string, string>, options: GenerateOptions) => {
    for (const { path, text } of generateTexts(texts, options)) {
      mkdirSync(dirname(join(folder, under, path)), { recursive: true });
      writeFileSync(join(folder, under, path), text);
    }
  };
  write(".", types, {});
  write("loaded", types, { typesOnly: true });
  write("plain", { ...types, ...COLLIDING }, {
    json: false,
    descriptors: false,
    int64: "number",
  });
  write("text", { ...COLLIDING, "large.proto": LARGE }, { int64: "string" });
  write("loaded", { ...COLLIDING, "large.proto": LARGE }, { typesOnly: true });
  writeFileSync(join(folder, "use.ts"), fixture("use.ts"));
  const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, [path]]));
  const compilerOptions = {
    ...CONFIG,
    ...{ target: "ES2024", module: "ESNext", moduleResolution: "Bundler", declaration: true, noEmit: true },
    ...{
      lib: ["ES2024", "DOM", "ESNext.Disposable"],
      types: ["node"],
      typeRoots: [`${root}node_modules/@types`],
    },
    ...{ allowImportingTsExtensions: true, skipLibCheck: true, erasableSyntaxOnly: true, paths },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  writeFileSync(join(folder, "deno.json"), JSON.stringify({ imports: ENTRIES, compilerOptions: CONFIG }));
}

/** What Deno checks: without `use.ts`, for which it would check the whole library again. */
const CHECKED = ["types.ts", "closed.ts", "plain", "text", "loaded"];

/** What a compiler says of the files in `folder`; it says other things of the library, which has other settings. */
function complaints(folder: string, name: "tsc" | "deno", args: string[]): string[] {
  const { stdout, stderr } = spawnSync(program(name), args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const lines = `${stdout}${stderr}`.split("\n");
  return lines.filter((line) => name === "tsc" ? /^[^.\s][^(]*\.ts\(/.test(line) : line.includes(folder));
}

test("generated code and its types are in order to tsc and deno check, with every check there is", () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "types-"));
  try {
    writeAll(folder);
    writeFileSync(
      join(folder, "wrong.ts"),
      'import { Part } from "./types.ts";\nPart.encode({ name: 1 });\n',
    );
    const found = complaints(folder, "tsc", ["-p", "."]);
    assertEquals(found.map((line) => line.split(":")[0]), ["wrong.ts(2,15)"], found.join("\n"));
    assertEquals(complaints(folder, "deno", ["check", "--quiet", ...CHECKED]), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, {
  skip: runtime === "bun" ? "the compilers are the same whoever runs them" : undefined,
});
