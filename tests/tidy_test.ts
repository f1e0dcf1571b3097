// Style that matters is a test: the rules of docs/STYLE.md and docs/ARCHITECTURE.md, held against every file.
import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { test } from "./harness.ts";
import { importCircles } from "./tidy/circles.ts";
import { docLint, docLintOfAdapter, throwsInProse } from "./tidy/doc_lint.ts";
import { documented } from "./tidy/documented.ts";
import { engineShapes } from "./tidy/engines.ts";
import {
  finished,
  header,
  imports,
  isLibrary,
  pointers,
  portable,
  push,
  type Rule,
  runtimes,
  sansIo,
  silence,
  sizes,
  styles,
} from "./tidy/rules.ts";
import { readSource } from "./tidy/source.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Everything that may lie at the top. */
const TOP_LEVEL = new Set([
  ...["mod.ts", "pollers", "transport", "surface", "tests", "bench", "examples", "docs", ".ci"],
  ...[
    "deno.json",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ".github",
    "LICENSE",
    ".gitignore",
  ],
]);

/** What a working copy has besides; .gitignore names it. */
const UNTRACKED = /^(?:\.git|node_modules|dist|.*\.log|.*\.tgz|.*\.cpuprofile)$/;

const MOST_MEDIAN_LINES = 150;

const files = [...TOP_LEVEL].filter((name) => existsSync(root + name)).flatMap(filesUnder);
const sources = files.filter((path) => /\.(?:ts|mjs)$/.test(path) && !path.endsWith(".d.ts"))
  .map((path) => readSource(path, read(path)));

function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

function filesUnder(path: string): string[] {
  if (!statSync(root + path).isDirectory()) return [path];
  return readdirSync(root + path).map((name) => `${path}/${name}`).filter((inner) =>
    inner !== "bench/results"
  )
    .flatMap(filesUnder);
}

interface Case {
  readonly rule: Rule;
  readonly says: string;
  /** A path, and a text that breaks the rule there. */
  readonly bad: ReadonlyArray<readonly [path: string, text: string]>;
  /** What looks alike and is right. */
  readonly good: ReadonlyArray<readonly [path: string, text: string]>;
}

