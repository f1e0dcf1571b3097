// What decoded messages are to who holds them: plain objects, and no burden once they are dropped.

import { assert, assertEquals } from "@std/assert";
import { parseProto } from "../../../../surface/proto/parse.ts";
import { runtime, test } from "../../../harness.ts";
import { Program } from "../../../pollers/program.ts";

/** 100,000 messages of one field have 3,200,000, their fields not counted. */
const FEW_BYTES = 1_000_000;

test("a decoded message is a plain object, whose fields are its own whatever every object inherits", () => {
  const codec = parseProto(`syntax = "proto3";
    message M { string constructor = 1; int32 toString = 2; int32 n = 3; }`).messages["M"]!;
  const inherited = Object.getOwnPropertyDescriptor(Object.prototype, "toString")!;
  Object.defineProperty(Object.prototype, "toString", { ...inherited, writable: false }); // as where it is frozen
  try {
    const message = codec.decode(Uint8Array.of(10, 1, 97, 16, 5));
    assert(Object.getPrototypeOf(message) === Object.prototype);
    assertEquals(Object.entries(message), [["constructor", "a"], ["toString", 5], ["n", 0]]);
  } finally {
    Object.defineProperty(Object.prototype, "toString", inherited);
  }
});

test(
  "decoded messages that are dropped are not kept, though those before them were held",
  async () => {
    const { code, output } = await new Program(new URL("./held_messages.ts", import.meta.url), []).ended;
    assertEquals(code, 0, output);
    assert(Number(output) < FEW_BYTES, `${output.trim()} octets of old objects for 100,000 messages`);
  },
  {
    skip: runtime === "deno"
      ? undefined
      : "V8 alone has a place for objects of a piece of code that outlived others",
  },
);
