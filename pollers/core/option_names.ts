// The names of options that are given as a plain object.

/** Throws TypeError for a name that is not one of `known`: what is written wrongly would else be left out in silence. */
export function checkNames(purpose: string, given: object, known: Readonly<Record<string, unknown>>): void {
  for (const name in given) {
    if (Object.hasOwn(known, name)) continue;
    const all = Object.keys(known).join(", ");
    throw new TypeError(`Cannot ${purpose}: there is no option ${JSON.stringify(name)}; there are ${all}`);
  }
}