const CASES: readonly Case[] = [
  {
    rule: imports,
    says: "imports go one way",
    bad: [
      ["pollers/x.ts", 'import { a } from "../transport/mod.ts";'],
      ["transport/x.ts", 'export * from "../surface/mod.ts";'],
      ["transport/x.ts", 'const m = await import("../surface/mod.ts");'],
      ["surface/x.ts", 'import { Channel } from "../mod.ts";'],
      ["surface/x.ts", 'import { test } from "../tests/harness.ts";'],
      ["surface/x.ts", 'import fs from "node:fs";'],
      ["surface/cli/run.ts", 'import process from "node:process";'],
      ["surface/x.ts", 'import { run } from "./cli/run.ts";'],
      ["pollers/native/x.ts", 'import http2 from "node:http2";'],
      ["surface/x.ts", 'import * as grpc from "@grpc/grpc-js";'],
      ["surface/x.ts", 'import protobuf from "protobufjs";'],
      ["surface/x.ts", 'import { create } from "@bufbuild/protobuf";'],
      ["surface/adapters/protobuf_es/x.ts", 'import { Code } from "@connectrpc/connect";'],
      ["surface/x.ts", 'import { a } from "./adapters/connect/mod.ts";'],
      ["transport/http2/x.ts", 'import { parse } from "../../pollers/contract/address.ts";'],
      ["transport/hpack/x.ts", 'import { run } from "../driver.ts";'],
      ["surface/x.ts", 'import { ErrorCode } from "../transport/http2/error.ts";'],
      ["pollers/contract/x.ts", 'import type { Loop } from "../core/base_engine.ts";'],
    ],
    good: [
      ["surface/x.ts", 'import { a } from "../transport/mod.ts";'],
      ["transport/http2/x.ts", 'import { HeaderList } from "../hpack/header_list.ts";'],
      ["transport/http2/x.ts", 'import type { Instant } from "../../pollers/contract/engine.ts";'],
      ["pollers/contract/x.ts", 'import { defaultReporter } from "../log/application.ts";'],
      ["pollers/native/x.ts", 'import net from "node:net";'],
      ["surface/cli/process_terminal.ts", 'import process from "node:process";'],
      ["surface/cli/commands/x.ts", 'import { run } from "../run.ts";'],
      ["surface/adapters/connect/x.ts", 'import { anyPack } from "@bufbuild/protobuf/wkt";'],
      ["surface/adapters/connect/x.ts", 'import { a } from "../protobuf_es/mod.ts";'],
      ["pollers/x.ts", '// import { a } from "../transport/mod.ts";\nconst s = "see ../transport/mod.ts";'],
      ["tests/x.ts", 'import { a } from "../mod.ts";'],
    ],
  },
  {
    rule: runtimes,
    says: "runtimes are named in pollers/native and pollers/ffi alone",
    bad: [
      ["surface/x.ts", "const files = Deno.readTextFile;"],
      ["transport/x.ts", 'const isBun = "Bun" in globalThis;'],
      ["pollers/core/x.ts", "const v = process.env.X;"],
      ["surface/x.ts", "globalThis.process?.exit(1);"],
      ["surface/x.ts", "const s = `${Bun.version}`;"],
      ["surface/x.ts", 'const fs = load("node:fs");'],
      ["surface/cli/run.ts", "process.exit(1);"],
    ],
    good: [
      ["pollers/native/x.ts", "Deno.listen({ port: 0 });"],
      ["surface/x.ts", "// Deno and Bun differ\nthis.process(1); const BunLike = 'on Bun it differs';"],
    ],
  },
  {
    rule: sansIo,
    says: "transport/http2 and transport/hpack are sans-IO",
    bad: [
      ["transport/http2/x.ts", "setTimeout(f, 1);"],
      ["transport/http2/x.ts", "async function f() {}"],
      ["transport/hpack/x.ts", "const p: Promise<void> = q;"],
      ["transport/http2/x.ts", "const t = Date.now();"],
      ["transport/http2/x.ts", "const t = performance.now();"],
      ["transport/http2/x.ts", "const r = Math.random();"],
    ],
    good: [
      ["transport/driver.ts", "const t = Date.now();"],
      ["transport/http2/x.ts", "// a Promise, later\nconst updateDate = Math.max(1, 2);"],
    ],
  },
  {
    rule: push,
    says: "nothing waits for a promise between a call and the wire",
    bad: [
      ["surface/client/x.ts", "async function f() {}"],
      ["surface/call/x.ts", "const p: Promise<void> = q;"],
      ["transport/x.ts", "f().then(g);"],
    ],
    good: [
      ["surface/promise/x.ts", "async function f() {}"],
      ["surface/channel/channel.ts", "stateChange(): Promise<void> {}"],
      ["surface/server/x.ts", "// a Promise, elsewhere\nconst thenBy = 1;"],
    ],
  },
  {
    rule: styles,
    says: "API styles stand beside each other, on the call",
    bad: [
      ["surface/queue/x.ts", 'import { a } from "../promise/client.ts";'],
      ["surface/reactor/x.ts", 'import type { A } from "../queue/batch.ts";'],
      ["surface/channel/x.ts", 'import { createClient } from "../promise/client.ts";'],
    ],
    good: [
      ["surface/queue/x.ts", 'import { ClientCall } from "../client/client_call.ts";'],
      ["surface/server/service.ts", 'import { promiseStyle } from "../promise/server_calls.ts";'],
      ["surface/x.ts", 'import { createClient } from "./promise/client.ts";'],
    ],
  },
  {
    rule: silence,
    says: "library code prints nothing but what it logs",
    bad: [["surface/x.ts", "if (a) console.log(a);"], ["pollers/log/x.ts", "console.error(1);"]],
    good: [
      ["pollers/log/logger.ts", "console.error(1);"],
      ["bench/x.ts", "console.log(1);"],
      ["surface/x.ts", '/** console.log(1) */ const s = "console";'],
    ],
  },
  {
    rule: sizes,
    says: "files and functions are short",
    bad: [
      ["surface/x.ts", "\n".repeat(600) + "x"],
      ["surface/x.ts", `function f(): { a: number } {${"\n".repeat(70)}}`],
      [
        "surface/x.ts",
        `class A {\n  m<T>(a: (b: T) => void): Promise<Map<T, { c: 1 }>> {${"\n".repeat(70)}}\n}`,
      ],
      ["surface/x.ts", `const f = async (a = {}) => {${"\n".repeat(70)}};`],
      ["surface/x.ts", `const s = "}"; // }\nfunction f() {\n const r = /[}/]}/;${"\n".repeat(70)}}`],
    ],
    good: [
      ["surface/static_table.ts", "\n".repeat(700) + "x"],
      [
        "surface/x.ts",
        `interface A {\n f(a: number): void;\n${"\n".repeat(90)}}\nif (a) {${"\n".repeat(90)}}`,
      ],
      ["surface/x.ts", `function f() {${"\n".repeat(69)}}`],
    ],
  },
  {
    rule: header,
    says: "a file begins by saying what it is for",
    bad: [["surface/x.ts", 'import { a } from "./a.ts";'], ["tests/x.ts", "\n// late"], ["tests/x.ts", "//"]],
    good: [["surface/x.ts", "// What it is for."], ["mod.ts", "/**\n * What it is for.\n */"]],
  },
  {
    rule: finished,
    says: "nothing is left for later",
    bad: [
      ["surface/x.ts", `// ${"TO" + "DO"}: more`],
      ["docs/x.ts", `const a = "${"not " + "implemented"}";`],
      ["surface/x.ts", `/* ${"place" + "holder"} */`],
    ],
    good: [["surface/x.ts", "// the method to do it"]],
  },
  {
    rule: pointers,
    says: "a comment on an inherited member says what differs",
    bad: [
      ["surface/x.ts", "class A {\n  /** See the contract. */\n  read(): void {\n  }\n}"],
      ["surface/x.ts", "class A {\n  /** See {@linkcode B}. */\n  override readonly a = 1;\n}"],
    ],
    good: [
      ["surface/x.ts", "class A {\n  /** See `B`. */\n  constructor(b: B) {\n  }\n}"],
      ["surface/x.ts", "class A {\n  /** Reads what is there. */\n  read(): void {\n  }\n}"],
      ["surface/x.ts", "interface A {\n  /** See `B`. */\n  read(): void;\n}"],
    ],
  },
  {
    rule: documented,
    says: "what is exported has JSDoc",
    bad: [
      ["surface/x.ts", "export function f() {}"],
      ["surface/x.ts", "// a comment\nexport const a = 1;"],
      ["surface/x.ts", "/** Doc. */\nconst b = 1;\nexport type A = string;"],
      ["surface/x.ts", "/** Doc. */\nexport class A {\n  m(): void {}\n}"],
      ["surface/x.ts", "/** Doc. */\nexport class A<T = {}> {\n  get m(): T {\n    return x;\n  }\n}"],
      ["surface/x.ts", "/** Doc. */\nexport interface A {\n  m(): void;\n}"],
    ],
    good: [
      [
        "surface/x.ts",
        "/** Doc. */\nexport function f(a: 1): 1;\nexport function f(a: number): number {\n  return a;\n}",
      ],
      ["surface/x.ts", "/** Doc. */\n// deno-lint-ignore no-explicit-any\nexport type A = any;"],
      [
        "surface/x.ts",
        "/** Doc. */\nexport class A {\n  /** Doc. */\n  m(): void {\n    f();\n  }\n  private n() {}\n}",
      ],
      ["surface/x.ts", "function f() {}\nexport { f } from './f.ts';"],
      ["bench/x.ts", "export function f() {}"],
    ],
  },
];

