// Bundlers drop what a program does not use of generated code.

import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../../../../.ci/runtimes.mjs";
import { test } from "../../../harness.ts";
import { generateTexts } from "./generated.ts";

const runtime = fileURLToPath(new URL("../../../../surface/proto/generated.ts", import.meta.url));

const PROTO = `syntax = "proto2"; package shop;
  enum Kind { NONE = 0; }
  message Item { optional Kind kind = 1; optional int32 n = 2 [default = 5]; optional bytes b = 3 [default = "x"]; extensions 100 to 200; }
  message Other { optional Item item = 1; map<string, Other> others = 2; }
  extend Item { optional int32 discount = 100; }
  service Shop { rpc Buy(Other) returns (Other); }`;

/** What is in a bundle that has `name` of the generated module. */
function bundleOf(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    const [file] = generateTexts({ "shop.proto": PROTO }, { runtime });
    writeFileSync(join(directory, "shop.ts"), file!.text);
    const { stdout, stderr } = spawnSync(
      program("esbuild"),
      ["--bundle", "--format=esm", "--platform=node", "--log-level=error"],
      { cwd: directory, input: `export { ${name} } from "./shop.ts";`, encoding: "utf8" },
    );
    assertEquals(stderr, "");
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("a bundle has of generated code what is used of it", () => {
  const names = ["shop.Item", "shop.Other", "shop.Kind", "shop.discount", "shop.Shop", "CgpzaG9w"];
  const found = (text: string) => names.filter((name) => text.includes(`"${name}`));
  assertEquals(found(bundleOf("Item")), ["shop.Item", "shop.Kind"]);
  assertEquals(found(bundleOf("Shop")), ["shop.Item", "shop.Other", "shop.Kind", "shop.Shop", "CgpzaG9w"]);
  const least = bundleOf("Kind");
  assert(!least.includes("class Reader") && !least.includes("Uint8Array.of"), least);
});
