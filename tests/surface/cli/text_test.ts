import { assert, assertEquals } from "@std/assert";
import { cut, fold, styleOf, table, widthOf } from "../../../surface/cli/text.ts";
import { test } from "../../harness.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const plain = styleOf(new FakeTerminal().out);
const colours = styleOf(Object.assign(new FakeTerminal().out, { colours: true }));

test("colours are there where the output wants them, and take no width", () => {
  assertEquals(plain.red("x"), "x");
  assertEquals(colours.red("x"), "\x1b[31mx\x1b[39m");
  assertEquals(widthOf(colours.red("x")), 1);
  assertEquals([widthOf("漢字"), widthOf("🚀"), widthOf("e\u0301")], [4, 2, 1]);
});

test("text is folded at spaces, and cut with an ellipsis", () => {
  assertEquals(fold("aa bb cc dd", 5), "aa bb\ncc dd");
  assertEquals(fold("aa bb cc", 5, "  "), "aa bb\n  cc");
  assertEquals(fold("a-long-word b", 5), "a-long-word\nb");
  assertEquals(cut("abcdef", 4), "abc…");
  assertEquals(cut("漢字漢字", 4), "漢…");
  assertEquals(cut(colours.red("abcdef"), 4), "\x1b[31mabc…\x1b[0m");
});

test("a table cuts its elastic columns until it fits", () => {
  const columns = [{ title: "NAME", elastic: true }, { title: "N", right: true }];
  const rows = [["a".repeat(30), "1"], ["b", "100"]];
  assertEquals(table(columns, rows, 80, plain), [
    `NAME${" ".repeat(26)}    N`,
    `${"a".repeat(30)}    1`,
    `b${" ".repeat(29)}  100`,
  ]);
  for (const line of table(columns, rows, 20, plain)) assert(line.length <= 20, line);
});

test("a table leaves optional columns out before it cuts others", () => {
  const columns = [{ title: "NAME", elastic: true }, { title: "A", optional: true }, {
    title: "B",
    optional: true,
  }];
  const rows = [["a".repeat(10), "1", "2"]];
  assertEquals(table(columns, rows, 15, plain), [`NAME${" ".repeat(8)}A`, `${"a".repeat(10)}  1`]);
  assertEquals(table(columns, rows, 8, plain), ["NAME", "aaaaaaa…"]);
});
