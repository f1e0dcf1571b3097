// Options that users give as plain objects: what is unknown is refused, with the name that was probably meant.

/** The names of options, as a table that the compiler holds to the interface `T`. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/**
 * Throws TypeError where `given` is no object of options, or has one that is not in `known`. `purpose` says in the
 * message what was tried: "call /routeguide.RouteGuide/GetFeature".
 */
export function checkOptions(purpose: string, given: object, known: Readonly<Record<string, true>>): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Cannot ${purpose}: its options are ${describe(given)}, not an object`);
  }
  for (const name in given) {
    if (known[name] !== true || !Object.hasOwn(known, name)) throw unknownOption(purpose, name, known);
  }
}

function unknownOption(purpose: string, name: string, known: Readonly<Record<string, true>>): TypeError {
  const names = Object.keys(known);
  const meant = nearest(name, names);
  const hint = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
  return new TypeError(`Cannot ${purpose}: there is no option ${JSON.stringify(name)}; ${hint}`);
}

/** The one of `names` that `name` was probably meant to be, or undefined. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  // Short for one: "grace" of "graceMs", "meta" of "metadata".
  let best = name.length < 4
    ? undefined
    : names.find((one) => one.toLowerCase().startsWith(name.toLowerCase()));
  if (best !== undefined) return best;
  // A third of the letters may be wrong: "deadline" is meant to be "deadlineMs", "foo" is nothing of ours.
  let least = Math.floor(name.length / 3) + 1;
  for (const one of names) {
    const distance = editDistance(name.toLowerCase(), one.toLowerCase(), least);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** Letters to insert, delete or replace between `a` and `b`; `limit` and above are not told apart. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** A value in a few words, for messages about what should have been given. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value !== "object") return `the ${typeof value} ${String(value).slice(0, 40)}`;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`
    : "an object";
}
