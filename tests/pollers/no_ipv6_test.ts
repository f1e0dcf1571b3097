// "::" on a machine without IPv6, which a library plays that is loaded before the C library.
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import { compiler } from "./ffi/setup.ts";
import { Program } from "./program.ts";

const cc = process.platform === "linux" ? compiler() : undefined;
const skip = process.platform !== "linux"
  ? "only Linux loads libraries in this way"
  : cc === undefined
  ? "there is no C compiler on PATH"
  : undefined;

for (const poller of ["native", "node"]) { // epoll's calls are found in the C library alone; see epoll/listener_test.ts
  test(`${poller}: "::" is every IPv4 address where there is no IPv6`, async () => {
    const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
    try {
      const source = fileURLToPath(new URL("./no_ipv6.c", import.meta.url));
      const library = `${folder}/no_ipv6.so`;
      const built = spawnSync(cc!, ["-shared", "-fPIC", "-o", library, source, "-ldl"], { encoding: "utf8" });
      assertEquals(built.status, 0, built.stderr);
      const through = ["env", `LD_PRELOAD=${library}`];
      const script = new URL("./programs/every_address.ts", import.meta.url);
      const { code, output } = await new Program(script, [poller], { through }).ended;
      assertEquals([output.trim().split("\n"), code], [[
        "[::1]: not bound",
        "[::]: bound, 127.0.0.1 is accepted from 127.0.0.1",
      ], 0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, { skip });
}
