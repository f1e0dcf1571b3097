// Bars as a drawing of its own, for documents: medians, with a line over each from the least to the greatest round.
import { escape } from "./bars.mjs";
import { short, times as timesOf } from "./groups.mjs";
import { PALETTE } from "./palette.mjs";
import { fixed, text } from "./svg_text.mjs";

const WIDTH = 560;
const NAME_WIDTH = 170;
const TEXT_WIDTH = 140;
const BAR_HEIGHT = 20;
const GAP = 8;

/** Horizontal bars, one a contender, longest first. */
export function barChart(group) {
  const rows = group.rows.filter((row) => row.value !== undefined);
  const greatest = Math.max(...rows.map((row) => row.value.max));
  const scale = (WIDTH - NAME_WIDTH - TEXT_WIDTH) / greatest;
  const bars = rows.map((row, i) => {
    const y = i * (BAR_HEIGHT + GAP);
    const middle = y + BAR_HEIGHT / 2;
    const end = NAME_WIDTH + Math.max(2, row.value.median * scale);
    const [from, to] = [row.value.min, row.value.max].map((value) => NAME_WIDTH + value * scale);
    const times = row.ratios[0] === undefined ? "" : ` · ${timesOf(row.ratios[0])} ${group.bases[0]}`;
    const caps = [from, to].map((x) => `M${fixed(x)} ${middle - 4}v8`).join("");
    return text(NAME_WIDTH - 10, middle, row.contender, "end") +
      `<rect x="${NAME_WIDTH}" y="${y}" width="${fixed(end - NAME_WIDTH)}" height="${BAR_HEIGHT}" rx="3" ` +
      `class="${row.ours ? "ours" : "others"}"/>` +
      `<path d="M${fixed(from)} ${middle}H${fixed(to)}${caps}" class="rounds"/>` +
      text(Math.max(end, to) + 8, middle, `${short(row.value.median)}${times}`, "start");
  });
  const height = rows.length * (BAR_HEIGHT + GAP);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -4 ${WIDTH + 4} ${height + 8}" role="img" ` +
    `aria-label="${
      escape(`${group.what}, ${group.unit}`)
    }" font-family="system-ui, sans-serif" font-size="13">` +
    `<style>${styles("light")} @media (prefers-color-scheme: dark) { ${styles("dark")} }</style>${
      bars.join("")
    }</svg>`;
}

/** Classes with the colours of a theme; not every program that shows drawings has custom properties. */
function styles(theme) {
  const { ink, ours, others } = PALETTE[theme];
  return `.ink { fill: ${ink} } .ours { fill: ${ours} } .others { fill: ${others} } ` +
    `.rounds { stroke: ${ink}; stroke-width: 1.5 }`;
}
