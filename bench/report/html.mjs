// Results as one page that needs nothing from elsewhere.
import { writeFileSync } from "node:fs";
import { groups, short, SIDES } from "./groups.mjs";
import { barChart, escape, latencyChart } from "./svg.mjs";

const STYLE = `
:root { color-scheme: light dark; --ink: #0b0b0b; --soft: #52514e; --line: #e1e0d9; --page: #fcfcfb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #fff; --soft: #c3c2b7; --line: #383835; --page: #1a1a19; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
p, figcaption, summary { color: var(--soft); }
figure { margin: 1.5rem 0; } svg { width: 100%; height: auto; } svg text { fill: var(--ink); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; font-size: 13px; }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.failed { color: #d03b3b; text-align: left; }
`;

/** Writes the page to `path`. */
export function writeHtml(report, path) {
  const { processor, cores, system, date, pinned, runtimes } = report.machine;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version ?? "not there"}`);
  const libraries = new Set(
    report.results.map(({ contender, version }) => `${contender} ${version ?? ""}`.trim()),
  );
  const sections = Object.keys(SIDES).map((side) => {
    const mine = groups(report).filter((group) => group.side === side);
    return mine.length === 0 ? "" : `<h2>${SIDES[side]}</h2>${mine.map(figure).join("")}`;
  });
  writeFileSync(
    path,
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
      `<title>pollwire benchmarks, ${date}</title><style>${STYLE}</style><h1>pollwire benchmarks</h1>` +
      `<p>${escape(`${date} · ${processor}, ${cores} cores · ${system} · ${versions.join(", ")}`)}<br>` +
      `Medians of ${report.command.rounds} interleaved rounds of ${report.command.seconds} s; the thin line spans ` +
      `the rounds. ${
        pinned ? "Server and load have a core each." : "Processes were not pinned."
      } Ratios are to ` +
      `the best contender that is not pollwire, round by round.</p>${sections.join("")}` +
      `<details><summary>Versions</summary><p>${
        [...libraries].map(escape).join("<br>")
      }</p></details></html>`,
  );
}

/** Writes the bars of the first group to `path`, as an SVG file of its own. */
export function writeChart(report, path) {
  const [group] = groups(report);
  if (group !== undefined) writeFileSync(path, `${barChart(group)}\n`);
}

function figure(group) {
  const latency = latencyChart(group);
  return `<figure><figcaption><b>${
    escape(group.scenario)
  }</b>, ${group.unit}, ${group.better} is better; by ` +
    `${escape(group.load)}</figcaption>${barChart(group)}${table(group)}` +
    `${latency === "" ? "" : `<details><summary>Latency</summary>${latency}</details>`}</figure>`;
}

function table({ unit, rows }) {
  const head = ["", unit, "ratio", "server CPU us", "client CPU us", "server MB"];
  const body = rows.map((row) =>
    row.value === undefined
      ? `<tr><td>${escape(row.contender)}<td class="failed" colspan="5">${escape(row.error)}`
      : `<tr>${
        [
          row.contender + (row.error === undefined ? "" : ` (some rounds failed: ${row.error})`),
          short(row.value.median),
          row.ratio?.toPrecision(3) ?? "",
          short(row.serverCpu),
          short(row.clientCpu),
          short(row.rssMb),
        ].map((cell) => `<td>${escape(cell)}`).join("")
      }`
  );
  return `<details><summary>Table</summary><table><tr>${head.map((cell) => `<th>${cell}`).join("")}${
    body.join("")
  }</table></details>`;
}
