// Generated codecs write and read as those of loaded files do: bytes, messages and errors, and of damaged bytes too.

import { assertEquals } from "@std/assert";
import type { JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { dump, outcome } from "../compile/compare.ts";
import { randomMessage, randomProto, spoilt } from "../compile/random_schema.ts";
import { Random } from "../reference.ts";
import { importGenerated } from "./generated.ts";

const SEEDS = 25;

test(`generated codecs write and read as loaded ones do, seeds 1 to ${SEEDS}`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const text = randomProto(random, true);
    const loaded = parseProto(text).messages["t.M0"] as JsonMessageCodec;
    const generated = (await importGenerated({ [`seed${seed}.proto`]: text })).M0;
    for (let i = 0; i < 10; i++) {
      const message = randomMessage(random, loaded.schema);
      const bytes = outcome(() => loaded.encode(message));
      assertEquals(dump(outcome(() => generated.encode(message))), dump(bytes), `seed ${seed}`);
      if (!(bytes instanceof Uint8Array)) continue;
      const bad = spoilt(random, bytes, bytes);
      for (const one of [bytes, bad]) {
        const read = dump(outcome(() => loaded.decode(one)));
        assertEquals(dump(outcome(() => generated.decode(one))), read, `seed ${seed}, ${toHex(one)}`);
      }
    }
    const stray = { ...randomMessage(random, loaded.schema), stray: 1 };
    assertEquals(outcome(() => generated.encode(stray)), outcome(() => loaded.encode(stray)), `seed ${seed}`);
  }
});