for (const { rule, says, bad, good } of CASES) {
  test(`tidy: ${says}`, () => assertEquals(sources.flatMap(rule), []));

  test(`tidy: that ${says} can fail`, () => {
    for (const [path, text] of bad) {
      assert(rule(readSource(path, text)).length > 0, `not found: ${path}: ${text}`);
    }
    for (const [path, text] of good) assertEquals(rule(readSource(path, text)), []);
  });
}

test("tidy: no file depends on one machine", () => {
  assertEquals(files.flatMap((path) => portable(path, read(path))), []);
});

test("tidy: that no file depends on one machine can fail", () => {
  for (
    const bad of [
      "see /ro" + "ot/x",
      '"/wo' + 'rk/main"',
      "https://registry.npm" + "js.org/x",
      "C:\\Us" + "ers\\a",
    ]
  ) {
    assert(portable("docs/x.md", bad).length > 0, bad);
  }
  assertEquals(portable("docs/x.md", "a/work/b, ./home/x, surface/root/y"), []);
});

test("tidy: no files import each other", () => {
  assertEquals(importCircles(sources), []);
});

test("tidy: that no files import each other can fail", () => {
  const circlesOf = (texts: Record<string, string>): string[] =>
    importCircles(Object.entries(texts).map(([path, text]) => readSource(path, text)));
  assertEquals(circlesOf({ "a/x.ts": 'import { b } from "./y.ts";', "a/y.ts": "// none" }), []);
  assertEquals(
    circlesOf({
      "a/x.ts": 'import { b } from "../b/y.ts";',
      "b/y.ts": 'export * from "./z.ts";',
      "b/z.ts": 'import type { A } from "../a/x.ts";',
      "c.ts": 'import { a } from "./a/x.ts";',
    }),
    ["a/x.ts, b/y.ts, b/z.ts"],
  );
  assertEquals(circlesOf({ "x.ts": 'const a = await import("./x.ts");' }), ["x.ts"]);
});

