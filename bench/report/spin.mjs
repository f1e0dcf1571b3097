// The table of `npm run bench:spin`: what a span of spinning does to one call after another.
import { median } from "../measure/statistics.mjs";
import { short, times } from "./groups.mjs";
import { markdownTable } from "./marked.mjs";

/** Whom rates are compared with. */
const BASE = "C++ gRPC";

/**
 * `results`: `{ name, spin, rounds }`, where each of `rounds` is `{ rate, p50, p99, p999, cpu }`; rates are compared round
 * by round with those of C++, where there are any.
 */
export function spinTable(results) {
  const base = results.find(({ name }) => name === BASE);
  const rows = results.map(({ name, spin, rounds }) => {
    const middle = (read) => median(rounds.map(read));
    const ratio = base === undefined || name === BASE
      ? ""
      : times(median(rounds.map(({ rate }, i) => rate / base.rounds[i].rate)));
    return [
      name,
      spin,
      short(middle(({ rate }) => rate)),
      ratio,
      ...["p50", "p99", "p999"].map((which) => middle((round) => round[which]).toFixed(0)),
      middle(({ cpu }) => cpu).toFixed(1),
    ];
  });
  return markdownTable([
    ["", "spinUs", "calls/s", "beside C++", "p50 us", "p99 us", "p99.9 us", "CPU us a call"],
    ...rows,
  ]);
}
