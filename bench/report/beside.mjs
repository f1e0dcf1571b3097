// The table of `npm run bench:beside`: how much more or less CPU one contender takes than another for the same calls.
import { median, spread } from "../measure/statistics.mjs";
import { short } from "./groups.mjs";
import { markdownTable } from "./marked.mjs";

/**
 * `results`: `{ side, contender, other, scenario, pairs }`, where each of `pairs` is `{ ratio, measured, other }` of two
 * processes: a ratio of CPU times, and nanoseconds of an answer or a message.
 */
export function besideTable(results) {
  const rows = results.map(({ side, contender, other, scenario, pairs }) => {
    const { median: middle, min, max } = spread(pairs.map(({ ratio }) => ratio));
    return [
      `${side}, ${contender} beside ${other}`,
      scenario,
      percent(middle),
      `${percent(min)} to ${percent(max)}`,
      short(median(pairs.map(({ measured }) => measured)) / 1_000),
      short(median(pairs.map((pair) => pair.other)) / 1_000),
    ];
  });
  return markdownTable([["", "", "CPU", "pairs", "CPU us", "beside"], ...rows]);
}

function percent(ratio) {
  const more = 100 * (ratio - 1);
  return `${more < 0 ? "" : "+"}${more.toFixed(1)}%`;
}
