// Lines as a drawing of its own, for documents: what something costs as something else grows, both by powers of ten.
import { escape } from "./bars.mjs";
import { PALETTE } from "./palette.mjs";
import { fixed, text } from "./svg_text.mjs";

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 60;
const RIGHT = 150;
const TOP = 26;
const BOTTOM = 40;
const NAME_HEIGHT = 14;

/**
 * `lines`: `{ name, points, colour, dash }`, each named at its end; points are `[x, y]`, `colour` is a number, and `dash`
 * an SVG pattern or "". `what` says what the drawing shows, `across` and `up` what its axes are.
 */
export function lineChart({ what, across, up, lines }) {
  const all = lines.flatMap(({ points }) => points);
  const [x, y] = [0, 1].map((axis) => scaleOf(all.map((point) => point[axis]), axis));
  const path = (points) =>
    points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${fixed(x.place(a))} ${fixed(y.place(b))}`).join("");
  const drawn = lines.map(({ points, colour, dash }) =>
    `<path d="${path(points)}" class="line c${colour % 4}"${
      dash === "" ? "" : ` stroke-dasharray="${dash}"`
    }/>` +
    points.map(([a, b]) =>
      `<circle cx="${fixed(x.place(a))}" cy="${fixed(y.place(b))}" r="3" class="dot c${colour % 4}"/>`
    )
      .join("")
  );
  const ends = apart(lines.map(({ name, points }) => ({ name, y: y.place(points.at(-1)[1]) })));
  const names = ends.map((end) => text(WIDTH - RIGHT + 10, end.y, end.name, "start"));
  const ticks = [
    ...x.ticks.map((tick) =>
      `<path d="M${fixed(x.place(tick))} ${TOP}V${HEIGHT - BOTTOM}" class="grid"/>` +
      text(x.place(tick), HEIGHT - BOTTOM + 14, short(tick), "middle")
    ),
    ...y.ticks.map((tick) =>
      `<path d="M${LEFT} ${fixed(y.place(tick))}H${WIDTH - RIGHT}" class="grid"/>` +
      text(LEFT - 8, y.place(tick), short(tick), "end")
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${
    escape(what)
  }" font-family="system-ui, sans-serif" font-size="12"><style>${styles("light")} ` +
    `@media (prefers-color-scheme: dark) { ${styles("dark")} }</style>${ticks.join("")}${drawn.join("")}` +
    `${names.join("")}${text(LEFT, 10, up, "start")}${
      text(WIDTH - RIGHT, HEIGHT - 8, across, "end")
    }</svg>\n`;
}

function scaleOf(values, axis) {
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const [from, to] = axis === 0 ? [LEFT, WIDTH - RIGHT] : [HEIGHT - BOTTOM, TOP];
  const span = most - least || 1;
  const ticks = [];
  for (let power = Math.floor(least); power <= most; power++) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (Math.log10(tick) >= least - 1e-9 && Math.log10(tick) <= most + 1e-9) ticks.push(tick);
    }
  }
  return { ticks, place: (value) => from + (Math.log10(value) - least) / span * (to - from) };
}

/** Names one below the other where their lines end too near to each other. */
function apart(ends) {
  const sorted = ends.toSorted((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + NAME_HEIGHT);
  let lowest = HEIGHT - NAME_HEIGHT / 2;
  for (const end of sorted.toReversed()) { // none below the drawing
    end.y = Math.min(end.y, lowest);
    lowest = end.y - NAME_HEIGHT;
  }
  return sorted;
}

function short(value) {
  return value >= 1_000 ? `${value / 1_000}k` : String(Number(value.toPrecision(2)));
}

function styles(theme) {
  const { ink, ours, others } = PALETTE[theme];
  const colours = [ours, others, "#c2571a", "#7d55c7"];
  return `.ink { fill: ${ink} } .grid { stroke: ${ink}; stroke-opacity: .15 } .line { fill: none; stroke-width: 2 } ` +
    colours.map((colour, i) => `.line.c${i} { stroke: ${colour} } .dot.c${i} { fill: ${colour} }`).join(" ");
}
