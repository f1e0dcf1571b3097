// Memory of reads on Bun: what was lent is freed with the next read, whatever the garbage collector does.
import { assert, assertEquals } from "@std/assert";
import { nativeFactory } from "../../../pollers/native/mod.ts";
import { runtime, test } from "../../harness.ts";
import { withConnection } from "../contract/bytes.ts";
import { pattern, read, withEngine } from "../promised.ts";

test(
  "Bun: a read of 64 KiB or more that was lent has no memory after the next read, one that was not lent keeps it",
  () =>
    withEngine(nativeFactory, (engine) =>
      withConnection(engine, async (endpoint, plain) => {
        for (const lend of [true, false, true]) {
          const sent = pattern(2_000_000);
          const sending = plain.write(sent);
          const large: Uint8Array[] = [];
          for (let count = 0; count < sent.length;) {
            const got = await read(endpoint, lend);
            assert(got instanceof Uint8Array, String(got));
            count += got.length;
            if (got.length >= 65_536) large.push(got);
          }
          await sending;
          const after = read(endpoint, lend);
          assert(large.length > 0, "no read was large");
          assertEquals(large.filter(({ length }) => length === 0).length, lend ? large.length : 0);
          await plain.write("x");
          await after;
        }
      })),
  { skip: runtime === "bun" ? undefined : "for Bun's engine" },
);
