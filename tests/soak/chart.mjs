// Resident memory of both processes over time, drawn in characters.

const ROWS = 8;
const COLUMNS = 60;

/** The chart of `rows`: "s" is the server, "c" the client, "*" both. */
export function chart(rows) {
  const series = { s: "server", c: "client" };
  const top = Math.max(...rows.flatMap(({ server, client }) => [server.rss, client.rss])) / 1e6;
  const columns = Math.min(COLUMNS, rows.length);
  const grid = Array.from({ length: ROWS }, () => Array(columns).fill(" "));
  for (let column = 0; column < columns; column++) {
    const from = Math.floor(column * rows.length / columns);
    const to = Math.floor((column + 1) * rows.length / columns);
    const part = rows.slice(from, Math.max(to, from + 1));
    for (const [mark, side] of Object.entries(series)) {
      const mean = part.reduce((sum, row) => sum + row[side].rss, 0) / part.length / 1e6;
      const height = Math.min(ROWS - 1, Math.floor(mean / top * ROWS));
      const cell = grid[ROWS - 1 - height];
      cell[column] = cell[column] === " " ? mark : "*";
    }
  }
  const lines = grid.map((cells, i) => {
    const label = i === 0 ? top.toFixed(0) : i === ROWS - 1 ? "0" : "";
    return `${label.padStart(6)} |${cells.join("").trimEnd()}`;
  });
  return ["RSS MB over time: s server, c client, * both", ...lines].join("\n");
}
