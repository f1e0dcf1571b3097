// Metadata as an application uses it: names, values, order, and what is refused before anything is sent.
import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { Metadata } from "pollwire";
import { headersOf } from "../../../surface/call/metadata.ts";
import { HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";

test("metadata: names in any case are one; values keep their order", () => {
  const metadata = new Metadata({ "X-Name": ["1", "2"] });
  metadata.append("x-NAME", "3");
  assertEquals(metadata.getAll("x-name"), ["1", "2", "3"]);
  assertEquals([metadata.get("X-name"), metadata.has("x-Name"), metadata.size], ["1", true, 1]);
  metadata.set("x-name", "only");
  assertEquals([...metadata], [["x-name", "only"]]);
  assertEquals([metadata.delete("X-NAME"), metadata.delete("X-NAME"), metadata.size], [true, false, 0]);
  assertEquals([metadata.get("x-name"), metadata.getAll("x-name")], [undefined, []]);
});

test("metadata: from pairs as from an object, and over the wire and back", () => {
  const metadata = new Metadata([["b", "1"], ["a-bin", Uint8Array.of(0, 255)], ["b", " 2 "]]);
  const headers = metadata.toHeaders()!;
  assertEquals([...headers], [["b", "1"], ["b", "2"], ["a-bin", "AP8"]]);
  assertEquals([...Metadata.fromHeaders(headers)], [["b", "1"], ["b", "2"], [
    "a-bin",
    Uint8Array.of(0, 255),
  ]]);
  assertEquals(new Metadata().toHeaders(), undefined);
});

test("metadata: what is only sent has the wire form that a Metadata has, and throws for the same", () => {
  const inits = [
    {},
    { b: "1", "a-bin": Uint8Array.of(0, 255), c: [" 2 ", "3"] },
    { X: "1", y: "2", x: "3", Y: ["4", "5"], z: "6" },
    [["x", "1"], ["y-bin", Uint8Array.of(1)], ["X", "2"], ["y-bin", Uint8Array.of(2)]] as const,
    new Map([["x", "1"], ["y", "2"]]),
    new Headers({ "x-name": "1" }),
    new Metadata({ x: "1" }),
  ];
  for (const init of inits) {
    const expected = new Metadata(init).toHeaders();
    assertEquals(headersOf(init)?.fields, expected?.fields);
  }
  for (const bad of [{ te: "x" }, { x: 1 }, { "x-bin": "1" }, { x: "\n" }, new Date(), "text", 7, null]) {
    const init = bad as unknown as Record<string, string>;
    const { message } = assertThrows(() => new Metadata(init), TypeError);
    assertEquals(assertThrows(() => headersOf(init), TypeError).message, message);
  }
});

test("metadata: binary values that came as we send them stay as they came; others are sent as ours", () => {
  const ours = HeaderList.of([["a", "1"], ["a-bin", "AP8"], ["b-bin", ""]]);
  const metadata = Metadata.fromHeaders(ours);
  assertEquals(metadata.get("a-bin"), Uint8Array.of(0, 255));
  assertEquals([metadata.get("b-bin"), metadata.get("a")], [new Uint8Array(0), "1"]);
  assertEquals(metadata.toHeaders() === ours, true, "and the list is the same");
  for (const coded of ["AP8=", "AP8,", "A P8"]) {
    const received = Metadata.fromHeaders(HeaderList.of([["a-bin", coded], ["b", "2"]]));
    assertEquals(received.getAll("a-bin")[0], Uint8Array.of(0, 255), coded);
    assertEquals([...received.toHeaders()!][0], ["a-bin", "AP8"], coded);
  }
  assertEquals(Metadata.fromHeaders(HeaderList.of([["a-bin", "AP8!"]])).size, 0);
});

test("metadata: binary values joined by commas are several; what is no base64 is left out", () => {
  const received = Metadata.fromHeaders(
    HeaderList.of([["a-bin", "AA,AQ=="], ["b-bin", "!"], ["a-bin", "Ag"]]),
  );
  assertEquals(received.getAll("a-bin"), [Uint8Array.of(0), Uint8Array.of(1), Uint8Array.of(2)]);
  assertEquals(received.has("b-bin"), false);
});

test("metadata: what are no pairs, and names that are no text, are refused with what to give", () => {
  const pairs: unknown[][] = [["x-user", "a"], ["ab"], [["x"]], [["x", "1", "2"]], [null], [7], [{ x: "1" }]];
  for (const given of pairs) {
    const init = given as Array<[string, string]>;
    for (const attempt of [() => new Metadata(init), () => headersOf(init)]) {
      assertMatch(
        assertThrows(attempt, TypeError).message,
        /^Cannot make metadata of .*\[name, value\] pairs/,
      );
    }
  }
  const metadata = new Metadata({ x: "1" });
  for (const given of [7, undefined, null, Symbol("x"), {}]) {
    const name = given as string;
    for (
      const attempt of [
        () => new Metadata([[name, "v"]]),
        () => metadata.set(name, "v"),
        () => metadata.append(name, "v"),
        () => metadata.get(name),
        () => metadata.getAll(name),
        () => metadata.has(name),
        () => metadata.delete(name),
      ]
    ) {
      assertMatch(
        assertThrows(attempt, TypeError).message,
        /^Cannot use .* as a metadata name: give a string$/,
      );
    }
  }
});

test("metadata: names that are no names, or belong to the protocol, throw", () => {
  for (
    const name of ["", "with space", "ümlaut", "a:b", "a\n", ":path", "grpc-status", "TE", "content-type"]
  ) {
    const error = assertThrows(() => new Metadata().set(name, "v"), TypeError);
    assertMatch(error.message, /Cannot use .* as a metadata name/);
  }
});

test("metadata: text must be printable ASCII, binary values octets, each under its kind of name", () => {
  const metadata = new Metadata();
  for (const value of ["é", "line\nbreak", "tab\t", "\0"]) {
    assertMatch(assertThrows(() => metadata.append("x", value), TypeError).message, /not printable ASCII/);
  }
  assertEquals( // and nothing else of a value that may be a token
    assertThrows(() => metadata.set("authorization", "Bearer secret\n"), TypeError).message,
    'Cannot set metadata "authorization": "\\n" is not printable ASCII',
  );
  assertMatch(assertThrows(() => metadata.set("x-bin", "text"), TypeError).message, /Uint8Array/);
  assertMatch(assertThrows(() => metadata.set("x", Uint8Array.of(1)), TypeError).message, /"-bin"/);
  assertMatch(assertThrows(() => metadata.set("x", 1 as unknown as string), TypeError).message, /a string/);
  for (const [value, found] of [[null, "null"], [["1"], "an Array"], ["Bearer secret", "a string"]]) {
    const name = value === "Bearer secret" ? "x-bin" : "x";
    const { message } = assertThrows(() => metadata.set(name, value as string), TypeError);
    assertMatch(message, new RegExp(`^Cannot set metadata "${name}": found ${found}, expected`));
  }
  assertEquals(metadata.size, 0);
});

test("appendAll passes on what a peer sent, where append would refuse it", () => {
  const received = Metadata.fromHeaders(
    HeaderList.ofStrings(["odd", "caf\u00e9", "n", "1", "n", "2", "o-bin", "AP8"]),
  );
  const metadata = new Metadata({ n: "0" });
  metadata.appendAll(received);
  assertEquals([...metadata], [
    ["n", "0"],
    ["n", "1"],
    ["n", "2"],
    ["odd", "caf\u00e9"],
    ["o-bin", new Uint8Array([0, 255])],
  ]);
  assertThrows(() => metadata.appendAll({ odd: "caf\u00e9" }), TypeError, "printable ASCII");
  assertEquals(metadata.getAll("odd").length, 1);
});

test("metadata: what was sent stays as it was, whatever is changed afterwards", () => {
  const metadata = new Metadata({ a: "1", "b-bin": Uint8Array.of(1) });
  const sent = metadata.toHeaders()!;
  assertEquals(metadata.toHeaders() === sent, true, "it is made once");
  metadata.append("a", "2");
  metadata.set("b-bin", Uint8Array.of(2));
  metadata.delete("c");
  assertEquals([...sent], [["a", "1"], ["b-bin", "AQ"]]);
  assertEquals([...metadata.toHeaders()!], [["a", "1"], ["a", "2"], ["b-bin", "Ag"]]);
  const received = Metadata.fromHeaders(sent);
  received.set("a", "3");
  assertEquals(received.delete("b-bin"), true);
  assertEquals([...sent], [["a", "1"], ["b-bin", "AQ"]]);
  assertEquals([...received], [["a", "3"]]);
});

test("metadata: it may be changed while it is read, and be added to itself", () => {
  const given = { a: ["1", "2"], "b-bin": Uint8Array.of(1), c: "3" };
  const ours = new Metadata(given);
  for (const metadata of [ours, Metadata.fromHeaders(new Metadata(given).toHeaders()!)]) {
    const expected = [["a", "1"], ["a", "2"], ["b-bin", Uint8Array.of(1)], ["c", "3"]];
    const read: unknown[] = [];
    for (const [name, value] of metadata) {
      metadata.delete(name);
      read.push([name, value]);
    }
    assertEquals(read, expected);
    assertEquals(metadata.size, 0);
    metadata.appendAll(given);
    let more = 0;
    for (const [name] of metadata) if (name === "a") metadata.append(name, String(more++));
    assertEquals(metadata.getAll("a"), ["1", "2", "0", "1"]);
    metadata.appendAll(metadata);
    assertEquals(metadata.getAll("a"), ["1", "2", "0", "1", "1", "2", "0", "1"]);
    assertEquals([metadata.getAll("b-bin"), metadata.getAll("c")], [
      [Uint8Array.of(1), Uint8Array.of(1)],
      ["3", "3"],
    ]);
  }
});

test("metadata: fields of one name that came apart are one name's, in order", () => {
  const received = Metadata.fromHeaders(
    HeaderList.of([["a", "1"], ["b", "x"], ["a", "2"], ["c", "y"], ["a", "3"]]),
  );
  assertEquals(received.get("a"), "1");
  assertEquals(received.getAll("A"), ["1", "2", "3"]);
  assertEquals([received.size, received.has("C"), received.has("d")], [3, true, false]);
  assertEquals([...received].map(([name, value]) => `${name}${value}`).join(), "a1,a2,a3,bx,cy");
  const many = Array.from({ length: 100 }, (_, i) => [`n-${i % 50}`, `${i}`] as const);
  assertEquals(Metadata.fromHeaders(HeaderList.of(many)).getAll("n-7"), ["7", "57"]);
});

test("metadata: many names out of their order are read once each, and copied without a look at any other", () => {
  const count = 1_000;
  let looks = 0;
  const pairs = Array.from({ length: count }, (_, i) => [`n-${i % (count - 1)}`, `${i}`] as const);
  const fields = HeaderList.of(pairs).entries.map((field) =>
    new Proxy(field, {
      get: (target, key) => {
        if (key === "name") looks++;
        return Reflect.get(target, key);
      },
    })
  );
  const metadata = Metadata.fromHeaders(new HeaderList(fields));
  assertEquals([...metadata.getAll("n-0"), ...metadata.getAll("n-500")], ["0", `${count - 1}`, "500"]);
  const copy = new Metadata(metadata);
  const added = new Metadata();
  added.appendAll(metadata);
  assertLess(looks, 20 * count); // to look for each of them among all: half a million
  added.append("n-1", "more");
  copy.set("n-2", "other");
  assertEquals([metadata.getAll("n-1"), metadata.get("n-2")], [["1"], "2"]);
  assertEquals([added.getAll("n-1"), copy.get("n-2"), copy.size], [["1", "more"], "other", count - 1]);
});

test("metadata: binary values beside text keep their places through every change", () => {
  const metadata = new Metadata([["a", "1"], ["b-bin", Uint8Array.of(1)], ["c", "2"]]);
  metadata.append("a", "3");
  metadata.append("b-bin", Uint8Array.of(2));
  metadata.set("a", "4");
  assertEquals([...metadata], [["a", "4"], ["b-bin", Uint8Array.of(1)], ["b-bin", Uint8Array.of(2)], [
    "c",
    "2",
  ]]);
  metadata.delete("a");
  metadata.appendAll({ "b-bin": [Uint8Array.of(3)], d: "5" });
  assertEquals(metadata.getAll("b-bin"), [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  assertEquals([metadata.get("c"), metadata.get("d"), metadata.size], ["2", "5", 3]);
});

test("metadata: a long value under two names, and one that is refused however often it comes", () => {
  const token = `Bearer ${"x".repeat(800)}`;
  for (let i = 0; i < 3; i++) {
    const metadata = new Metadata({ authorization: token, "x-copy": token, "x-padded": ` ${token} ` });
    assertEquals([...metadata].map(([name]) => name), ["authorization", "x-copy", "x-padded"]);
    for (const [, value] of metadata) assertEquals(value, token);
    assertThrows(() => metadata.append("x-bad", `${token}\n`), TypeError, "printable ASCII");
  }
  for (let i = 0; i < 2_000; i++) assertEquals(new Metadata({ a: `${token}${i}` }).get("a"), `${token}${i}`);
});
