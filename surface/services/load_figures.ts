// Which figures a server may report, and what they may be.

import { checkOptions, describe, type OptionNames } from "../options.ts";
import { isRecord } from "../records.ts";
import type { MessageInit } from "../proto/mod.ts";
import type { LoadReport } from "./load_report_service.ts";

/** A report of which figures may be left out; those by name are in objects. */
export type Figures = Partial<LoadReport>;

const NAMES: OptionNames<Figures> = {
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
export function checkLoadReport(report: MessageInit<LoadReport>): Figures {
  checkOptions(PURPOSE, report, NAMES);
  const checked: Figures = {};
  for (const name of keysOf(RANGES)) {
    const figure = report[name];
    if (figure !== undefined) checked[name] = checkFigure(name, figure, RANGES[name]);
  }
  for (const name of keysOf(NAMED_RANGES)) {
    const given: unknown = report[name];
    if (given === undefined) continue;
    const figures = given instanceof Map ? Object.fromEntries(given) : given;
    if (!isRecord(figures)) throw new TypeError(`Cannot ${PURPOSE}: ${name} is ${describe(figures)}`);
    checked[name] = Object.fromEntries(
      Object.entries(figures).map(([key, figure]) => [
        key,
        checkFigure(`${name}[${JSON.stringify(key)}]`, figure, NAMED_RANGES[name]),
      ]),
    );
  }
  return checked;
}

function keysOf<T extends object>(ranges: T): (keyof T)[] {
  return Object.keys(ranges) as (keyof T)[];
}

function checkFigure(
  name: string,
  figure: unknown,
  [least, most]: readonly [number, number],
): number {
  if (typeof figure !== "number") throw new TypeError(`Cannot ${PURPOSE}: ${name} is ${describe(figure)}`);
  if (Number.isFinite(figure) && figure >= least && figure <= most) return figure;
  const expected = most === Infinity
    ? least === 0 ? "0 or more" : "a number that is finite"
    : `${least} to ${most}`;
  throw new RangeError(`Cannot ${PURPOSE}: ${name} is ${figure}; give ${expected}`);
}
