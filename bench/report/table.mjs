// Results as tables in the terminal; the same text is Markdown.
import { groups, short, SIDES } from "./groups.mjs";

/** Prints every group. */
export function printTables(report) {
  const { processor, cores, system, date, pinned, runtimes } = report.machine;
  const { rounds, seconds } = report.command;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version ?? "not there"}`)
    .join(", ");
  console.log(`${processor}, ${cores} cores, ${system}; ${versions}; ${date}`);
  console.log(
    `Medians of ${rounds} interleaved rounds of ${seconds} s; ${
      pinned ? "server and load on a core each" : "not pinned: no taskset, or a single core"
    }`,
  );
  for (const group of groups(report)) printGroup(group);
}

function printGroup({ side, scenario, load, unit, base, rows }) {
  console.log(`\n### ${SIDES[side]}: ${scenario}, by ${load}\n`);
  const header = [
    "",
    unit,
    "min to max",
    base ? `x ${base}` : "x",
    "server CPU us",
    "client CPU us",
    "p50 us",
    "p99 us",
    "server MB",
  ];
  const cells = rows.map((row) =>
    row.value === undefined ? [row.contender, `failed: ${row.error}`, "", "", "", "", "", "", ""] : [
      row.contender + (row.error === undefined ? "" : " (some rounds failed)"),
      short(row.value.median),
      `${short(row.value.min)} to ${short(row.value.max)}`,
      row.ratio === undefined ? "" : row.ratio.toPrecision(3),
      short(row.serverCpu),
      short(row.clientCpu),
      short(row.latency?.find(([share]) => share === 0.5)?.[1]),
      short(row.latency?.find(([share]) => share === 0.99)?.[1]),
      short(row.rssMb),
    ]
  );
  const widths = header.map((_, i) => Math.max(...[header, ...cells].map((row) => row[i].length)));
  const shown = (row) =>
    `| ${row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  console.log(
    [shown(header), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...cells.map(shown)].join(
      "\n",
    ),
  );
}
