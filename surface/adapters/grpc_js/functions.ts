// Lists of functions among options, such as interceptors: what is none would be left out without a word.

import { describe } from "../../options.ts";

const NONE: readonly never[] = [];

/** The functions that were given as `name`; none for null and undefined. Throws TypeError for what is no array of them. */
export function functionsOf<F>(
  given: readonly F[] | null | undefined,
  name: string,
  to: string,
): readonly F[] {
  if (given === undefined || given === null) return NONE;
  const isList = Array.isArray(given);
  const wrong = isList ? given.find((one: unknown) => one && typeof one !== "function") : given;
  if (isList && wrong === undefined) return given;
  throw new TypeError(`${name} passed as ${to} must be an array of functions; found ${describe(wrong)}`);
}
