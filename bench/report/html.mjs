// Results as one page that needs nothing from elsewhere.
import { writeFileSync } from "node:fs";
import { busyness, isWide } from "../measure/disturbance.mjs";
import { cpuBars, escape, latencyBars, valueBars } from "./bars.mjs";
import { groups, short, SIDES } from "./groups.mjs";
import { declarations } from "./palette.mjs";
import { barChart } from "./svg.mjs";

const STYLE = `
:root { color-scheme: light dark; ${declarations("light")} }
@media (prefers-color-scheme: dark) { :root { ${declarations("dark")} } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 1.5rem auto;
  max-width: 62rem; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
p, small, summary { color: var(--soft); } summary { cursor: pointer; margin-top: .75rem; }
code { font-size: .9em; } figure { margin: 2rem 0; }
.busy { color: var(--busy); font-weight: 600; } .failed { color: var(--failed); margin: .25rem 0; font-size: 14px; }
.bars { list-style: none; margin: .5rem 0; padding: 0; font-size: 14px; font-variant-numeric: tabular-nums; }
.bars li { display: grid; grid-template-columns: 13rem 1fr 15rem; gap: 0 .75rem; align-items: center; padding: .15rem 0; }
.bars li.ours span { font-weight: 600; }
.bars b { position: relative; height: 1.1rem; } .bars em { font-style: normal; }
.bars s { position: absolute; top: 0; bottom: 0; background: var(--others); border-radius: 2px; }
.bars .ours s { background: var(--ours); }
.bars i { position: absolute; top: 50%; height: 10px; margin-top: -5px; min-width: 1px;
  background: linear-gradient(var(--ink), var(--ink)) center / 100% 2px no-repeat;
  border: solid var(--ink); border-width: 0 2px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
@media (max-width: 44rem) {
  .bars li { grid-template-columns: 1fr auto; padding: .3rem 0; }
  .bars b { grid-row: 2; grid-column: 1 / 3; height: .9rem; } .bars em { text-align: right; }
}
`;

/** Writes the page to `path`. */
export function writeHtml(report, path) {
  writeFileSync(path, html(report));
}

/** The page. */
export function html(report) {
  const { processor, cores, system, date, pinned, runtimes } = report.machine;
  const { rounds, seconds } = report.command;
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version ?? "not there"}`);
  const libraries = new Set(
    report.results.map(({ contender, version }) => `${contender} ${version ?? ""}`.trim()),
  );
  const all = groups(report);
  const sections = Object.keys(SIDES).map((side) => {
    const mine = all.filter((group) => group.side === side);
    return mine.length === 0 ? "" : `<h2>${SIDES[side]}</h2>${mine.map(figure).join("")}`;
  });
  const { busy, lines } = busyness(report);
  return `<!doctype html><html lang="en"><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>pollwire benchmarks, ${date}</title><style>${STYLE}</style><h1>pollwire benchmarks</h1>` +
    `<p>${escape(`${date} · ${processor}, ${cores} cores · ${system} · ${versions.join(", ")}`)}</p>` +
    `<p>Medians of ${rounds} interleaved rounds of ${seconds} s. ` +
    `${
      pinned ? "Server and load have a core each." : "Processes were not pinned."
    } The line over a bar spans the ` +
    `rounds. Ratios are taken round by round. CPU is user and system time of the side that is measured.</p>` +
    lines.map((line) => `<p${busy ? ' class="busy"' : ""}>${escape(line)}</p>`).join("") + sections.join("") +
    `<details><summary>Versions</summary><p>${
      [...libraries].map(escape).join("<br>")
    }</p></details></html>\n`;
}

/** Writes the bars of the first group to `path`, as an SVG file of its own. */
export function writeChart(report, path) {
  const [group] = groups(report);
  if (group !== undefined) writeFileSync(path, `${barChart(group)}\n`);
}

function figure(group) {
  const { scenario, what, unit, better, load, rows } = group;
  const part = (title, content, open = false) =>
    content === "" ? "" : `<details${open ? " open" : ""}><summary>${title}</summary>${content}</details>`;
  const failed = rows.filter((row) => row.value === undefined).map((row) =>
    `<p class="failed" title="${escape(row.error)}">${escape(row.contender)} failed: ${
      escape(brief(row.error))
    }</p>`
  );
  return `<figure><figcaption><b>${escape(what)}.</b><br><small><code>${escape(scenario)}</code> by ` +
    `${escape(load)}</small></figcaption>` +
    (rows.length === failed.length ? "" : part(`${unit}, ${better} is better`, valueBars(group), true)) +
    part("CPU a call in microseconds, less is better", cpuBars(group), true) +
    part("Latency: half of the calls, and 99 of 100, within", latencyBars(group)) +
    (rows.length === failed.length ? "" : part("Table", table(group))) + `${failed.join("")}</figure>`;
}

function table({ side, unit, bases, rows }) {
  const head = ["", unit, "least", "greatest", "CPU us", ...bases.map((base) => `x ${base}`)];
  head.push(side === "client" ? "server CPU us" : "load CPU us", "server MB", "peak of 1, of 20");
  const body = rows.filter((row) => row.value !== undefined).map((row) => {
    const { median, min, max } = row.value;
    const name = row.contender +
      (row.error === undefined ? "" : ` (some rounds failed: ${brief(row.error)})`);
    const wide = isWide(row.value) ? " !" : "";
    const peak = row.peak === undefined ? "" : `${row.peak.first.toFixed(1)}x, ${row.peak.all.toFixed(1)}x`;
    const cells = [
      name,
      short(median) + wide,
      short(min),
      short(max),
      short(row.cpu),
      ...row.ratios.map(short),
    ];
    cells.push(short(row.otherCpu), short(row.rssMb), peak);
    return `<tr>${cells.map((cell) => `<td>${escape(cell)}`).join("")}`;
  });
  return `<div class="wide"><table><tr>${head.map((cell) => `<th>${escape(cell)}`).join("")}${
    body.join("")
  }</table></div>`;
}

/** An error in one line. */
function brief(error) {
  const line = String(error).split("\n")[0];
  return line.length <= 80 ? line : `${line.slice(0, 77)}...`;
}
