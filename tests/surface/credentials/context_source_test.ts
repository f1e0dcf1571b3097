// What follows a source of options: when it is asked, and what becomes of options that cannot be used.
import { assertEquals, assertThrows } from "@std/assert";
import { ContextSource } from "../../../surface/credentials/context_source.ts";
import { test } from "../../harness.ts";
import { sleep } from "../serving.ts";

test("a source of credentials is asked once a second at most, and what stays wrong with it is reported once", () => {
  let given: { name: string } | undefined = { name: "a" };
  const made: string[] = [];
  const errors: string[] = [];
  const source = new ContextSource(() => {
    if (given === undefined) throw new Error("no file");
    return given;
  }, ({ name }) => {
    made.push(name);
    if (name.startsWith("bad")) throw new Error(`${name} is bad`);
    return { name, release: () => void made.push(`${name} released`) };
  });
  const at = (now: number): string =>
    source.current(now, (error) => void errors.push((error as Error).message)).name;
  assertEquals([at(0), at(999), at(1_000), made], ["a", "a", "a", ["a"]]);
  given = { name: "bad 1" };
  assertEquals([at(2_000), at(3_000), at(4_000), made, errors], ["a", "a", "a", ["a", "bad 1"], [
    "bad 1 is bad",
  ]]);
  given = undefined;
  assertEquals([at(5_000), at(6_000), errors], ["a", "a", ["bad 1 is bad", "no file"]]);
  given = { name: "b" };
  assertEquals([at(6_500), at(7_000), made], ["a", "b", ["a", "bad 1", "b", "a released"]]);
  given = undefined; // again: that is another time
  assertEquals([at(8_000), errors.length], ["b", 3]);
});

test("a source of credentials may change the object that it gives, or give others that say the same", () => {
  let given: { name: string } | undefined | null = { name: "a" };
  const made: string[] = [];
  const errors: string[] = [];
  const source = new ContextSource(() => given as { name: string }, (options) => {
    made.push(options.name);
    if (options.name === "bad") throw new Error("it is bad");
    return { name: options.name, release() {} };
  });
  const at = (now: number): string => source.current(now, (error) => void errors.push(String(error))).name;
  given.name = "b";
  assertEquals([at(0), made, source.options.name], ["b", ["a", "b"], "b"]);
  given = { name: "b" };
  assertEquals([at(1_000), made.length], ["b", 2]); // what was made keeps the keys of its tickets
  given.name = "bad";
  assertEquals([at(2_000), at(3_000), errors.length], ["b", "b", 1]);
  given.name = "c"; // what could not be used can be now
  assertEquals([at(4_000), errors.length], ["c", 1]);
  given = undefined;
  assertEquals([at(5_000), at(6_000), errors.length], ["c", "c", 2]);
  given = null;
  assertEquals(at(7_000), "c");
  given = { name: "d" };
  assertEquals(at(8_000), "d");
});

test("a source of credentials that is an async function gives none, and what that rejects with is nobody's error", async () => {
  let given: () => unknown = () => ({ name: "a" });
  const make = (options: { name: string }) => {
    if (options.name === undefined) throw new Error("it has no name");
    return { name: options.name, release() {} };
  };
  const source = new ContextSource(() => given() as { name: string }, make);
  given = () => Promise.reject(new Error("no vault"));
  const errors: string[] = [];
  assertEquals(source.current(0, (error) => void errors.push((error as Error).message)).name, "a");
  assertThrows(() => new ContextSource(() => given() as { name: string }, make), Error, "it has no name");
  await sleep(5);
  assertEquals(errors, ["it has no name"]);
});
