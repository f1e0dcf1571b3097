// What of an error's metadata can be sent, and what is said of the rest.
import { assertEquals } from "@std/assert";
import { Metadata } from "pollwire";
import { sendable } from "../../../surface/call/sendable.ts";
import { test } from "../../harness.ts";

test("sendable: what is no metadata at all has nothing to send, and nothing to complain of", () => {
  for (const nothing of [undefined, null, 5, {}, { a: "b" }, () => {}, [], new Map(), new Metadata()]) {
    assertEquals(sendable(nothing), { fields: [], left: [] });
  }
});

test("sendable: pairs in their order, names in small letters, values without white space around them", () => {
  const pairs = [["X-A", "1"], ["x-a", " \t2 3\t "], ["raw-BIN", Uint8Array.of(0, 255)], ["e", ""], [
    "l",
    "\xff\x01",
  ]];
  assertEquals(sendable(pairs), {
    fields: ["x-a", "1", "x-a", "2 3", "raw-bin", "AP8", "e", "", "l", "\xff\x01"],
    left: [],
  });
});

test("sendable: what no section can have is left, by its name; the rest goes", () => {
  const wrong = ["a b", "é", "", ":path", "grpc-status", "content-type", 5];
  for (const name of wrong) {
    assertEquals(sendable([["a", "1"], [name, "x"], ["b", "2"]]), {
      fields: ["a", "1", "b", "2"],
      left: [String(name)],
    });
  }
  for (const value of ["\0", "a\nb", "a\rb", "\u0100", "☃", 5, undefined, null, Uint8Array.of(1), {}]) {
    assertEquals(sendable([["a", value], ["b", "2"]]), { fields: ["b", "2"], left: ["a"] });
  }
  for (const value of ["AP8", undefined, [0, 255]]) {
    assertEquals(sendable([["a-bin", value], ["b", "2"]]), { fields: ["b", "2"], left: ["a-bin"] });
  }
});

test("sendable: an iterable that throws has sent what came before, and says so", () => {
  const throwing = {
    *[Symbol.iterator]() {
      yield ["a", "1"];
      throw new Error("no more");
    },
  };
  const { fields, left } = sendable(throwing);
  assertEquals([fields, left.length, left[0]!.includes("no more")], [["a", "1"], 1, true]);
  assertEquals(sendable([["a", "1"], 5]).left.length, 1); // which is no pair
});
