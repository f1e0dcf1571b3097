// node:net is loaded at its first use: nothing imports it but for its types.
import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "../../harness.ts";

const FOLDER = new URL("../../../pollers/native/", import.meta.url);

test("node:net is imported for its types alone", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
  const importing = files.filter((name) =>
    /^import (?!type ).*"node:net"/m.test(readFileSync(new URL(name, FOLDER), "utf8"))
  );
  assertEquals([importing, files.includes("net.ts")], [[], true]);
});
