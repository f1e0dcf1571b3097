// Results as a reader wants them: by side, scenario and load, each contender with its median and its ratio.
import { median, ratio, spread } from "../measure/statistics.mjs";
import { describe } from "../scenarios.mjs";

/** What a side is called. */
export const SIDES = {
  server: "Server",
  client: "Client, against pollwire on Bun",
  both: "Client and server of one library",
};

/** Whom ratios are to, where they were measured. */
const BASES = [["C++ gRPC", "C++"], ["Go gRPC", "Go"]];

/**
 * `{ side, scenario, what, load, unit, better, bases, rows }`, best first and failures last; each row is `{ contender,
 * ours, value, ratios, cpuRatios, cpu, otherCpu, rssMb, latency, peak, error }`: `cpu` is that of the side measured, in
 * microseconds a call, and ratios are to each of `bases`, round by round: C++ and Go, or where neither was measured the
 * best gRPC library that is not ours.
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
      a.value === undefined || b.value === undefined
        ? Number(a.value === undefined) - Number(b.value === undefined)
        : sign * (a.value.median - b.value.median)
    );
    const bases = basesOf(rows);
    for (const row of rows) {
      const against = (read) => bases.map(({ rounds }) => ratio(read(row.rounds), read(rounds)));
      row.ratios = against((rounds) => rounds);
      row.cpuRatios = against((rounds) => rounds.map((round) => cpuOf(round, side)));
    }
    return {
      side,
      scenario,
      what: describe(scenario),
      load,
      unit,
      better,
      bases: bases.map((base) => BASES.find(([name]) => name === base.contender)?.[1] ?? base.contender),
      rows,
    };
  });
}

function basesOf(rows) {
  const others = rows.filter((row) => !row.ours && !row.reference && row.value !== undefined);
  const known = BASES.map(([name]) => others.find(({ contender }) => contender === name));
  const there = known.filter((row) => row !== undefined);
  return there.length > 0 ? there : others.slice(0, 1);
}

/** As `ratio` wants it: a round whose value is the CPU time. */
function cpuOf(round, side) {
  const value = (side === "client" ? round?.client : round?.server)?.cpuMicroseconds;
  return value > 0 ? { value } : null;
}

function rowOf({ contender, version, ours, reference = false, side, rounds, error }) {
  const whole = rounds.filter((round) => round !== null);
  const of = (read) => {
    const values = whole.map(read).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  const latencies = whole.map((round) => round.latencyMicroseconds).filter((latency) =>
    latency !== undefined && latency !== null
  );
  const serverCpu = of((round) => round.server?.cpuMicroseconds);
  const clientCpu = of((round) => round.client?.cpuMicroseconds);
  const first = of((round) => round.peak?.first);
  return {
    contender,
    version,
    ours,
    reference,
    rounds,
    error,
    value: whole.length === 0 ? undefined : spread(whole.map((round) => round.value)),
    cpu: side === "client" ? clientCpu : serverCpu,
    otherCpu: side === "client" ? serverCpu : clientCpu,
    rssMb: of((round) => round.server?.rssBytes && round.server.rssBytes / 1e6),
    latency: latencies[0]?.map(([share], i) => [share, median(latencies.map((latency) => latency[i][1]))]),
    peak: first === undefined ? undefined : { first, all: of((round) => round.peak?.all) },
  };
}

/** A number with three significant digits and a k or M: 1234567 is "1.23M". */
export function short(value) {
  if (value === undefined || !Number.isFinite(value)) return "";
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** How many times as much, with two significant digits: 0.42x, 13x, 310x. */
export function times(ratio) {
  if (ratio === undefined || !Number.isFinite(ratio)) return "";
  return `${ratio >= 10 ? Math.round(ratio) : ratio.toPrecision(2)}x`;
}
