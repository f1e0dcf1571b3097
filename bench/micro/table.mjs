// The figures of the micro benchmarks as a Markdown table: three columns a runtime.

/** `measured`: for each runtime `{ runtime, rows }`, a row being `{ name, nanoseconds, opsPerSecond, margin }`. */
export function markdown(measured) {
  const heads = measured.flatMap(({ runtime }) => [`${runtime} ns/op`, `${runtime} ops/s`, "±"]);
  const lines = [`| name | ${heads.join(" | ")} |`, `| --- |${heads.map(() => " ---: |").join("")}`];
  for (const { name } of measured[0]?.rows ?? []) {
    const cells = measured.flatMap(({ rows }) => cellsOf(rows.find((row) => row.name === name)));
    lines.push(`| ${name} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

function cellsOf(row) {
  if (row === undefined) return ["", "", ""];
  const { nanoseconds, opsPerSecond, margin } = row;
  return [grouped(nanoseconds, nanoseconds < 100 ? 1 : 0), grouped(opsPerSecond, 0), `${margin.toFixed(1)}%`];
}

function grouped(number, digits) {
  return number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
