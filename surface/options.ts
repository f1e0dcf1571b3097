// Options that users give as plain objects: what is unknown is refused, with the name that was probably meant.

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

/** Throws TypeError where `value` is given, and is neither true nor false. */
export function checkSwitch(purpose: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`Cannot ${purpose}: ${name} is ${describe(value)}; give true or false`);
}

/** Throws TypeError where `value` is given, and is no function. */
export function checkFunction(purpose: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(`Cannot ${purpose}: ${name} is ${describe(value)}, not a function`);
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
