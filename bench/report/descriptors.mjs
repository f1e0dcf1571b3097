// Tables and chart of `npm run bench:descriptors`, from what each contender did beside so many idle connections.
//
// A contender is `{ name, call, grpc, figures }`: `call` is what it waits by, `figures` a map from idle connections to
// rounds of `{ rate, cpu }`.
import { median } from "../measure/statistics.mjs";
import { short } from "./groups.mjs";
import { lineChart } from "./lines.mjs";
import { markdownTable } from "./marked.mjs";

/** Descriptors that a process has beside its connections. */
const SPARE = 200;

/** One colour each in the chart; what runs on is a kind of line. */
const COLOURS = ["select", "poll", "epoll", "io_uring"];
const DASHES = [["C", ""], ["Deno", "6 4"], ["Bun", "2 3"]];

/** `counts` as far as `limit` descriptors allow: the first that is too many is the largest that is not, in thousands. */
export function withinLimit(counts, limit) {
  const most = Math.floor((limit - SPARE) / 1_000) * 1_000 || limit - SPARE;
  const capped = counts.map((count) => count > limit - SPARE ? most : count);
  return [...new Set(capped)].filter((count) => count > 0).sort((a, b) => a - b);
}

/** CPU microseconds of a round trip of one byte, of echoes. */
export function cpuTable(contenders) {
  return table(contenders.filter(({ grpc }) => !grpc), ({ cpu }) => cpu, digits);
}

/** gRPC calls a second, one at a time. */
export function rateTable(contenders) {
  return table(
    contenders.filter(({ grpc }) => grpc),
    ({ rate }) => rate,
    short,
  );
}

/** CPU of a round trip as idle connections become more. */
export function descriptorsChart(contenders) {
  return lineChart({
    what: "CPU of a round trip of one connection, by idle connections beside it",
    across: "idle connections",
    up: "CPU microseconds of a round trip",
    lines: contenders.filter(({ grpc }) => !grpc).map(({ name, call, figures }) => ({
      name,
      points: [...figures].map(([idle, rounds]) => [idle, median(rounds.map(({ cpu }) => cpu))]),
      colour: COLOURS.indexOf(call),
      dash: DASHES.find(([place]) => name.endsWith(place))?.[1] ?? "",
    })),
  });
}

function table(contenders, read, show) {
  const counts = [...contenders[0]?.figures.keys() ?? []];
  return markdownTable([
    ["idle connections", ...counts.map((count) => count.toLocaleString("en"))],
    ...contenders.map(({ name, figures }) => [
      name,
      ...counts.map((count) => show(median(figures.get(count).map(read)))),
    ]),
  ]);
}

function digits(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}
