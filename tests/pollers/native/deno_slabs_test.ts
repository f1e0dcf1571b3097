// What pending reads of many connections may pin on Deno.
import { assertEquals } from "@std/assert";
import { DenoEngine } from "../../../pollers/native/deno.ts";
import { runtime, test } from "../../harness.ts";

test(
  "Deno: the slabs of all connections share 16 MiB, and each has 8 KiB in any case",
  () => {
    const engine = new DenoEngine("native", {});
    const shares: number[] = [];
    for (const count of [1, 256, 1_000, 100_000]) {
      while (engine.opened.size < count) {
        engine.opened.add({ syscall: "read", describe: () => "nothing", close: () => {} });
      }
      shares.push(engine.slabShare);
    }
    assertEquals(shares, [16_777_216, 65_536, 16_777, 8_192]);
  },
  { skip: runtime === "deno" ? undefined : "for Deno's engine" },
);
