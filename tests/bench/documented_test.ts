// The tables that documents quote: each is measured by a plan, and comes into the place that is marked for it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { PLANS, TABLES } from "../../bench/documented.mjs";
import { fill } from "../../bench/report/markdown.mjs";
import { selectScenarios } from "../../bench/scenarios.mjs";
import { test } from "../harness.ts";

interface Table {
  side: string;
  load?: string;
  columns: Array<Array<string>>;
}

function result(contender: string, scenario: string, value: number, cpuMicroseconds: number, rest = {}) {
  const side = { server: { cpuMicroseconds, rssBytes: 1e6 } };
  const known = { unit: "calls/s", better: "more", side: "server", load: "generator", version: "1.0" };
  return {
    contender,
    ours: contender.startsWith("pollwire"),
    scenario,
    ...known,
    ...rest,
    rounds: [{ value, ...side }],
  };
}

function report(results: unknown[]) {
  const runtimes = { deno: "2.9.6", bun: "1.4.5" };
  const machine = {
    date: "2026-01-01",
    commit: "abc1234",
    processor: "p",
    cores: 2,
    system: "Linux 6",
    runtimes,
  };
  return { machine: { ...machine, loadAverages: [0.1, 1.2] }, command: { rounds: 3, seconds: 0.4 }, results };
}

const marked = (name: string) =>
  `before\n<!-- bench:${name} -->\n\nwhat was there\n\n<!-- /bench -->\nafter\n`;

/** The cells of the line that begins with `name`. */
function cells(text: string, name: string): string[] {
  const line = text.split("\n").find((line) => line.startsWith(`| ${name} |`)) ?? "";
  return line.split("|").slice(2, -1).map((cell) => cell.trim());
}

test("documented: what every table shows is measured by a plan, on its side", () => {
  for (const [name, { side, columns }] of Object.entries(TABLES as unknown as Record<string, Table>)) {
    for (const [, scenario] of columns) {
      const measured = PLANS.some(({ scenarios, sides }) =>
        sides.includes(side) && selectScenarios(scenarios).some(({ id }: { id: string }) => id === scenario)
      );
      assert(measured, `${name}: ${scenario}`);
    }
  }
});

test("documented: every place in the documents is one of a table that there is, and every table but one has a place", () => {
  const places: string[] = [];
  for (const file of ["docs/performance.md", "README.md"]) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    places.push(...[...text.matchAll(/<!-- bench:([a-z0-9-]+) -->\n/g)].map(([, name]) => name!));
    fill(text, report([]));
  }
  for (const name of ["run", "aims", ...Object.keys(TABLES)]) assert(places.includes(name), name);
  assertThrows(() => fill(marked("nothing"), report([])), Error, 'Cannot write table "nothing"');
});

test("documented: a table has ours first, figures in its columns, and leaves the rest of the file alone", () => {
  const filled: string = fill(
    marked("servers"),
    report([
      result("pollwire native, Deno", "unary-10x100-16", 5, 5, { load: "h2load" }),
      result("C++ gRPC", "unary-10x100-16", 7_050_000, 14.1),
      result("pollwire epoll, Bun", "unary-10x100-16", 970_000, 1.02),
      result("pollwire native, Deno", "unary-10x100-16", 1_020_000, 0.953),
      result("pollwire native, Deno", "unary-1x1-16", 12_100, 41.2),
    ]),
  );
  assert(
    filled.startsWith("before\n<!-- bench:servers -->\n") && filled.endsWith("<!-- /bench -->\nafter\n"),
  );
  assert(!filled.includes("what was there"));
  assertEquals(cells(filled, "pollwire native, Deno"), ["12.1k (41.2)", "", "1.02M (0.953)", "", ""]);
  assertEquals(cells(filled, "C++ gRPC"), ["", "", "7.05M (14.1)", "", ""]);
  const names = filled.split("\n").filter((line) => line.startsWith("| ")).map((line) =>
    line.split("|")[1]!.trim()
  );
  assertEquals(names.slice(2), ["pollwire native, Deno", "pollwire epoll, Bun", "C++ gRPC"]);
  assertEquals(fill(filled, report([])).includes("1.02M"), false);
});

test("documented: aims are reached or not by the figures of the run, and said not to be measured where they were not", () => {
  const filled = fill(
    marked("aims"),
    report([
      result("pollwire native, Deno", "headers-five", 100_000, 5.9),
      result("pollwire native, Bun", "headers-five", 100_000, 6.1),
      result("C++ gRPC", "unary-1x1-16", 10_000, 60),
      result("pollwire native, Deno", "unary-1x1-16", 10_600, 40),
      result("pollwire native, Bun", "unary-1x1-16", 10_400, 40),
    ]),
  );
  assertEquals(cells(filled, "five headers each way: 6 us"), ["5.90 us: reached", "6.10 us: not reached"]);
  assertEquals(cells(filled, "server, 1 x 1: 1.05x C++, native"), ["1.06x: reached", "1.04x: not reached"]);
  assertEquals(cells(filled, "1, 16, 100 MB: 1x the faster of C++ and Go"), ["not measured", "not measured"]);
});

test("documented: the line of the run says commit, date and whether the machine was busy", () => {
  const round = { value: 1, disturbance: { others: 0.5, stolen: 0 } };
  const filled = fill(
    marked("run"),
    report([{ ...result("Go gRPC", "unary-1x1-16", 1, 1), rounds: [round] }]),
  );
  for (
    const part of ["2026-01-01, commit abc1234", "Go gRPC 1.0", "THE MACHINE WAS BUSY", "50% of the machine"]
  ) {
    assert(filled.includes(part), `${part}: ${filled}`);
  }
});
