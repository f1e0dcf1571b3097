// What keeps the process alive on behalf of an engine.
import { assertEquals, assertThrows } from "@std/assert";
import { type Anchor, ProcessHold } from "../../../pollers/core/process_hold.ts";
import { test } from "../../harness.ts";

/** A hold, and what it did with the runtime's anchor. */
function setUp(): { hold: ProcessHold; did: string[] } {
  const did: string[] = [];
  const anchor: Anchor = {
    ref: () => void did.push("ref"),
    unref: () => void did.push("unref"),
    remove: () => void did.push("remove"),
  };
  return { hold: new ProcessHold(() => (did.push("make"), anchor)), did };
}

test("process hold: the first hold references the anchor, the last release lets go of it, again and again", () => {
  const { hold, did } = setUp();
  assertEquals([hold.active, did], [false, []]);
  hold.hold();
  hold.hold();
  hold.release();
  assertEquals([hold.active, did], [true, ["make", "ref"]]);
  hold.release();
  assertEquals([hold.active, did], [false, ["make", "ref", "unref"]]);
  hold.hold();
  hold.release();
  assertEquals(did, ["make", "ref", "unref", "ref", "unref"]);
});

test("process hold: one release too many is misuse, and changes nothing", () => {
  const { hold, did } = setUp();
  assertThrows(() => hold.release(), RangeError, "hold was not called");
  hold.hold();
  assertEquals([hold.active, did], [true, ["make", "ref"]]);
});

test("process hold: after its end nothing is held, whoever still holds or begins to", () => {
  const { hold, did } = setUp();
  hold.hold();
  hold.end();
  assertEquals([hold.active, did], [false, ["make", "ref", "remove"]]);
  hold.hold();
  hold.release();
  hold.release();
  hold.hold();
  assertEquals([hold.active, did.length], [false, 3]);
  const unused = setUp();
  unused.hold.end();
  unused.hold.hold();
  assertEquals(unused.did, []);
});
