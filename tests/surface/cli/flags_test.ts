import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../surface/cli/exit_codes.ts";
import { type FlagTable, readFlags } from "../../../surface/cli/flags.ts";
import { test } from "../../harness.ts";

const TABLE = {
  plaintext: { kind: "switch", help: "" },
  data: { kind: "text", value: "JSON", help: "", aliases: ["d"] },
  "max-time": { kind: "number", value: "SECONDS", help: "" },
  header: { kind: "list", value: "NAME: VALUE", help: "", aliases: ["H"] },
  "import-path": { kind: "list", value: "DIR", help: "", aliases: ["I"] },
  cert: { kind: "text", value: "FILE", help: "" },
  format: { kind: "text", value: "NAME", help: "", choices: ["json", "text"] },
} as const satisfies FlagTable;

const read = (...given: string[]) => readFlags(TABLE, given);

test("flags have one dash or two, values behind a space or an equals sign, and stand anywhere", () => {
  for (
    const given of [
      ["-plaintext", "-d", "{}", "-max-time", "1.5", "a", "b"],
      ["a", "--plaintext=true", "b", "--d={}", "--max-time=1.5"],
      ["--max-time", "1.5", "a", "--data", "{}", "--plaintext", "b"],
      ["-d{}", "-max-time=1.5", "-plaintext", "--", "a", "b"],
    ]
  ) {
    const { flags, args } = read(...given);
    assertEquals([flags.plaintext, flags.data, flags["max-time"]], [true, "{}", 1.5], given.join(" "));
    assertEquals(args, ["a", "b"]);
  }
});

test("flags that are not given are false, undefined or an empty list", () => {
  assertEquals(read().flags, {
    plaintext: false,
    data: undefined,
    "max-time": undefined,
    header: [],
    "import-path": [],
    cert: undefined,
    format: undefined,
  });
  assertEquals(read("-plaintext", "-plaintext=false").flags.plaintext, false);
});

test("a list keeps every value in order, of the short name written together with its value too", () => {
  const { flags } = read("-H", "a: b", "-Ha: c", "--header=-x", "-I.", "-Iprotos");
  assertEquals(flags.header, ["a: b", "a: c", "-x"]);
  assertEquals(flags["import-path"], [".", "protos"]);
});

test("values may begin with a dash; - alone and all behind -- are no flags", () => {
  const { flags, args } = read("-d", "-5", "-", "--", "-plaintext", "--");
  assertEquals(flags.data, "-5");
  assertEquals(flags.plaintext, false);
  assertEquals(args, ["-", "-plaintext", "--"]);
});

test("a wrong flag is refused, with what was probably meant", () => {
  const message = (...given: string[]) => assertThrows(() => read(...given), UsageError).message;
  assertEquals(message("-plaintxt"), "There is no flag -plaintxt; did you mean --plaintext?");
  for (const given of [["-cert", ""], ["-cert="]]) {
    assertEquals(message(...given), 'Cannot read -cert "": expected a file');
  }
  assertEquals(message("--maxtime=1"), "There is no flag --maxtime; did you mean --max-time?");
  assertEquals(message("-max-time"), "Cannot read -max-time: it needs a value, as -max-time SECONDS");
  assertEquals(message("-max-time", "soon"), "Cannot read -max-time soon: expected a number, 0 or above");
  assertEquals(message("-max-time=-1"), "Cannot read -max-time -1: expected a number, 0 or above");
  assertEquals(
    message("--plaintext=maybe"),
    "Cannot read --plaintext=maybe: expected no value, true or false",
  );
  assertEquals(message("--format", "xml"), "Cannot read --format xml: expected one of json, text");
});
