// The right name that a wrong one was probably meant to be.

/** The one of `names` that `wrong` was probably meant to be: the same but for case, underscores and an end, or nearly. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  const bare = bareName(wrong);
  const same = names.find((name) => bareName(name) === bare);
  if (same !== undefined) return same;
  // Short for one: "grace" of "graceMs", "meta" of "metadata".
  const longer = wrong.length < LEAST_START
    ? undefined
    : names.find((name) => bareName(name).startsWith(bare));
  if (longer !== undefined) return longer;
  // A third of the letters may be wrong: "deadline" is meant to be "deadlineMs", "foo" is nothing of ours.
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(bare, bareName(name), least);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** `; did you mean "x"?`, else `; there are a, b and 3 more`, else "". */
export function hint(wrong: string, names: readonly string[]): string {
  const meant = nearest(wrong, names);
  if (meant !== undefined) return `; did you mean ${meant}?`;
  if (names.length === 0) return "";
  const more = names.length - MOST_LISTED;
  if (more <= 0) return `; there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`;
  return `; there are ${names.slice(0, MOST_LISTED).join(", ")} and ${more} more`;
}

const LEAST_START = 4;
const MOST_LISTED = 12;
/** Longer names are not compared: they rarely differ by a typing error, and the comparison is quadratic. */
const MOST_COMPARED = 64;

function bareName(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** Letters to add, leave out, replace or swap with their neighbour; `limit` where it is no less than that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > MOST_COMPARED) return limit;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
