// Rule 11: what happens while the process has no descriptor left, and that it passes, also a second time.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { runtime } from "../../harness.ts";
import { FEW_DESCRIPTORS, noLimit, Program } from "../program.ts";
import type { Suite } from "./suite.ts";

const CHILD = new URL("./starved_child.ts", import.meta.url);

/** Tests of an engine in a process that has used up its descriptors. */
export function starvedRules({ made, rule }: Suite): void {
  const { poller, options } = made;
  // node:net on Deno accepts nothing more on a socket that could not accept once; who waited there is reset.
  const late = poller === "node" && runtime === "deno" ? "reset" : "accepted";
  const round = [
    "paused once: too-many-files accept EMFILE",
    "established: hello",
    "processor: idle",
    "connect: too-many-files EMFILE",
    "lookup: too-many-files EMFILE",
    "paused once still",
    "logged",
    `who waited: ${late}`,
    "who comes: accepted",
  ];
  for (const family of ["tcp", "unix"]) {
    rule(`11 without descriptors a listener rests, says so once, and goes on, over ${family}`, async () => {
      const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
      try {
        const at = family === "tcp" ? "127.0.0.1:0" : `unix:${folder}/socket`;
        const child = new Program(CHILD, [poller, JSON.stringify(options), at], { through: FEW_DESCRIPTORS });
        const { output, code } = await child.ended;
        assertEquals(output.trim().split("\n"), [...round, ...round, "closed"]);
        assertEquals(code, 0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }, { skip: noLimit });
  }
}
