// Codes that only applications give (gRPC's statuscodes.md): the library makes no status of them.
import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../../harness.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const OF_APPLICATIONS =
  /\bStatus\.(?:INVALID_ARGUMENT|NOT_FOUND|ALREADY_EXISTS|FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|DATA_LOSS)\b/;

/**
 * Where they are named and not given: what becomes of them, what a peer of ours gave, and examples; what reflection answers
 * is a message and no status, and the program's codes are of its process.
 */
const NAMED =
  /surface\/call\/control_plane\.ts|surface\/cli\/|surface\/services\/reflection\.ts|code [!=]== Status\.|^\s*(?:\*|\/\/|\/\*\*)/;

test("[C20] no code that is an application's is made by the library", () => {
  const found: string[] = [];
  for (const room of ["surface", "transport"]) {
    for (const name of readdirSync(ROOT + room, { recursive: true }) as string[]) {
      if (!name.endsWith(".ts")) continue;
      const path = `${room}/${name.replaceAll("\\", "/")}`;
      for (const line of readFileSync(ROOT + path, "utf8").split("\n")) {
        if (OF_APPLICATIONS.test(line) && !NAMED.test(path) && !NAMED.test(line)) {
          found.push(`${path}: ${line}`);
        }
      }
    }
  }
  assertEquals(found, []);
});
