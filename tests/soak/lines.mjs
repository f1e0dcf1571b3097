// The lines that a soak prints while it runs.

const COLUMNS = ["rss", "heap", "external", "descriptors", "threads"];
const TITLES = ["RSS MB", "heap", "ext", "fds", "thr"];
const WIDTHS = [7, 6, 6, 5, 4];

/** What the columns are. */
export function header() {
  const titles = TITLES.map((title, i) => title.padStart(WIDTHS[i])).join("");
  return `   time     calls    /s  errors wrong | server:${titles} | client:${titles}`;
}

/** `row`, with the rate since `before`. */
export function line(row, before = { atMs: 0, calls: 0 }) {
  const rate = (row.calls - before.calls) / Math.max(1, row.atMs - before.atMs) * 1_000;
  const counts = [
    clock(row.atMs).padStart(7),
    String(row.calls).padStart(10),
    rate.toFixed(0).padStart(6),
    String(row.errors).padStart(8),
    String(row.wrong).padStart(6),
  ].join("");
  return `${counts} |        ${resources(row.server)} |        ${resources(row.client)}`;
}

function resources(values) {
  return COLUMNS.map((name, i) => {
    const value = values[name];
    const text = value === undefined ? "?" : i < 3 ? (value / 1e6).toFixed(1) : String(value);
    return text.padStart(WIDTHS[i]);
  }).join("");
}

/** "07:30", "1:07:30". */
function clock(ms) {
  const seconds = Math.round(ms / 1_000);
  const two = (value) => String(value).padStart(2, "0");
  const minutes = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3_600 ? minutes : `${Math.floor(seconds / 3_600)}:${minutes}`;
}
