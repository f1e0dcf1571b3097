// Words for what was thrown, whatever it was.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describeThrown, messageOf, propertyOf, stackOf, textOf } from "../../../pollers/log/mod.ts";
import { test } from "../../harness.ts";

const nothing = Object.create(null);
const trap = () => {
  throw new Error("trapped");
};
const hostile = new Proxy(new Error("hidden"), {
  get: trap,
  has: trap,
  getPrototypeOf: trap,
  getOwnPropertyDescriptor: trap,
});
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();
const withGetter = Object.defineProperty(new Error(), "message", { get: trap });

test("what was thrown is described, whatever it is", () => {
  const cases: Array<[thrown: unknown, message: string, described: string]> = [
    [new TypeError("no function"), "no function", "TypeError: no function"],
    [new Error(), "", "Error"],
    ["a text", "a text", "a text"],
    [undefined, "undefined", "undefined"],
    [null, "null", "null"],
    [7n, "7", "7"],
    [Symbol("s"), "Symbol(s)", "Symbol(s)"],
    [Object.assign(new Error(), { message: { code: 5 } }), "Error", "Error"],
    [Object.assign(new Error("a"), { name: 7 }), "a", "Error: a"],
    [withGetter, "Error", "Error"],
    [{ message: "not an Error" }, "not an Error", "not an Error"],
    [{ code: 5 }, '{"code":5}', '{"code":5}'],
    [nothing, "a value of type object that has no text", "a value of type object that has no text"],
    [hostile, "a value of type object that has no text", "a value of type object that has no text"],
    [revoked, "a value of type object that has no text", "a value of type object that has no text"],
  ];
  for (const [thrown, message, described] of cases) {
    assertEquals([messageOf(thrown), describeThrown(thrown)], [message, described]);
    assert(stackOf(thrown).includes(message), stackOf(thrown));
  }
  assertEquals(textOf({ toString: trap }), "a value of type object that has no text");
  assertEquals([propertyOf(hostile, "message"), propertyOf(null, "x"), propertyOf({ x: 1 }, "x")], [
    undefined,
    undefined,
    1,
  ]);
});

test("a stack has those of its causes below it, and ends where they go round", () => {
  const inner = new TypeError("inner");
  const outer = new Error("outer", { cause: inner });
  assertMatch(
    stackOf(outer),
    /^Error: outer\n[^]*describe_test[^]*\nCaused by: TypeError: inner\n[^]*describe_test/,
  );
  Object.assign(inner, { cause: outer });
  assertEquals(stackOf(outer).split("Caused by").length, 6);
  assertEquals(
    stackOf(Object.assign(new Error("late"), { stack: "    at elsewhere" })),
    "Error: late\n    at elsewhere",
  );
});
