// Which versions of the runtimes are refused, and how.
import { assertEquals } from "@std/assert";
import { probeRuntime, whyTooOld } from "../../../pollers/native/oldest_runtimes.ts";
import { test } from "../../harness.ts";

const bun = (version: string) => ({ Bun: { version }, process: { versions: { node: "20.0.0" } } });
const deno = (version: string) => ({ Deno: { version: { deno: version } } });
const node = (version: string) => ({ process: { versions: { node: version } } });

test("runtimes that are too old are refused with their version and the one that is needed", () => {
  assertEquals(whyTooOld(bun("1.2.23")), "this is Bun 1.2.23, and pollwire needs 1.3 or newer");
  assertEquals(whyTooOld(deno("2.6.10")), "this is Deno 2.6.10, and pollwire needs 2.7 or newer");
  assertEquals(whyTooOld(deno("1.46.3")), "this is Deno 1.46.3, and pollwire needs 2.7 or newer");
  assertEquals(whyTooOld(node("20.9.1")), "this is Node 20.9.1, and pollwire needs 20.16 or newer");
  assertEquals(whyTooOld(node("18.20.4")), "this is Node 18.20.4, and pollwire needs 20.16 or newer");
});

test("runtimes that are new enough are taken, builds without a version of numbers among them", () => {
  for (const version of ["1.3.0", "1.10.1", "2.0.0", "1.3.14-canary.20260425.1", "canary"]) {
    assertEquals(whyTooOld(bun(version)), undefined, version);
  }
  for (const version of ["2.7.0", "2.10.0+a1b2c3d", "3.0.0-rc.1"]) {
    assertEquals(whyTooOld(deno(version)), undefined, version);
  }
  for (const version of ["20.16.0", "22.3.0", "26.1.0"]) {
    assertEquals(whyTooOld(node(version)), undefined, version);
  }
  assertEquals(probeRuntime(), { usable: true });
});
