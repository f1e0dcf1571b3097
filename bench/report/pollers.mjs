// The table of `npm run bench:pollers`: one poller beside another, for each kind of traffic that a server has.
import { ratio } from "../measure/statistics.mjs";
import { groups, short } from "./groups.mjs";
import { markdownTable } from "./marked.mjs";

/**
 * Of `report.results` (see `measure/rounds.mjs`): what servers of `runtimes` did on each of `pollers`, a row a scenario.
 * Behind those of a runtime stands what the last poller took of what the first one did, round by round: of the CPU of a
 * call or message, or of the memory of what is idle.
 */
export function pollersTable(report, runtimes, pollers) {
  const last = pollers.at(-1);
  const head = [
    "",
    ...runtimes.flatMap((runtime) => [
      ...pollers.map((poller) => `${poller}, ${runtime}`),
      `${last} takes`,
    ]),
  ];
  const rows = groups(report).map(({ scenario, unit, rows }) => {
    const of = (poller, runtime) =>
      rows.find(({ contender, value }) =>
        contender === `pollwire ${poller}, ${runtime}` && value !== undefined
      );
    return [
      `${scenario}, ${unit}`,
      ...runtimes.flatMap((runtime) => {
        const found = pollers.map((poller) => of(poller, runtime));
        return [...found.map(cell), share(found.at(-1), found[0])];
      }),
    ];
  });
  return markdownTable([head, ...rows]);
}

/** Rate and CPU microseconds, or KiB. */
function cell(row) {
  if (row === undefined) return "";
  return row.cpu === undefined
    ? row.value.median.toFixed(1)
    : `${short(row.value.median)} (${short(row.cpu)})`;
}

function share(row, base) {
  if (row === undefined || base === undefined) return "";
  const spent = ({ cpu, rounds }) =>
    cpu === undefined ? rounds : rounds.map((round) => round && { value: round.server?.cpuMicroseconds });
  const times = ratio(spent(row), spent(base));
  return Number.isFinite(times) ? `${times.toFixed(2)}x` : "";
}
