// docs/http2.md names a test for each sentence, or says why there is none: that each of them exists.
import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "./harness.ts";

const ROOT = new URL("../", import.meta.url);
const PAGE = "docs/http2.md";

/** Titles of the tests in `source`; "…" stands for what a template fills in. */
function titlesOf(source: string): string[] {
  return [...source.matchAll(/\btest\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs)]
    .map(([, , title]) => title!.replace(/\$\{[^}]*\}/g, "…").replace(/\\(.)/g, "$1"));
}

function everyTitle(): Set<string> {
  const files = readdirSync(new URL("tests/", ROOT), { recursive: true, encoding: "utf8" });
  const sources = files.map((file) => file.replaceAll("\\", "/")).filter((file) => file.endsWith("_test.ts"));
  return new Set(sources.flatMap((file) => titlesOf(readFileSync(new URL(`tests/${file}`, ROOT), "utf8"))));
}

/** The cells of each row of the tables in `page`, by the heading of its last column. */
function rowsOf(page: string): Array<[column: string, cells: string[]]> {
  const rows: Array<[string, string[]]> = [];
  let column: string | undefined = undefined;
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) {
      column = undefined;
      continue;
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (column === undefined) column = cells.at(-1)!;
    else if (!/^[-: ]+$/.test(cells[0]!)) rows.push([column, cells]);
  }
  return rows;
}

/** What is wrong with `page`, where tests have `titles`. */
function faultsOf(page: string, titles: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  for (const [column, cells] of rowsOf(page)) {
    const [where, sentence] = cells as [string, string];
    const last = cells.at(-1)!;
    if (cells.some((cell) => cell === "")) faults.push(`${where}: an empty cell`);
    if (column !== "Test") continue;
    const named = [...last.matchAll(/`([^`]*)`/g)].map(([, title]) => title!);
    if (named.length === 0) faults.push(`${where}, "${sentence}": no test`);
    for (const title of named) {
      if (!titles.has(title)) faults.push(`${where}, "${sentence}": there is no test "${title}"`);
    }
  }
  return faults;
}

test("docs/http2.md: each sentence has a test that exists, each leniency a reason", () => {
  const page = readFileSync(new URL(PAGE, ROOT), "utf8");
  assertEquals(faultsOf(page, everyTitle()), []);
  const columns = rowsOf(page).map(([column]) => column);
  assert(columns.filter((column) => column === "Test").length > 150, "the tables are not found");
  assert(columns.filter((column) => column === "Why").length > 10, "the leniencies are not found");
});

test("docs/http2.md: that a sentence without a test, or a test that is none, can fail", () => {
  const page = (cell: string) =>
    `| Section | Requirement | Test |\n| --- | --- | --- |\n| 1 | r | ${cell} |\n`;
  const titles = new Set(titlesOf('test("a", f);\ntest(`b ${c} d`, f);\n test(\n  "e", f)'));
  for (const good of ["`a`", "`b … d`<br>`e`"]) assertEquals(faultsOf(page(good), titles), []);
  for (const bad of ["", "none", "`c`", "`a`<br>`b`"]) {
    assertEquals(faultsOf(page(bad), titles).length > 0, true, bad);
  }
});
