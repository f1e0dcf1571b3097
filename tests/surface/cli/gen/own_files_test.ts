import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { GENERATED } from "../../../../.ci/generated.mjs";
import { test } from "../../../harness.ts";
import { pollwire } from "../fake_terminal.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

test("what is generated in the library and in examples is what npm run generate makes", async () => {
  assertEquals(GENERATED.length, 2);
  for (const { folder, flags } of GENERATED) {
    const at = root + folder;
    const { code, err } = await pollwire(["gen", at, "-I", at, "-o", at, ...flags, "--check"]);
    assertEquals([code, err], [0, ""]);
  }
});
