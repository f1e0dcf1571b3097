// What a bundle of generated code has of JSON: nothing, where its types are made without it.

import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { program } from "../../../../.ci/runtimes.mjs";
import { test } from "../../../harness.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const generated = `${root}surface/proto/generated.ts`;

/** The bundle of a module that uses `name` of the entry, with a line for each file that is in it. */
function bundleWith(name: string): string {
  const input = `export { ${name} } from ${JSON.stringify(generated)};`;
  const flags = ["--bundle", "--format=esm", "--platform=neutral", "--external:node:*", "--log-level=error"];
  const { stdout, stderr } = spawnSync(program("esbuild"), flags, { input, encoding: "utf8", cwd: root });
  assertEquals(stderr, "");
  return stdout;
}

test("nothing of JSON and extensions is in a bundle whose types have none", () => {
  const files = (text: string) => text.match(/^\/\/ surface\/proto\/(?:json\/|extension).*$/gm) ?? [];
  assertEquals(files(bundleWith("messageType")), []);
  assert(files(bundleWith("jsonMessageType")).length > 8);
});
