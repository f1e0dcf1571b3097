// Tables of a run in the files that quote it: each stands between `<!-- bench:NAME -->` and `<!-- /bench -->`.
import { readFileSync, writeFileSync } from "node:fs";
import { AIMS, TABLES } from "../documented.mjs";
import { busyness } from "../measure/disturbance.mjs";
import { groups, short, times } from "./groups.mjs";
import { fillMarked, markdownTable, MARKED } from "./marked.mjs";

const CELLS = {
  /** Rate, and CPU a call. */
  rate: (row) => `${short(row.value.median)}${row.cpu === undefined ? "" : ` (${short(row.cpu)})`}`,
  /** CPU a call, and rate. */
  cpu: (row) =>
    row.cpu === undefined ? short(row.value.median) : `${short(row.cpu)} (${short(row.value.median)})`,
  value: (row) => short(row.value.median),
  /** How many times as much CPU the bases take. */
  ratios: (row) => row.cpuRatios.map((ratio) => times(1 / ratio)).join(", "),
  /** Rate, and peaks in messages. */
  peaks: (row) =>
    row.peak === undefined
      ? short(row.value.median)
      : `${short(row.value.median)}; ${row.peak.first.toFixed(1)}x, ${row.peak.all.toFixed(1)}x`,
  /** KiB, and CPU of a call where there are calls. */
  each: (row) => `${row.value.median.toFixed(1)}${row.cpu === undefined ? "" : ` (${short(row.cpu)})`}`,
};

/** Writes the tables of `report` into the files, in place of those that are there; gives how many. */
export function writeTables(report, files) {
  const texts = files.map((file) => readFileSync(file, "utf8"));
  const filled = texts.map((text) => fill(text, report)); // of all, before one is written
  for (const [i, file] of files.entries()) writeFileSync(file, filled[i]);
  return texts.reduce((count, text) => count + (text.match(MARKED)?.length ?? 0), 0);
}

/** `text` with the tables of `report` in the places that are marked for them. */
export function fill(text, report) {
  const all = groups(report);
  return fillMarked(text, (name) => content(name, report, all));
}

function content(name, report, all) {
  if (name === "run") return run(report);
  if (name === "aims") return aims(all);
  const table = TABLES[name];
  if (table === undefined) {
    throw new Error(
      `Cannot write table ${JSON.stringify(name)}: there are run, aims, ${Object.keys(TABLES).join(", ")}`,
    );
  }
  return tableOf(table, all);
}

/** What was measured where and when, and whether anything else ran. */
function run({ machine, command, results }) {
  const { processor, cores, system, date, commit, runtimes } = machine;
  const versions = new Set(
    results.filter(({ ours, reference }) => !ours && !reference).map(({ contender, version }) =>
      `${contender.split(",")[0]} ${version}`
    ),
  );
  const { lines } = busyness({ machine, results });
  return `${date}, commit ${commit}; ${cores}-core ${processor}, ${system}; Deno ${runtimes.deno}, Bun ${runtimes.bun}, ` +
    `${
      [...versions].join(", ")
    }. ${command.rounds} interleaved rounds of ${command.seconds} s (grpc-js, connect, large ` +
    `messages, memory and echo: one). ${lines.join(" ")}.`;
}

function tableOf({ side, load, columns, cell, rows: wanted = () => true }, all) {
  const found = columns.map(([, scenario]) =>
    all.find((group) =>
      group.scenario === scenario && group.side === side && (load === undefined || group.load === load)
    )
  );
  const names = new Set(found.flatMap((group) => group?.rows ?? []).map(({ contender }) => contender));
  const rows = [...names].filter(wanted).sort(inOrder).flatMap((name) => {
    const cells = found.map((group) => {
      const row = group?.rows.find(({ contender }) => contender === name);
      return row?.value === undefined ? "" : CELLS[cell](row);
    });
    return cells.every((cell) => cell === "") ? [] : [[name, ...cells]];
  });
  return markdownTable([["", ...columns.map(([title]) => title)], ...rows]);
}

const ORDER = [
  "pollwire native, Deno",
  "pollwire native, Bun",
  "pollwire epoll, Deno",
  "pollwire epoll, Bun",
  "pollwire",
];

/** Ours first, then as they were measured. */
function inOrder(one, other) {
  const place = (name) =>
    (ORDER.findIndex((start) => name.startsWith(start)) + ORDER.length + 1) % (ORDER.length + 1);
  return place(one) - place(other);
}

function aims(all) {
  const of = (contender, scenario, side) =>
    all.filter((group) => group.scenario === scenario && group.side === side && group.load !== "h2load")
      .flatMap(({ rows }) => rows).find((row) => row.contender === contender);
  const rows = AIMS.map(({ what, parts }) => [
    what,
    ...["Deno", "Bun"].map((runtime) => {
      const all = parts(of, runtime);
      if (all.includes(undefined)) return "not measured";
      const verdict = all.every(({ reached }) => reached) ? "reached" : "not reached";
      return `${all.map(({ text }) => text).join("; ")}: ${verdict}`;
    }),
  ]);
  return markdownTable([["Aim", "Deno", "Bun"], ...rows]);
}
