// What a run says: colours that can be read, tables that fit, failures last, and whether the machine was busy.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertThrows } from "@std/assert";
import { busyness, disturbance } from "../../bench/measure/disturbance.mjs";
import { readFigures } from "../../bench/report/figures.mjs";
import { html } from "../../bench/report/html.mjs";
import { contrast, PALETTE } from "../../bench/report/palette.mjs";
import { tables } from "../../bench/report/table.mjs";
import { describe, SCENARIOS } from "../../bench/scenarios.mjs";
import { lineChart } from "../../bench/report/lines.mjs";
import { test } from "../harness.ts";

interface Round {
  value: number;
  server?: { cpuMicroseconds: number; rssBytes: number };
  disturbance?: { others: number; stolen: number };
}

function result(contender: string, rounds: Round[], rest: Record<string, unknown> = {}) {
  const known = { ours: false, version: "1", scenario: "unary-10x100-16", unit: "calls/s", better: "more" };
  return { contender, ...known, side: "server", load: "generator", rounds, ...rest };
}

function report(results: unknown[]) {
  const runtimes = { deno: "2.9.6", bun: "1.4.5", node: "20.20.2" };
  const machine = { date: "2026-01-01", processor: "p", cores: 2, system: "Linux 6", pinned: true, runtimes };
  return { machine: { ...machine, loadAverages: [0.1, 1.2] }, command: { rounds: 3, seconds: 1 }, results };
}

/** A round in which others took a share of the machine. */
function round(value: number, others = 0): Round {
  const latencyMicroseconds = [[0.5, 70_123], [0.99, 2_000_000]];
  const server = { cpuMicroseconds: 1e9 / value, rssBytes: 123e6 };
  return { value, server, latencyMicroseconds, disturbance: { others, stolen: 0 } } as Round;
}

for (const [theme, colors] of Object.entries(PALETTE)) {
  test(`report: ${theme} colours pass AA: text by 4.5 to 1, bars and the line over them by 3 to 1`, () => {
    for (const text of ["ink", "soft", "failed", "busy"] as const) {
      assertGreaterOrEqual(contrast(colors[text], colors.page), 4.5, text);
    }
    for (const bar of ["ours", "others"] as const) {
      assertGreaterOrEqual(contrast(colors[bar], colors.page), 3, bar);
      assertGreaterOrEqual(contrast(colors.ink, colors[bar]), 3, `the line over ${bar}`);
    }
  });
}

test("report: contrast is WCAG's: black on white is 21 to 1, #767676 the lightest grey for text on white", () => {
  assertEquals(contrast("#000000", "#ffffff"), 21);
  assertGreaterOrEqual(contrast("#767676", "#ffffff"), 4.5);
  assertLessOrEqual(contrast("#777777", "#ffffff"), 4.5);
});

test("report: no line of the terminal has more than 120 columns, whatever names, figures and errors are", () => {
  const long = "pollwire epoll x2 workers, Deno, a-folder-with-a-name-that-is-much-longer-than-others";
  const results = SCENARIOS.flatMap(({ id, unit }: { id: string; unit: string }) => [
    result(long, [round(1_234_567), round(9)], { ours: true, scenario: id, unit }),
    result("C++ gRPC", [round(123_456)], { scenario: id, unit }),
    result("Go gRPC", [round(123_456)], { scenario: id, unit }),
    result(`${long} that failed`, [], { error: "reason ".repeat(40), scenario: id, unit }),
  ]);
  const lines = tables(report(results));
  assertGreaterOrEqual(lines.length, 5 * SCENARIOS.length);
  for (const line of lines) assertLessOrEqual(line.length, 120, line);
});

test("report: failures are last and short, on the terminal and on the page", () => {
  const error = `a reason that is told at length ${"x".repeat(300)}\n  and goes on`;
  const results = [
    result("broken", [], { error }),
    result("Go gRPC", [round(2)]),
    result("C++ gRPC", [round(1)]),
  ];
  const lines = tables(report(results));
  assert(lines.at(-1)!.startsWith("broken failed: a reason that is told"), lines.at(-1));
  const page = html(report(results));
  const [, shown] = /<p class="failed"[^>]*>([^<]*)<\/p><\/figure>/.exec(page)!;
  assertLessOrEqual(shown!.length, 110);
});

test("report: the page has CPU a call open, and what scenarios are in words", () => {
  const page = html(report([result("Go gRPC", [round(2), round(3)])]));
  assert(/<details open><summary>CPU a call/.test(page));
  assert(page.includes(describe("unary-10x100-16")));
  for (const { id } of SCENARIOS) assert(/^[A-Z].{24,}/.test(describe(id)), `${id}: ${describe(id)}`);
});

