// Which tests run on which poller: a path that is not there would be passed over in silence.
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describePollers } from "pollwire";
import { filesOn, suitesOn } from "./matrix.mjs";
import { test } from "./harness.ts";

const here = fileURLToPath(new URL("./", import.meta.url));

test("matrix: what is to run on a poller is there", () => {
  for (const { name } of describePollers()) {
    for (const path of suitesOn(name)) assert(existsSync(here + path), `${path} on ${name}`);
  }
});

test("matrix: whole folders and single files, without what runs once", () => {
  const files = [
    "tests/surface/calls_test.ts",
    "tests/surface/calls_test.ts_old_test.ts",
    "tests/surface/server/drain_test.ts",
    "tests/surface/proto/wire_test.ts",
    "tests/peers/grpc_js_test.ts",
    "tests/pollers/select_test.ts",
    "tests/surface/throws_test.ts",
  ];
  assertEquals(filesOn("epoll", files), [files[0], files[1], files[2], files[4]]);
  assertEquals(filesOn("io_uring", files), [files[0], files[4]]);
  assertEquals(filesOn("node", files), []);
});
