import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../../../harness.ts";
import { pollwire } from "../fake_terminal.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

test("what is generated in the library and in examples is what npm run generate makes", async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const commands = (scripts.generate as string).split(" && ");
  assertEquals(commands.length, 2);
  for (const command of commands) {
    const [, given] = / (gen .*)/.exec(command)!;
    const words = given!.replaceAll(/\b(?:surface|examples)\//g, (folder) => root + folder).split(" ");
    const { code, err } = await pollwire([...words, "--check"]);
    assertEquals([code, err], [0, ""]);
  }
});
