// Charts as SVG: bars of medians with the spread of the rounds, and latency distributions.
import { short } from "./groups.mjs";

const WIDTH = 720;
const NAME_WIDTH = 190;
const BAR_HEIGHT = 20;
const GAP = 8;
const OURS = "#2a78d6";
const OTHERS = "#898781";
const INK = "#898781";

/** Horizontal bars, one a contender, longest first; the thin line spans least to greatest round. */
export function barChart(group) {
  const rows = group.rows.filter((row) => row.value !== undefined);
  const greatest = Math.max(...rows.map((row) => row.value.max));
  const scale = (WIDTH - NAME_WIDTH - 150) / greatest;
  const bars = rows.map((row, i) => {
    const y = i * (BAR_HEIGHT + GAP);
    const middle = y + BAR_HEIGHT / 2;
    const end = NAME_WIDTH + Math.max(2, row.value.median * scale);
    const from = NAME_WIDTH + row.value.min * scale;
    const to = NAME_WIDTH + row.value.max * scale;
    const times = row.ratio === undefined ? "" : ` · ${row.ratio.toPrecision(3)}x`;
    return `<g><title>${escape(describe(row, group.unit))}</title>` +
      text(NAME_WIDTH - 10, middle, row.contender, "end") +
      `<rect x="${NAME_WIDTH}" y="${y}" width="${fixed(end - NAME_WIDTH)}" height="${BAR_HEIGHT}" rx="3" ` +
      `fill="${row.ours ? OURS : OTHERS}"/>` +
      `<path d="M${fixed(from)} ${middle}H${
        fixed(to)
      }" stroke="currentColor" stroke-width="1.5" opacity=".55"/>` +
      text(Math.max(end, to) + 8, middle, `${short(row.value.median)}${times}`, "start") + "</g>";
  });
  return frame(rows.length * (BAR_HEIGHT + GAP), `${group.scenario}, ${group.unit}`, bars.join(""));
}

/** Latency by share of calls, both on a scale of equal ratios; one line a contender. */
export function latencyChart(group) {
  const rows = group.rows.filter((row) => row.latency?.some(([, value]) => value > 0));
  if (rows.length === 0) return "";
  const values = rows.flatMap((row) => row.latency.map(([, value]) => value)).filter((value) => value > 0);
  const least = Math.log10(Math.min(...values));
  const most = Math.log10(Math.max(...values));
  const height = 200;
  const left = 70;
  const right = WIDTH - NAME_WIDTH;
  const y = (value) =>
    height - (Math.log10(Math.max(value, 10 ** least)) - least) / (most - least || 1) * height;
  const x = (i, count) => left + i / (count - 1) * (right - left);
  const labels = apart(rows.map((row) => y(row.latency.at(-1)[1])), 12, height);
  const lines = rows.map((row, number) => {
    const points = row.latency.map(([, value], i) => `${fixed(x(i, row.latency.length))},${fixed(y(value))}`);
    const color = row.ours ? OURS : OTHERS;
    return `<g><title>${escape(row.contender)}</title><polyline points="${points.join(" ")}" fill="none" ` +
      `stroke="${color}" stroke-width="2" opacity="${row.ours ? 1 : 0.7}"/>` +
      text(right + 8, labels[number], row.contender, "start", 10) + "</g>";
  });
  const shares = rows[0].latency.map(([share], i) =>
    text(x(i, rows[0].latency.length), height + 16, share === 1 ? "max" : `p${share * 100}`, "middle", 10)
  );
  const decades = [];
  for (let power = Math.ceil(least); power <= most; power++) {
    const at = fixed(y(10 ** power));
    decades.push(`<path d="M${left} ${at}H${right}" stroke="${INK}" opacity=".25"/>`);
    decades.push(text(left - 8, Number(at), duration(10 ** power), "end", 10));
  }
  return frame(height + 28, `${group.scenario}, latency`, [...decades, ...lines, ...shares].join(""));
}

/** The places of labels, moved until each is `gap` below the one above it, and none below `bottom`. */
function apart(places, gap, bottom) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const moved = [...places];
  let least = -Infinity;
  for (const i of order) least = moved[i] = Math.max(moved[i], least + gap);
  let most = bottom;
  for (const i of order.reverse()) {
    moved[i] = Math.min(moved[i], most);
    most = moved[i] - gap;
  }
  return moved;
}

function frame(height, label, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -4 ${WIDTH + 4} ${height + 8}" role="img" ` +
    `aria-label="${
      escape(label)
    }" font-family="system-ui, sans-serif" font-size="12" color="${INK}">${content}</svg>`;
}

function text(x, y, content, anchor, size = 12) {
  return `<text x="${fixed(x)}" y="${fixed(y)}" dy=".35em" text-anchor="${anchor}" font-size="${size}" ` +
    `fill="currentColor">${escape(content)}</text>`;
}

function describe(row, unit) {
  const { median, min, max } = row.value;
  return `${row.contender}: ${short(median)} ${unit}, rounds from ${short(min)} to ${short(max)}`;
}

function duration(microseconds) {
  return microseconds >= 1_000 ? `${microseconds / 1_000} ms` : `${microseconds} us`;
}

function fixed(value) {
  return value.toFixed(1);
}

/** Text safe inside HTML and SVG. */
export function escape(content) {
  return String(content).replace(/[&<>"]/g, (unit) => `&#${unit.charCodeAt(0)};`);
}
