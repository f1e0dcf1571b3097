// The names of options that are given as a plain object.

import { textOf } from "../log/describe.ts";

/** Throws TypeError for what is no object, and for a name that is not one of `known`: what is written wrongly would else be left out in silence. */
export function checkNames(purpose: string, given: object, known: Readonly<Record<string, unknown>>): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Cannot ${purpose}: its options are ${textOf(given)}, not an object`);
  }
  for (const name in given) {
    if (Object.hasOwn(known, name)) continue;
    const all = Object.keys(known).join(", ");
    throw new TypeError(`Cannot ${purpose}: there is no option ${JSON.stringify(name)}; there are ${all}`);
  }
}
