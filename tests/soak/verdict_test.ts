// The verdict of a soak: what passes, what fails, and what is too short to say.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { chart } from "./chart.mjs";
import { header, line } from "./lines.mjs";
import { collectsAfter, judge } from "./verdict.mjs";

const MINUTES = 36;

interface Row {
  atMs: number;
  calls: number;
  errors: number;
  wrong: number;
  byKind: Record<string, number>;
  server: Record<string, number | undefined>;
  client: Record<string, number | undefined>;
}

/** A row a minute, of a process that holds the same from the beginning but for what `server` says of minute `i`. */
function soaked(server: (i: number) => Record<string, number | undefined>, minutes = MINUTES): Row[] {
  const held = { rss: 90e6, heap: 12e6, external: 4e6, descriptors: 30, threads: 8 };
  return Array.from({ length: minutes }, (_, i) => ({
    atMs: (i + 1) * 60_000,
    calls: (i + 1) * 6_000,
    errors: (i + 1) * 900,
    wrong: 0,
    byKind: { unary: (i + 1) * 6_000 },
    server: { ...held, ...server(i) },
    client: held,
  }));
}

/** Criteria that failed, by their first words. */
const failed = (rows: Row[]) =>
  judge(rows).findings.filter(({ ok }) => ok === false).map(({ text }) => text.split(":")[0]);

test("soak verdict: a level process passes, every criterion judged", () => {
  const { passed, findings } = judge(soaked(() => ({})));
  assertEquals([passed, findings.map(({ ok }) => ok)], [true, Array(11).fill(true)]);
});

test("soak verdict: warm-up passes, and so do single rows that jump", () => {
  assertEquals(failed(soaked((i) => ({ rss: 90e6 + Math.min(i, 11) * 8e6 }))), []);
  const jumps = (i: number) => (i % 9 === 8 ? { rss: 400e6, heap: 200e6, descriptors: 90, threads: 40 } : {});
  assertEquals(failed(soaked(jumps)), []);
});

test("soak verdict: what grows all the time fails, each on its own", () => {
  const grows: Array<[string, (i: number) => Record<string, number>]> = [
    ["server's resident memory", (i) => ({ rss: 90e6 + i * 2.3e6 })], // 90 to 173 MB in 37 minutes
    ["server's heap", (i) => ({ heap: 12e6 + i * 1.5e6 })],
    ["server's external", (i) => ({ external: 4e6 + i * 1.5e6 })],
    ["server's descriptors", (i) => ({ descriptors: 30 + Math.floor(i / 3) })],
    ["server's threads", (i) => ({ threads: 8 + Math.floor(i / 3) })],
  ];
  for (const [what, server] of grows) assertEquals(failed(soaked(server)), [what]);
});

test("soak verdict: a heap that grows until all of it is collected passes, whenever that is", () => {
  for (let minutes = 9; minutes <= MINUTES; minutes++) {
    for (let period = 1; period <= MINUTES; period++) {
      for (let phase = 0; phase < period; phase++) {
        let held = phase;
        const rows = soaked((i) => {
          const heap = 20e6 + held * 8e6;
          held = collectsAfter(i + 1, minutes) || held + 1 === period ? 0 : held + 1;
          return { heap };
        }, minutes);
        assertEquals(
          failed(rows),
          [],
          `${minutes} rows, a collection each ${period}, the first after ${phase}`,
        );
      }
    }
  }
});

test("soak verdict: one wrong call fails, and so does none at all", () => {
  const rows = soaked(() => ({}));
  rows.at(-1)!.wrong = 1;
  assertEquals(failed(rows), ["no wrong call"]);
  assertEquals(judge([]).passed, false);
});

test("soak verdict: too few rows, and what the system does not tell, are not judged", () => {
  const few = judge(soaked((i) => ({ rss: 90e6 * (i + 1) }), 8));
  assertEquals([few.passed, few.findings.filter(({ ok }) => ok === undefined).length], [true, 10]);
  const silent = judge(soaked(() => ({ descriptors: undefined, threads: undefined })));
  assertEquals([silent.passed, silent.findings.filter(({ ok }) => ok === undefined).length], [true, 2]);
});

test("soak lines: counts, the rate since the last line, and what both processes hold, under their titles", () => {
  const [first, second] = soaked((i) => (i === 0 ? {} : { rss: 123.44e6, descriptors: undefined }));
  const shown = line(second!, first);
  assertEquals(shown.length, header().length);
  for (const part of ["02:00", "12000", "100", "1800", "123.4", "?", "90.0"]) {
    assertStringIncludes(shown, part);
  }
  assertStringIncludes(line({ ...first!, atMs: 3_723_000 }), "1:02:03");
});

test("soak chart: both processes, from 0 to the top, in 60 columns at most", () => {
  const lines = chart(soaked((i) => ({ rss: 90e6 + i * 10e6 }), 200)).split("\n");
  assert(lines.every((text) => text.length <= 68), lines.join("\n"));
  assertStringIncludes(lines[1]!, "2080 |");
  assert(lines[1]!.endsWith("s") && lines.at(-1)!.includes("c"));
  assertStringIncludes(chart(soaked(() => ({}), 2)), "|**");
});
