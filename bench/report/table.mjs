// Results as tables in the terminal; the same text is Markdown.
import { busyness, isWide } from "../measure/disturbance.mjs";
import { groups, short, SIDES, times } from "./groups.mjs";

/** The most columns of a line. */
const WIDTH = 120;
/** Columns that stay even where names are long. */
const LEAST_COLUMNS = 8;

/** Prints every group. */
export function printTables(report) {
  console.log(tables(report).join("\n"));
}

/** The lines of every group, none longer than `WIDTH`. */
export function tables(report) {
  const { processor, cores, system, date, pinned, runtimes } = report.machine;
  const { rounds, seconds } = report.command;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version ?? "not there"}`)
    .join(", ");
  const pins = pinned ? "server and load on a core each" : "not pinned: no taskset, or a single core";
  const head = [
    `${processor}, ${cores} cores, ${system}; ${versions}; ${date}`,
    `Medians of ${rounds} interleaved rounds of ${seconds} s; ${pins}; CPU and latencies in microseconds`,
    ...busyness(report).lines,
  ];
  return [...head.flatMap(wrap), ...groups(report).flatMap(groupLines)];
}

function groupLines(group) {
  const { side, scenario, what, load, rows } = group;
  const good = rows.filter((row) => row.value !== undefined);
  const failed = rows.filter((row) => row.value === undefined);
  const lines = ["", ...wrap(`### ${SIDES[side]}: ${scenario}, by ${load}`), "", ...wrap(`${what}.`), ""];
  if (good.length > 0) lines.push(...table(columnsOf(group), good), "");
  for (const row of good) {
    if (row.error !== undefined) lines.push(cut(`${row.contender}: some rounds failed: ${row.error}`, WIDTH));
  }
  for (const row of failed) lines.push(cut(`${row.contender} failed: ${row.error}`, WIDTH));
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** What a reader is told of each row; a column that is empty everywhere is left out. */
function columnsOf({ side, unit, bases, rows }) {
  const latency = (share) => ({ latency }) => short(latency?.find(([of]) => of === share)?.[1]);
  return [
    ["", (row) => row.contender],
    [unit, (row) => short(row.value.median)],
    ["+-", ({ value }) => spreadOf(value)],
    ["CPU us", (row) => short(row.cpu)],
    ...bases.map((base, i) => [`x ${cut(base, 16)}`, (row) => short(row.ratios[i])]),
    ...bases.map((base, i) => [`CPU/${cut(base, 6)}`, (row) => short(row.cpuRatios[i])]),
    ["p50", latency(0.5)],
    ["p99", latency(0.99)],
    ["peak 1, 20", ({ peak }) => peak === undefined ? "" : `${times(peak.first)}, ${times(peak.all)}`],
    [side === "client" ? "server" : "load", (row) => short(row.otherCpu)],
    ["MB", (row) => short(row.rssMb)],
  ].filter(([, cell], i) => i < 2 || rows.some((row) => row.value !== undefined && cell(row) !== ""));
}

/** The last columns give way to names that are long. */
function table(columns, rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const whole = widths.reduce((sum, width) => sum + width + 3, 1);
  if (whole > WIDTH && columns.length > LEAST_COLUMNS) return table(columns.slice(0, -1), rows);
  widths[0] -= Math.max(0, whole - WIDTH);
  const line = (row) =>
    `| ${
      row.map((cell, i) => i === 0 ? cut(cell, widths[0]).padEnd(widths[0]) : cell.padStart(widths[i])).join(
        " | ",
      )
    } |`;
  return [
    line(cells[0]),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.slice(1).map(line),
  ];
}

/** Half of what lies between the least and the greatest round, in hundredths of the median; "!" where that is much. */
function spreadOf(value) {
  if (value.min === value.max) return "";
  return `${((value.max - value.min) / 2 / value.median * 100).toFixed(0)}%${isWide(value) ? "!" : ""}`;
}

function cut(text, width) {
  return text.length <= width ? text : `${text.slice(0, width - 3)}...`;
}

/** `text` in lines of at most `WIDTH`, broken at spaces. */
function wrap(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1).length + 1 + word.length > WIDTH) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) === "" ? "" : " ") + word;
  }
  return lines;
}
