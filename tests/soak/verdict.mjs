// What the rows of a soak add up to: criteria, each with its outcome.
//
// The first third of the rows is warm-up: compilers, caches and heaps grow to what the traffic needs. Of what a process
// holds, the median of the last third is compared with that of the middle third; medians, because collections and the
// channels that come and go make single rows jump. Both thirds begin with a collection: where a heap grows for minutes until
// all of it is collected, as on Bun, one third would be its rise and the other its top.

/** With fewer rows a third is too small for its median to say anything. */
const FEWEST_ROWS = 9;

/** Descriptors and threads that may come and go: a channel being replaced, a runtime's thread that naps. */
const COUNT_SLACK = 2;

/**
 * What memory may grow by from the middle third to the last, as a share and in bytes above it. Resident memory moves in
 * steps of 20 to 50 MB on Deno, up and down, and its medians by an eighth (docs/performance.md); 90 to 173 MB in half an
 * hour is still seen.
 */
const GROWTH = { rss: [0.15, 4e6], heap: [0.25, 4e6], external: [0.25, 8e6] };

/** Whether all is to be collected after row number `row`, the first one being 1, of `rows` that there will be. */
export function collectsAfter(row, rows) {
  const third = Math.floor(rows / 3);
  return row === third || row === rows - third;
}

/** `{ passed, findings: [{ ok, text }] }`; `ok` is undefined where there was too little to judge by. */
export function judge(rows) {
  const findings = [calls(rows)];
  for (const side of ["server", "client"]) {
    for (const name of ["descriptors", "threads"]) findings.push(flat(rows, side, name));
    for (const name of Object.keys(GROWTH)) findings.push(level(rows, side, name));
  }
  return { passed: findings.every(({ ok }) => ok !== false), findings };
}

function calls(rows) {
  const { calls = 0, errors = 0, wrong = 0, byKind = {} } = rows.at(-1) ?? {};
  const kinds = Object.entries(byKind).map(([name, count]) => `${count} ${name}`).join(", ");
  const text =
    `no wrong call: ${wrong} of ${calls} (${kinds}), ${errors} ended with the error they were to end with`;
  return { ok: calls > 0 && wrong === 0, text };
}

function flat(rows, side, name) {
  return compare(rows, side, name, (middle) => middle + COUNT_SLACK, (value) => String(value));
}

function level(rows, side, name) {
  const [share, bytes] = GROWTH[name];
  return compare(
    rows,
    side,
    name,
    (middle) => middle * (1 + share) + bytes,
    (value) => `${(value / 1e6).toFixed(1)} MB`,
  );
}

function compare(rows, side, name, limit, show) {
  const values = rows.map((row) => row[side]?.[name]).filter((value) => value !== undefined);
  const what = `${side}'s ${name === "rss" ? "resident memory" : name}`;
  if (rows.length > 0 && values.length === 0) return { ok: undefined, text: `${what}: not known here` };
  if (values.length < FEWEST_ROWS) {
    return { ok: undefined, text: `${what}: not judged, ${values.length} of ${FEWEST_ROWS} rows` };
  }
  const third = Math.floor(values.length / 3);
  const middle = median(values.slice(third, -third));
  const last = median(values.slice(-third));
  const text = `${what}: ${show(middle)} in the middle third, ${show(last)} in the last, ${
    show(limit(middle))
  } allowed`;
  return { ok: last <= limit(middle), text };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