test("report: ratios are to C++ and Go by their names", () => {
  const lines = tables(report([
    result("pollwire", [round(20)], { ours: true }),
    result("grpc-js", [round(19)]),
    result("C++ gRPC", [round(10)]),
    result("Go gRPC", [round(5)]),
  ]));
  const head = lines.find((line: string) => line.includes("calls/s"))!.split("|").map((cell: string) =>
    cell.trim()
  );
  const ours = lines.find((line: string) => line.includes("pollwire"))!.split("|").map((cell: string) =>
    cell.trim()
  );
  const of = (title: string) => ours[head.indexOf(title)];
  assertEquals([of("x C++"), of("x Go"), of("CPU/C++"), of("CPU/Go")], [
    "2.00",
    "4.00",
    "0.500",
    "0.250",
  ]);
});

test("report: a machine of which others took a part is busy, and the first lines say so", () => {
  const quiet = report([result("a", [round(1), round(1), round(1), round(1), round(1, 0.5)])]);
  assertEquals(busyness(quiet).busy, false);
  const busy = report([result("a", [round(1), round(1, 0.5), round(1, 0.4)])]);
  assertEquals(busyness(busy).busy, true);
  assert(tables(busy).slice(0, 4).some((line: string) => line.startsWith("THE MACHINE WAS BUSY")));
  assert(html(busy).includes('<p class="busy">THE MACHINE WAS BUSY'));
  assert(!html(quiet).includes("MACHINE WAS BUSY"));
});

test("report: what others took is the machine's work without our own", () => {
  const from = { work: 1_000, stolen: 10, all: 10_000 };
  const to = { work: 9_000, stolen: 110, all: 20_000 };
  assertEquals(disturbance(from, to, 6_000), { others: 0.2, stolen: 0.01 });
  assertEquals(disturbance(from, to, 9_000)!.others, 0);
  assertEquals(disturbance(undefined, to, 1), undefined);
});

test("report: rounds that lie far apart are marked", () => {
  const lines = tables(
    report([result("steady", [round(100), round(101)]), result("wild", [round(50), round(150)])]),
  );
  assert(lines.some((line: string) => line.includes("wild") && line.includes("50%!")));
  assert(!lines.some((line: string) => line.includes("steady") && line.includes("!")));
});

test("report: lines by powers of ten, each with its name at its end and none over another", () => {
  const values = (last: number): Array<[number, number]> => [[10, 20], [1_000, 25], [20_000, last]];
  const drawing = lineChart({
    what: "a <chart>",
    across: "idle",
    up: "us",
    lines: [
      { name: "one", points: values(30), colour: 0, dash: "" },
      { name: "two", points: values(31), colour: 1, dash: "6 4" },
      { name: "far", points: values(3_000), colour: 2, dash: "" },
    ],
  });
  assertEquals(drawing.match(/class="line /g)?.length, 3);
  assertEquals(drawing.match(/<circle/g)?.length, 9);
  assertEquals(drawing.match(/stroke-dasharray/g)?.length, 1);
  assert(drawing.includes("a &#60;chart&#62;"));
  const heights = ["one", "two", "far"].map((name) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(drawing)![1])
  );
  assert(Math.abs(heights[0]! - heights[1]!) >= 14, heights.join());
  assert(heights[2]! < heights[0]! - 100, "a hundred times as much is higher up");
});

test("report: a file that has no figures of a run is said in one sentence, and what it lacks", () => {
  const folder = mkdtempSync(join(tmpdir(), "figures-"));
  try {
    const file = join(folder, "run.json");
    for (
      const [text, says] of [
        ["null", 'it has no "machine"; `npm run bench` writes them by --json=FILE'],
        ['{"machine": {}, "command": {}}', 'it has no "results"; `npm run bench` writes them by --json=FILE'],
        [
          JSON.stringify(report([result("deno", []), {}])),
          'its result 2 has no "rounds"; `npm run bench` writes them by --json=FILE',
        ],
      ]
    ) {
      writeFileSync(file, text!);
      assertThrows(() => readFigures(file), Error, `Cannot read figures from ${file}: ${says}`);
    }
    const whole = report([result("deno", [round(1)])]);
    writeFileSync(file, JSON.stringify(whole));
    assertEquals(readFigures(file), JSON.parse(JSON.stringify(whole)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
