// Results as a reader wants them: by side, scenario and load, each contender with its median and its ratio.
import { median, ratio, spread } from "../measure/statistics.mjs";

/** What a side is called. */
export const SIDES = {
  server: "Server",
  client: "Client, against pollwire on Bun",
  both: "Client and server of one library",
};

/**
 * `{ side, scenario, load, unit, better, rows }`, best first; each row is `{ contender, ours, value, ratio, serverCpu,
 * clientCpu, rssMb, latency, error }`, with ratios to the best contender that is not pollwire.
 */
export function groups(report) {
  const found = new Map();
  for (const result of report.results) {
    const key = JSON.stringify([result.side, result.scenario, result.load]);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(result);
  }
  return [...found.values()].map((results) => {
    const [{ side, scenario, load, unit, better }] = results;
    const rows = results.map(rowOf);
    const sign = better === "more" ? -1 : 1;
    rows.sort((a, b) =>
      sign * ((a.value?.median ?? -sign * Infinity) - (b.value?.median ?? -sign * Infinity))
    );
    const base = rows.find((row) => !row.ours && row.value !== undefined);
    for (const row of rows) row.ratio = base && row.value && ratio(row.rounds, base.rounds);
    return { side, scenario, load, unit, better, base: base?.contender, rows };
  });
}

function rowOf({ contender, version, ours, rounds, error }) {
  const whole = rounds.filter((round) => round !== null);
  const of = (read) => {
    const values = whole.map(read).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  const latencies = whole.map((round) => round.latencyMicroseconds).filter((latency) =>
    latency !== undefined
  );
  return {
    contender,
    version,
    ours,
    rounds,
    error,
    value: whole.length === 0 ? undefined : spread(whole.map((round) => round.value)),
    serverCpu: of((round) => round.server?.cpuMicroseconds),
    clientCpu: of((round) => round.client?.cpuMicroseconds),
    rssMb: of((round) => round.server?.rssBytes && round.server.rssBytes / 1e6),
    latency: latencies[0]?.map(([share], i) => [share, median(latencies.map((latency) => latency[i][1]))]),
  };
}

/** A number with three significant digits and a k or M: 1234567 is "1.23M". */
export function short(value) {
  if (value === undefined || !Number.isFinite(value)) return "";
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
