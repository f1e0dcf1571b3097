// Which names and values metadata may have: the grammar of Custom-Metadata in PROTOCOL-HTTP2.md, octet by octet.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Metadata } from "pollwire";
import { HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";

/** Every UTF-16 code unit, the lone surrogates among them, as a string of its own. */
const UNITS = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

/** The units that `use` takes without throwing. */
function accepted(use: (unit: string) => void): string {
  return UNITS.filter((unit) => {
    try {
      use(unit);
      return true;
    } catch (error) {
      assert(error instanceof TypeError, String(error));
      return false;
    }
  }).join("");
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const PRINTABLE = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join("");

test('Header-Name: digits, letters, "_", "-" and ".", and of other scripts nothing that lower-cases to them', () => {
  const names = accepted((unit) => new Metadata().set(unit, "v"));
  assertEquals(names, `-.0123456789${LETTERS.toUpperCase()}_${LETTERS}`);
});

test("Header-Name: capitals are sent as small letters, whichever way they came in", () => {
  const metadata = new Metadata([["X-First", "1"]]);
  metadata.set("X-Second", "2");
  metadata.append("X-THIRD", "3");
  metadata.append("X-Raw-BIN", Uint8Array.of(1));
  assertEquals([...metadata.toHeaders()!].map(([name]) => name), [
    "x-first",
    "x-second",
    "x-third",
    "x-raw-bin",
  ]);
});

test("ASCII-Value: space and printable ASCII, nothing else", () => {
  assertEquals(accepted((unit) => new Metadata().set("x", `a${unit}a`)), PRINTABLE);
});

test("ASCII-Value: every printable character arrives as it was sent", () => {
  const [[, value]] = [...new Metadata({ x: `|${PRINTABLE}|` }).toHeaders()!] as [[string, string]];
  assertEquals(value, `|${PRINTABLE}|`);
});

test("ASCII-Value: commas do not part it, for only binary values are lists", () => {
  const headers = new Metadata({ x: "1, 2,3" }).toHeaders()!;
  assertEquals(Metadata.fromHeaders(headers).getAll("x"), ["1, 2,3"]);
});

test("Binary-Header: octets of every value and length, the empty one too, arrive as they were sent", () => {
  const values = Array.from(
    { length: 260 },
    (_, length) => Uint8Array.from({ length }, (_, i) => i + length),
  );
  const headers = new Metadata({ "x-bin": values }).toHeaders()!;
  for (const [, value] of headers) assertMatch(value, /^[A-Za-z0-9+/]*$/); // base64 without padding
  assertEquals(Metadata.fromHeaders(headers).getAll("x-bin"), values);
});

test("Binary-Header: a view is sent as the octets it shows", () => {
  const view = Uint8Array.of(9, 1, 2, 9).subarray(1, 3);
  assertEquals([...new Metadata({ "x-bin": view }).toHeaders()!], [["x-bin", "AQI"]]);
});

test('Binary-Header: only "-bin" at the end makes one', () => {
  for (const name of ["bin", "x-bin-y", "xbin", "x-bi", "x-binary"]) {
    assertEquals(new Metadata({ [name]: "text" }).get(name), "text");
    assertThrows(() => new Metadata({ [name]: Uint8Array.of(1) }), TypeError, name);
  }
  for (const value of ["text", new ArrayBuffer(1), [1], 1, null, undefined]) {
    const error = assertThrows(() => new Metadata().set("x-bin", value as string), TypeError);
    assertMatch(error.message, /"x-bin".*Uint8Array/);
  }
});

test("[C82] reserved: pseudo-headers, grpc- and the call's own fields, in any case, and the message says so", () => {
  const names = [
    "grpc-timeout",
    "GRPC-Encoding",
    "grpc-message",
    "grpc-anything",
    "Te",
    "Content-Type",
    "host",
  ];
  for (const name of names) {
    const error = assertThrows(() => new Metadata({ [name]: "v" }), TypeError);
    assertMatch(error.message, new RegExp(`"${name}".*reserved`));
  }
});

test("reserved: grpc without the hyphen is free", () => {
  assertEquals(new Metadata({ grpc: "1", "grpcx-a": "2", "x-grpc-a": "3" }).size, 3);
});

test("a refused name or value leaves metadata as it was", () => {
  const metadata = new Metadata({ a: ["1", "2"] });
  assertThrows(() => metadata.set("a", "\n"), TypeError);
  assertThrows(() => metadata.append("a", "é"), TypeError);
  assertThrows(() => metadata.set("a b", "1"), TypeError);
  assertEquals([...metadata], [["a", "1"], ["a", "2"]]);
});

test("names of objects' own methods are names like others", () => {
  const names = ["constructor", "__proto__", "tostring", "hasownproperty"];
  const metadata = new Metadata(names.map((name) => [name, name] as const));
  assertEquals(names.map((name) => metadata.get(name)), names);
  assertEquals(new Metadata().get("constructor"), undefined);
});

test("ASCII-Value: metadata that was received may be copied and sent back, though it is none of ours", () => {
  const received = Metadata.fromHeaders(
    HeaderList.of([["x", "caf\xc3\xa9"], ["x!", "a\tb"], ["y-bin", "AP8"]]),
  );
  const copy = new Metadata(received);
  copy.set("z", "1");
  assertEquals([...copy.toHeaders()!], [["x", "caf\xc3\xa9"], ["x!", "a\tb"], ["y-bin", "AP8"], ["z", "1"]]);
  assertEquals(received.size, 3);
});

test("a Metadata can be made from another, and is another", () => {
  const one = new Metadata({ a: ["1", "2"], "b-bin": Uint8Array.of(3) });
  const other = new Metadata(one);
  assertEquals([...other], [...one]);
  other.append("a", "3");
  one.getAll("a").push("4"); // a copy
  assertEquals([one.getAll("a"), other.getAll("a")], [["1", "2"], ["1", "2", "3"]]);
});
