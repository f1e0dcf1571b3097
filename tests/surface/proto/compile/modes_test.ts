// Compiled and interpreted codecs are the same: on random schemas, messages and bytes, protobufjs beside them.

import { assert, assertEquals } from "@std/assert";
import protobuf from "protobufjs";
import type { JsonMessageCodec } from "../../../../surface/proto/json/json_codec.ts";
import { bestMode } from "../../../../surface/proto/compile/compile.ts";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { fromHex, toHex } from "../../../bytes.ts";
import { test } from "../../../harness.ts";
import { Program } from "../../../pollers/program.ts";
import { Random, readByTheirs, writtenByTheirs } from "../reference.ts";
import { dump, interpreted, outcome } from "./compare.ts";
import { randomMessage, randomProto, spoilt } from "./random_schema.ts";

const SEEDS = 80;

test(`random messages are written alike and read alike, compiled, interpreted and by protobufjs, seeds 1 to ${SEEDS}`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const source = randomProto(random, false);
    const compiled = parseProto(source).messages["t.M0"] as JsonMessageCodec;
    const other = interpreted(compiled);
    const theirs = protobuf.parse(source, { keepCase: true }).root.lookupType("t.M0");
    for (let i = 0; i < 4; i++) {
      const message = randomMessage(random, compiled.schema);
      const bytes = compiled.encode(message);
      const where = `seed ${seed}, message ${i}`;
      assertEquals(toHex(other.encode(message)), toHex(bytes), where);
      const read = compiled.decode(bytes);
      assertEquals(dump(other.decode(bytes)), dump(read), where);
      assertEquals(toHex(compiled.encode(read)), toHex(bytes), where);
      const byTheirs = writtenByTheirs(theirs, message);
      assertEquals(readByTheirs(theirs, bytes), readByTheirs(theirs, byTheirs), where);
      assertEquals(dump(compiled.decode(byTheirs)), dump(read), where);
    }
  }
});

test(`any bytes give the same messages or the same errors, compiled and interpreted, seeds 1 to ${SEEDS}`, () => {
  let refused = 0;
  let read = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const compiled = parseProto(randomProto(random, true)).messages["t.M0"] as JsonMessageCodec;
    const other = interpreted(compiled);
    const samples = Array.from({ length: 3 }, () => {
      const bytes = outcome(() => compiled.encode(randomMessage(random, compiled.schema)));
      return bytes instanceof Uint8Array ? bytes : new Uint8Array(0); // a required field deep down may be missing
    });
    for (let i = 0; i < 30; i++) {
      const bytes = spoilt(random, random.pick(samples), random.pick(samples));
      const where = `seed ${seed}, bytes ${toHex(bytes)}`;
      const limit = random.pick([undefined, undefined, 5]);
      const one = outcome(() => compiled.decode(bytes, limit));
      const two = outcome(() => other.decode(bytes, limit));
      assertEquals(dump(two), dump(one), where);
      if (Array.isArray(one)) {
        refused++;
        continue;
      }
      read++;
      assertEquals(
        dump(outcome(() => other.encode(one))),
        dump(outcome(() => compiled.encode(one as never))),
        where,
      );
    }
  }
  assert(refused > SEEDS && read > SEEDS, `${refused} refused, ${read} read`);
});

test(`values that do not fit are refused in the same words, compiled and interpreted, seeds 1 to ${SEEDS}`, () => {
  const wrong = [
    undefined,
    null,
    "x",
    -1,
    1.5,
    2 ** 40,
    1n << 70n,
    true,
    [],
    {},
    new Map(),
    new Date(0),
    ["x"],
    [null],
    { x: "y" },
  ];
  let refused = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const compiled = parseProto(randomProto(random, true)).messages["t.M0"] as JsonMessageCodec;
    const other = interpreted(compiled);
    const { fields, oneofs } = compiled.schema;
    for (let i = 0; i < 20 && fields.length > 0; i++) {
      const message = randomMessage(random, compiled.schema);
      const name = random.pick([random.pick(fields).name, ...oneofs, "stray"]);
      message[name] = random.pick(wrong);
      const one = outcome(() => toHex(compiled.encode(message)));
      assertEquals(outcome(() => toHex(other.encode(message))), one, `seed ${seed}, ${name}`);
      if (Array.isArray(one)) refused++;
    }
  }
  assert(refused > SEEDS, `${refused} refused`);
});

test("codecs are compiled where the host compiles text", () => {
  assertEquals(bestMode(), "compiled");
  const codec = parseProto(`syntax = "proto3"; message M { int32 n = 1; }`).messages["M"] as JsonMessageCodec;
  assertEquals(codec.decode(fromHex("08 05")).n, 5);
  assert(codec.read.toString().includes("switch"), "emitted code");
});

test("a host that compiles no text has the same codecs, interpreted", async () => {
  const { code, output } = await new Program(new URL("./without_function.ts", import.meta.url), []).ended;
  const inner = (more: object) => ({ n: 0, tags: [], children: {}, ...more });
  const message = {
    n: -5,
    tags: ["a", "b"],
    children: { c: inner({ n: 1 }) },
    no: inner({ yes: true, kind: "yes" }),
    kind: "no",
  };
  assertEquals([code, output.trim()], [0, `interpreted: ${JSON.stringify(message)}`]);
});
