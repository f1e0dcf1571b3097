// Bars as HTML, which a narrow page sets anew where a drawing would shrink: one row a contender, with its name, a bar,
// and what it stands for.
import { short, times } from "./groups.mjs";

/** Medians; the line over a bar spans the least to the greatest round. */
export function valueBars({ rows, unit, bases }) {
  const shown = rows.filter((row) => row.value !== undefined);
  const greatest = Math.max(...shown.map((row) => row.value.max));
  return list(shown.map((row) => {
    const { median, min, max } = row.value;
    const range = min === max ? undefined : [min / greatest, max / greatest];
    const title = `${row.contender}: ${short(median)} ${unit}, rounds from ${short(min)} to ${short(max)}`;
    return bar(row, {
      title,
      to: median / greatest,
      range,
      text: `${short(median)}${ratios(row.ratios, bases)}`,
    });
  }));
}

/** CPU of the measured side, least first. */
export function cpuBars({ rows, bases }) {
  const shown = rows.filter((row) => row.cpu > 0).sort((a, b) => a.cpu - b.cpu);
  if (shown.length === 0) return "";
  const greatest = Math.max(...shown.map((row) => row.cpu));
  return list(shown.map((row) => {
    const text = `${short(row.cpu)} us${ratios(row.cpuRatios, bases)}`;
    return bar(row, { title: `${row.contender}: ${text}`, to: row.cpu / greatest, text });
  }));
}

/** From the median to the 99th percentile, by powers of ten. */
export function latencyBars({ rows }) {
  const of = (row, share) => row.latency?.find(([at]) => at === share)?.[1];
  const shown = rows.filter((row) => of(row, 0.5) > 0);
  if (shown.length === 0) return "";
  const least = Math.log10(Math.min(...shown.map((row) => of(row, 0.5)))) - 0.1;
  const most = Math.log10(Math.max(...shown.map((row) => of(row, 0.99))));
  const place = (value) => (Math.log10(value) - least) / (most - least);
  return list(shown.map((row) => {
    const [half, most99] = [of(row, 0.5), of(row, 0.99)];
    const text = `${duration(half)}, ${duration(most99)}`;
    const title = `${row.contender}: half of the calls within ${duration(half)}, 99% within ${
      duration(most99)
    }`;
    return bar(row, { title, from: place(half), to: place(most99), text });
  }));
}

function list(rows) {
  return `<ul class="bars">${rows.join("")}</ul>`;
}

function bar({ contender, ours }, { title, from = 0, to, range, text }) {
  const line = range === undefined
    ? ""
    : `<i style="left:${percent(range[0])};width:${percent(range[1] - range[0])}"></i>`;
  return `<li title="${escape(title)}"${ours ? ' class="ours"' : ""}><span>${escape(contender)}</span>` +
    `<b><s style="left:${percent(from)};width:${percent(Math.max(0.004, to - from))}"></s>${line}</b>` +
    `<em>${escape(text)}</em></li>`;
}

function ratios(values, bases) {
  return values.map((value, i) => value === undefined ? "" : ` · ${times(value)} ${bases[i]}`).join(
    "",
  );
}

function duration(microseconds) {
  return microseconds >= 1_000 ? `${short(microseconds / 1_000)} ms` : `${short(microseconds)} us`;
}

function percent(share) {
  return `${(share * 100).toFixed(2)}%`;
}

/** Text safe inside HTML and SVG. */
export function escape(content) {
  return String(content).replace(/[&<>"]/g, (unit) => `&#${unit.charCodeAt(0)};`);
}
