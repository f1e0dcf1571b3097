// The example of generated code: typed messages of a call of two kinds, and their JSON.
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { Program } from "../pollers/program.ts";

test("generated example: an order is placed and followed", async () => {
  const program = new Program(new URL("../../examples/generated/shop.ts", import.meta.url), []);
  const { code, output } = await program.ended;
  assertEquals(output.trim().split("\n").map((line) => line.trim()), [
    "1n PLACED 1970 2 items",
    "1n PACKED 1970",
    "1n DELIVERED 1970 counter 2",
    '{"items":{"apples":3},"address":"Main Street 1"}',
    "DELIVERED",
  ]);
  assertEquals(code, 0);
});
