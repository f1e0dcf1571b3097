// What bench:descriptors, bench:pollers and bench:spin write into docs/pollers.md, and what bench:beside prints.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { root } from "../../.ci/runtimes.mjs";
import { besideTable } from "../../bench/report/beside.mjs";
import { cpuTable, descriptorsChart, rateTable, withinLimit } from "../../bench/report/descriptors.mjs";
import { fillMarked } from "../../bench/report/marked.mjs";
import { pollersTable } from "../../bench/report/pollers.mjs";
import { spinTable } from "../../bench/report/spin.mjs";
import { test } from "../harness.ts";

/** The cells of a table, without its line of dashes. */
function cells(table: string): string[][] {
  return table.split("\n").filter((_, i) => i !== 1).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
}

const contender = (
  name: string,
  call: string,
  grpc: boolean,
  ...perCount: Array<Array<[number, number]>>
) => ({
  name,
  call,
  grpc,
  figures: new Map(
    perCount.map((rounds, i) => [10 ** (i + 1) * 10, rounds.map(([rate, cpu]) => ({ rate, cpu }))]),
  ),
});

const CONTENDERS = [
  contender("poll, C", "poll", false, [[30_000, 25]], [[5_000, 190]]),
  contender("epoll, Deno", "epoll", false, [[20_000, 22], [9, 900], [21_000, 20.54]], [[1, 1234.5]]),
  contender("epoll, Deno", "epoll", true, [[39_840, 24]], [[500, 900]]),
];

test("descriptors: echoes have CPU, gRPC servers have rates; medians of rounds", () => {
  assertEquals(cells(cpuTable(CONTENDERS)), [
    ["idle connections", "100", "1,000"],
    ["poll, C", "25.0", "190"],
    ["epoll, Deno", "22.0", "1,235"],
  ]);
  assertEquals(cells(rateTable(CONTENDERS)), [
    ["idle connections", "100", "1,000"],
    ["epoll, Deno", "39.8k", "500"],
  ]);
});

