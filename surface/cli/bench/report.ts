// What a bench came to: for a person with a histogram, and as JSON.

import { grouped } from "../channelz/tables.ts";
import type { Output } from "../terminal.ts";
import { styleOf } from "../text.ts";
import type { Histogram } from "./histogram.ts";

/** What was measured. */
export interface BenchResult {
  readonly method: string;
  readonly target: string;
  readonly connections: number;
  readonly concurrency: number;
  /** Calls a second that were wanted. */
  readonly rate: number | undefined;
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  /** Responses, where the method streams them. */
  readonly responses: number | undefined;
  readonly statuses: ReadonlyMap<string, number>;
  readonly latencies: Histogram;
  /** Milliseconds of CPU of this process. */
  readonly cpuMs: number;
}

const PERCENTILES = [["p50", 0.5], ["p90", 0.9], ["p95", 0.95], ["p99", 0.99], ["p99.9", 0.999]] as const;
const ROWS = 12;
/** The histogram shows this share in detail. */
const UP_TO = 0.99;
const MOST_BAR = 50;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** The result as one object. */
export function resultJson(result: BenchResult): Record<string, unknown> {
  const { latencies, seconds, calls, cpuMs, statuses, responses, rate } = result;
  return {
    method: result.method,
    target: result.target,
    connections: result.connections,
    concurrency: result.concurrency,
    ...(rate === undefined ? {} : { rate }),
    seconds: round(seconds),
    calls,
    failed: result.failed,
    callsPerSecond: round(seconds === 0 ? 0 : calls / seconds),
    ...(responses === undefined ? {} : { responses, responsesPerSecond: round(responses / seconds) }),
    latencyMs: {
      min: round(latencies.min),
      mean: round(latencies.mean),
      ...Object.fromEntries(PERCENTILES.map(([name, share]) => [name, round(latencies.percentile(share))])),
      max: round(latencies.max),
    },
    cpu: { usPerCall: round(calls === 0 ? 0 : cpuMs * 1000 / calls), cores: round(cpuMs / 1000 / seconds) },
    statuses: Object.fromEntries(statuses),
    histogram: latencies.rows(ROWS, UP_TO).map(({ fromMs, toMs, count }) => ({
      fromMs: round(fromMs),
      toMs: round(toMs),
      count,
    })),
  };
}

/** Three significant decimals and more before the point. */
function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(3)) : 0;
}

/** The result as lines for `output`. */
export function resultLines(result: BenchResult, output: Output): string[] {
  const { bold, dim, red, green } = styleOf(output);
  const { latencies, seconds, calls, failed, cpuMs, responses, rate } = result;
  const title = (text: string): string => bold(text.padEnd(9));
  const failures = failed === 0 ? green("none failed") : red(`${grouped(failed)} failed`);
  const lines = [
    dim(
      `${result.method} at ${result.target}, ${count(result.connections, "connection")}, ` +
        `${count(result.concurrency, "call")} at once${
          rate === undefined ? "" : `, ${grouped(rate)} a second wanted`
        }`,
    ),
    "",
    `${title("Calls")} ${grouped(calls)} in ${seconds.toFixed(1)} s, ${
      perSecond(calls, seconds)
    } a second, ${failures}`,
  ];
  if (responses !== undefined) {
    lines.push(`${title("Responses")} ${grouped(responses)}, ${perSecond(responses, seconds)} a second`);
  }
  const perCall = calls === 0 ? 0 : cpuMs * 1000 / calls;
  lines.push(
    `${title("CPU")} ${perCall.toFixed(1)} us a call in this process, ${
      (cpuMs / 1000 / seconds).toFixed(2)
    } cores`,
  );
  for (const [name, number] of result.statuses) {
    if (name !== "OK") lines.push(`${title("")} ${red(`${name} ${grouped(number)}`)}`);
  }
  if (latencies.count === 0) return lines;
  const cells: [string, string][] = [
    ...PERCENTILES.map(([name, share]): [string, string] => [name, duration(latencies.percentile(share))]),
    ["max", duration(latencies.max)],
    ["mean", duration(latencies.mean)],
  ];
  const width = Math.max(...cells.map(([, text]) => text.length));
  lines.push(
    "",
    `${title("Latency")} ${dim(cells.map(([name]) => name.padStart(width)).join("  "))}`,
    `${title("")} ${cells.map(([, text]) => text.padStart(width)).join("  ")}`,
    "",
    ...histogramLines(latencies, output),
  );
  return lines;
}

function histogramLines(latencies: Histogram, output: Output): string[] {
  const { cyan, dim } = styleOf(output);
  const rows = latencies.rows(ROWS, UP_TO);
  const most = Math.max(...rows.map(({ count }) => count));
  const labels = rows.map(({ toMs }) => `≤ ${duration(toMs)}`);
  const labelWidth = Math.max(...labels.map((text) => text.length));
  const counts = rows.map(({ count }) => grouped(count));
  const room = Math.min(
    MOST_BAR,
    Math.max(
      10,
      output.columns - labelWidth - counts.reduce((most, text) => Math.max(most, text.length), 0) - 6,
    ),
  );
  return rows.map(({ count }, i) =>
    `${labels[i]!.padStart(labelWidth + 2)} ${cyan(bar(count / most, room))}${count === 0 ? "" : " "}${
      dim(counts[i]!)
    }`
  );
}

/** A bar of `share` of `room` columns, by eighths of one. */
export function bar(share: number, room: number): string {
  const eighths = Math.round(share * room * 8);
  if (eighths === 0) return share > 0 ? EIGHTHS[1]! : "";
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7]!;
}

/** "0.412 ms", "12.3 ms", "1.20 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${
    ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3)
  } ms`;
}

function perSecond(number: number, seconds: number): string {
  return grouped(Math.round(seconds === 0 ? 0 : number / seconds));
}

function count(number: number, what: string): string {
  return `${grouped(number)} ${what}${number === 1 ? "" : "s"}`;
}
