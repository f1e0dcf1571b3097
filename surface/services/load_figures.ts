// Which figures a server may report, and what they may be.

import { checkOptions, describe, type OptionNames } from "../options.ts";
import { isRecord } from "../records.ts";
import type { LoadReport } from "./load_report_service.ts";

const NAMES: OptionNames<LoadReport> = {
  cpuUtilization: true,
  memUtilization: true,
  applicationUtilization: true,
  rpsFractional: true,
  eps: true,
  utilization: true,
  requestCost: true,
  namedMetrics: true,
};

/** The least and the most of each single figure. */
const RANGES = {
  cpuUtilization: [0, Infinity],
  memUtilization: [0, 1],
  applicationUtilization: [0, Infinity],
  rpsFractional: [0, Infinity],
  eps: [0, Infinity],
} as const;

/** The same of figures by name. */
const NAMED_RANGES = {
  utilization: [0, 1],
  requestCost: [0, Infinity],
  namedMetrics: [-Infinity, Infinity],
} as const;

const PURPOSE = "report a load";

/**
 * A copy of `report`.
 *
 * @throws {TypeError} for figures that are unknown or no numbers
 * @throws {RangeError} for figures out of their range
 */
export function checkLoadReport(report: LoadReport): LoadReport {
  checkOptions(PURPOSE, report, NAMES);
  for (const [name, range] of Object.entries(RANGES)) {
    checkFigure(name, report[name as keyof typeof RANGES], range);
  }
  for (const [name, range] of Object.entries(NAMED_RANGES)) {
    const figures = report[name as keyof typeof NAMED_RANGES] ?? {};
    if (!isRecord(figures)) throw new TypeError(`Cannot ${PURPOSE}: ${name} is ${describe(figures)}`);
    for (const [key, figure] of Object.entries(figures)) {
      checkFigure(`${name}[${JSON.stringify(key)}]`, figure, range);
    }
  }
  return structuredClone(report);
}

function checkFigure(
  name: string,
  figure: number | undefined,
  [least, most]: readonly [number, number],
): void {
  if (figure === undefined) return;
  if (typeof figure !== "number") throw new TypeError(`Cannot ${PURPOSE}: ${name} is ${describe(figure)}`);
  if (Number.isFinite(figure) && figure >= least && figure <= most) return;
  const expected = most === Infinity
    ? least === 0 ? "0 or more" : "a number that is finite"
    : `${least} to ${most}`;
  throw new RangeError(`Cannot ${PURPOSE}: ${name} is ${figure}; give ${expected}`);
}