test("descriptors: the chart has a line a contender, of one colour a poller, in both themes and inside the drawing", () => {
  const chart = descriptorsChart([
    CONTENDERS[0]!,
    CONTENDERS[2]!,
    ...["Deno", "Bun", "C"].map((place) =>
      contender(`epoll, ${place}`, "epoll", false, [[1, 22]], [[1, 22]])
    ),
    contender("io_uring, Deno", "io_uring", false, [[1, 22]], [[1, 22]]),
  ]);
  assertEquals(chart.match(/<path d="M[^"]+" class="line c\d"/g)?.length, 5);
  assertEquals(
    new Set(chart.match(/class="line c\d"/g)),
    new Set([1, 2, 3].map((colour) => `class="line c${colour}"`)),
  );
  assertEquals(chart.match(/stroke-dasharray="[^"]+"/g), [
    'stroke-dasharray="6 4"',
    'stroke-dasharray="2 3"',
    'stroke-dasharray="6 4"',
  ]);
  assert(chart.includes("prefers-color-scheme: dark"));
  const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(chart)![1]);
  const places = [...chart.matchAll(/<text x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
  assert(places.every((y) => y > 0 && y < height));
  const names = [...chart.matchAll(/y="([\d.]+)"[^>]*>(?:epoll|io_uring), /g)].map(([, y]) => Number(y)).sort(
    (a, b) => a - b,
  );
  assertEquals(names.length, 4);
  assert(names.every((y, i) => i === 0 || y - names[i - 1]! >= 14), "names lie one over the other");
});

test("descriptors: as many as the limit allows, and none twice", () => {
  assertEquals(withinLimit([10, 1_000, 19_000], 20_000), [10, 1_000, 19_000]);
  assertEquals(withinLimit([10, 1_000, 19_000], Infinity), [10, 1_000, 19_000]);
  assertEquals(withinLimit([10, 1_000, 5_000, 19_000], 4_096), [10, 1_000, 3_000]);
  assertEquals(withinLimit([10, 1_000, 5_000], 1_024), [10, 824]);
});

test("spin: medians, and rates beside C++'s round by round", () => {
  const round = (rate: number, p99: number) => ({ rate, p50: 20, p99, p999: 400.4, cpu: 21.26 });
  const table = spinTable([
    { name: "epoll, Bun", spin: "50", rounds: [round(30_000, 100), round(10_000, 300), round(44_000, 90)] },
    { name: "C++ gRPC", spin: "", rounds: [round(15_000, 170), round(4_000, 170), round(20_000, 170)] },
  ]);
  assertEquals(cells(table).slice(1), [
    ["epoll, Bun", "50", "30.0k", "2.2x", "20", "100", "400", "21.3"],
    ["C++ gRPC", "", "15.0k", "", "20", "170", "400", "21.3"],
  ]);
});

test("spin: without C++ nothing is compared", () => {
  const rounds = [{ rate: 30_000, p50: 1, p99: 2, p999: 3, cpu: 4 }];
  assertEquals(cells(spinTable([{ name: "epoll, Deno", spin: "0", rounds }]))[1]![3], "");
});

test("pollers: a row a scenario, and what the last one takes of the first one's CPU or memory", () => {
  const result = (
    scenario: string,
    contender: string,
    unit: string,
    ...rounds: Array<[number, number?]>
  ) => ({
    scenario,
    contender,
    unit,
    side: "server",
    load: "generator",
    better: "more",
    ours: true,
    rounds: rounds.map(([value, cpuMicroseconds]) => ({
      value,
      server: cpuMicroseconds === undefined ? { rssBytes: 1 } : { cpuMicroseconds },
    })),
  });
  const of = (poller: string, runtime: string) => `pollwire ${poller}, ${runtime}`;
  const results = [
    result("unary-1x1-16", of("epoll", "Deno"), "calls/s", [20_000, 25], [30_000, 50]),
    result("unary-1x1-16", of("io_uring", "Deno"), "calls/s", [20_000, 20], [30_000, 45]),
    result("idle-connections-4000", of("epoll", "Deno"), "KiB each", [12]),
    result("idle-connections-4000", of("io_uring", "Deno"), "KiB each", [9]),
    { ...result("connect", of("epoll", "Deno"), "connections/s"), rounds: [null], error: "failed" },
  ];
  const table = pollersTable({ results }, ["Deno"], ["epoll", "io_uring"]);
  assertEquals(cells(table), [
    ["", "epoll, Deno", "io_uring, Deno", "io_uring takes"],
    ["unary-1x1-16, calls/s", "25.0k (37.5)", "25.0k (32.5)", "0.85x"],
    ["idle-connections-4000, KiB each", "12.0", "9.0", "0.75x"],
    ["connect, connections/s", "", "", ""],
  ]);
});

test("marked: a place gets its content, and one that there is none for keeps what it has", () => {
  const text = "a\n<!-- bench:one -->\n\nold\n\n<!-- /bench -->\nb\n<!-- bench:two -->\n<!-- /bench -->\n";
  const filled = fillMarked(text, (name: string) => name === "two" ? "$& new" : undefined);
  assertEquals(filled, text.replace("two -->\n", () => "two -->\n\n$& new\n\n"));
});

test("marked: docs/pollers.md has the places that its programs fill", () => {
  const text = readFileSync(`${root}docs/pollers.md`, "utf8");
  for (
    const name of [
      "descriptors",
      "descriptors-grpc",
      "descriptors-run",
      "pollers",
      "pollers-run",
      "spin",
      "spin-run",
    ]
  ) {
    assert(text.includes(`<!-- bench:${name} -->`), name);
  }
});

test("beside: the median of pairs of processes, how far they are apart, and microseconds", () => {
  const pair = (ratio: number, measured: number, other: number) => ({ ratio, measured, other });
  const pairs = [pair(1.04, 1_560, 1_500), pair(0.9, 1_350, 1_500), pair(1.021, 1_532, 1_500)];
  const result = { side: "server", contender: "epoll, Bun", other: "epoll, Bun, base", scenario: "a", pairs };
  const large = { ...result, scenario: "b", pairs: [pair(0.996, 1_234_567, 1_239_000)] };
  assertEquals(cells(besideTable([result, large])), [
    ["", "", "CPU", "pairs", "CPU us", "beside"],
    ["server, epoll, Bun beside epoll, Bun, base", "a", "+2.1%", "-10.0% to +4.0%", "1.53", "1.50"],
    ["server, epoll, Bun beside epoll, Bun, base", "b", "-0.4%", "-0.4% to -0.4%", "1235", "1239"],
  ]);
});
