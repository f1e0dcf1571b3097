import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../../../harness.ts";
import { pollwire } from "../fake_terminal.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

test("what the library has generated of its own .proto files is what npm run generate makes", async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const [, given] = / (gen .*)/.exec(scripts.generate)!;
  const words = given!.replaceAll("surface/protos", `${root}surface/protos`).split(" ");
  const { code, err } = await pollwire([...words, "--check"]);
  assertEquals([code, err], [0, ""]);
});
