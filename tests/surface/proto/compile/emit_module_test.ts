// Emitted modules have the same codecs as loaded files, and need neither a parser nor `Function`.

import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Codec } from "../../../../surface/proto/codec.ts";
import type { JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import { emitModule } from "../../../../surface/proto/compile/emit_module.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { Random } from "../reference.ts";
import { dump, outcome } from "./compare.ts";
import { randomMessage, randomProto, spoilt } from "./random_schema.ts";

const RUNTIME = new URL("../../../../surface/proto/compile/runtime.ts", import.meta.url).href;
const SEEDS = 25;

/** The codecs of an emitted module. */
async function load(text: string): Promise<Record<string, Codec>> {
  const directory = mkdtempSync(join(tmpdir(), "emitted-"));
  try {
    const path = join(directory, "codecs.mjs");
    writeFileSync(path, text);
    return (await import(pathToFileURL(path).href)).codecs;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test(`emitted modules write and read as loaded files do, seeds 1 to ${SEEDS}`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const loaded = parseProto(randomProto(random, true)).messages["t.M0"] as JsonMessageCodec;
    const emitted = (await load(emitModule([loaded.schema], RUNTIME)))["t.M0"]!;
    for (let i = 0; i < 10; i++) {
      const message = randomMessage(random, loaded.schema);
      const bytes = outcome(() => loaded.encode(message));
      assertEquals(dump(outcome(() => emitted.encode(message))), dump(bytes), `seed ${seed}`);
      if (!(bytes instanceof Uint8Array)) continue;
      const bad = spoilt(random, bytes, bytes);
      for (const one of [bytes, bad]) {
        const read = dump(outcome(() => loaded.decode(one)));
        assertEquals(dump(outcome(() => emitted.decode(one))), read, `seed ${seed}, ${toHex(one)}`);
      }
    }
    const stray = { ...randomMessage(random, loaded.schema), stray: 1 };
    assertEquals(outcome(() => emitted.encode(stray)), outcome(() => loaded.encode(stray)), `seed ${seed}`);
  }
});

test("a module has all types that its messages refer to, the same text each time, and imports what it calls", () => {
  const { messages } = parseProto(`syntax = "proto2"; package t; enum E { A = 3; }
    message Leaf { optional int64 n = 1 [default = 5]; optional E e = 2; }
    message Tree { repeated Tree trees = 1; map<string, Leaf> leaves = 2; }
    message Other { optional string s = 1; }`);
  const text = emitModule([(messages["t.Tree"] as JsonMessageCodec).schema], "pollwire/codecs");
  assertEquals(text, emitModule([(messages["t.Tree"] as JsonMessageCodec).schema], "pollwire/codecs"));
  assert(text.includes('"t.Leaf": codec(') && text.includes('"t.E"') && !text.includes("t.Other"), text);
  assert(!/\bFunction\b|\beval\b/.test(text));
  const imports = /^import \{ (.*) \} from "pollwire\/codecs";/.exec(text)![1]!.split(", ");
  assertEquals(imports.filter((name) => /^read|^write/.test(name)), ["writeUnknown"]);
});