test("tidy: engines of one kind have one shape", () => {
  const engines = new Set(
    sources.flatMap(({ path }) => /^pollers\/(\w+)\/poller_worker\.ts$/.exec(path)?.[1] ?? []),
  );
  assert(engines.size >= 3, [...engines].join());
  assertEquals(engineShapes(sources), []);
});

test("tidy: that engines of one kind have one shape can fail", () => {
  const right = {
    engine:
      'import { A } from "../readiness/engine.ts";\nexport class IoRingEngine {}\nexport const pollerModule = 1;',
    entry: 'export * from "../contract/types.ts";\nexport { ioRingFactory as ioRing } from "./mod.ts";',
    mod: "export const ioRingFactory: EngineFactory = 1;",
    poller_worker: "run();",
    pollset:
      "export { MAX_EVENTS } from './x.ts';\nexport class Ring {}\nexport function createPollset(): Ring {}",
  };
  const wrongOf = (changes: Record<string, string | undefined>): number =>
    engineShapes(
      Object.entries({ ...right, ...changes }).filter(([, text]) => text !== undefined)
        .map(([file, text]) => readSource(`pollers/io_ring/${file}.ts`, text!)),
    ).length;
  assertEquals(wrongOf({}), 0);
  assertEquals(wrongOf({ engine: "export class IoRingEngine {}\nexport const pollerModule = 1;" }), 5);
  assertEquals(wrongOf({ pollset: undefined, ring: "// its set" }), 2);
  assertEquals(wrongOf({ mod: "export const ringFactory = 1;" }), 1);
  assertEquals(wrongOf({ mod: `${right.mod}\nexport type A = 1;` }), 1);
  assertEquals(wrongOf({ entry: 'export { ioRingFactory as ioRing } from "./mod.ts";' }), 1);
  assertEquals(wrongOf({ pollset: "export function createPollset() {}" }), 1);
  assertEquals(wrongOf({ poller_worker: "export const a = 1;" }), 1);
});

/** The package's entry points. */
const ENTRIES = Object.values((JSON.parse(read("deno.json")) as { exports: Record<string, string> }).exports);
const WITHOUT_DENO = { skip: "Deno" in globalThis ? undefined : "only Deno lints documentation" };

for (const entry of ENTRIES) {
  test(`tidy: deno doc --lint ${entry}: users can read of, and name, all that is public`, () => {
    const isAdapter = entry.startsWith("./surface/adapters/");
    assertEquals(isAdapter ? docLintOfAdapter(entry, "mod.ts", root) : docLint(entry, root), []);
  }, WITHOUT_DENO);

  test(`tidy: what ${entry} throws has @throws`, () => {
    assertEquals(throwsInProse(entry, root), []);
  }, WITHOUT_DENO);
}

test("tidy: that deno doc --lint can fail", () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    writeFileSync(`${folder}/x.ts`, "interface A {}\n/** Doc. */\nexport function f(_a: A): void {}\n");
    assert(docLint("x.ts", folder).some((line) => line.includes("private-type-ref")));
    writeFileSync(
      `${folder}/z.ts`,
      'import type { A, B } from "npm:package";\ninterface C {}\n' +
        "/** Doc. */\nexport function h(_a: A, _b: B, _c: C): void {}\n",
    );
    const complaints = docLintOfAdapter("z.ts", "y.ts", folder).filter((line) => line.startsWith("error"));
    assertEquals(complaints.map((line) => line.slice(-3)), ["'C'"]);
    writeFileSync(
      `${folder}/y.ts`,
      "/** Throws RangeError for 0. */\nexport function g(_a: number): void {}\n",
    );
    assertEquals(throwsInProse("y.ts", folder), ["g says in prose what it throws"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, WITHOUT_DENO);

test("tidy: the median file of the library is short", () => {
  const lines = sources.filter(({ path }) => isLibrary(path)).map(({ text }) =>
    text.trimEnd().split("\n").length
  );
  const median = lines.sort((a, b) => a - b)[lines.length >> 1] ?? 0;
  assert(lines.length > 20 && median <= MOST_MEDIAN_LINES, `median ${median} lines of ${lines.length} files`);
});

test("tidy: nothing else lies at the top", () => {
  assertEquals(unexpected(readdirSync(root)), []);
  assertEquals(unexpected(["mod.ts", "notes.txt", "node_modules", ".env"]), ["notes.txt", ".env"]);
});

function unexpected(names: readonly string[]): string[] {
  return names.filter((name) => !TOP_LEVEL.has(name) && !UNTRACKED.test(name));
}
