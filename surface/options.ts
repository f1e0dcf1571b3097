// Options that users give as plain objects: what is unknown is refused, with the name that was probably meant.

import type { ReportOptions } from "../pollers/mod.ts";
import { propertyOf } from "../pollers/log/values.ts";
import { hint } from "./nearest.ts";
import { isRecord } from "./records.ts";

/** The names of options, as a table that the compiler holds to the interface `T`. */
export type OptionNames<T> = Readonly<Record<keyof T & string, true>>;

/**
 * Throws TypeError where `given` is no object of options, or has one that is not in `known`. `purpose` says in the
 * message what was tried: "call /routeguide.RouteGuide/GetFeature".
 */
export function checkOptions(purpose: string, given: object, known: object): void {
  if (!isRecord(given)) {
    throw new TypeError(`Cannot ${purpose}: its options are ${describe(given)}, not an object`);
  }
  for (const name in given) {
    if (!Object.hasOwn(known, name)) throw unknownOption(purpose, name, known);
  }
}

function unknownOption(purpose: string, name: string, known: object): TypeError {
  const what = `there is no option ${JSON.stringify(name)}`;
  return new TypeError(`Cannot ${purpose}: ${what}${hint(name, Object.keys(known))}`);
}

/** Throws RangeError where `value` is given, and is no number of at least `least`; `expected`: what to give. */
export function checkNumber(
  purpose: string,
  name: string,
  value: unknown,
  least: number,
  expected: string,
): void {
  if (value === undefined || (typeof value === "number" && value >= least)) return;
  throw new RangeError(`Cannot ${purpose}: ${name} is ${describe(value)}; give ${expected}`);
}

/** Throws TypeError where `value` is given, and is of another type. */
export function checkType(
  purpose: string,
  name: string,
  value: unknown,
  type: "boolean" | "function",
): void {
  if (value === undefined || typeof value === type) return;
  const expected = type === "boolean" ? "true or false" : "a function";
  throw new TypeError(`Cannot ${purpose}: ${name} is ${describe(value)}; give ${expected}`);
}

/** Throws TypeError where what errors and messages go to could take none. */
export function checkReport(purpose: string, { onError, logger }: ReportOptions): void {
  checkType(purpose, "onError", onError, "function");
  if (logger === undefined) return;
  for (const level of ["error", "warn", "info", "debug"]) {
    checkType(purpose, `logger.${level}`, propertyOf(logger, level) ?? null, "function");
  }
}

/** A value in a few words, for messages about what should have been given. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value !== "object") return `the ${typeof value} ${String(value).slice(0, 40)}`;
  const name = propertyOf(propertyOf(value, "constructor"), "name");
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`
    : "an object";
}
