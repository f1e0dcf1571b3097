// What inputs reach, as far as targets tell: an input that goes a way that none has gone before is worth keeping.

/** So many ways are told apart; a target that names more names too much. */
const MOST_WAYS = 20_000;

let ways = new Set<string>();
let last = "";
let fresh = false;

/** For targets: something happened. Numbers in `what` are left out, and what follows a quote. */
export function reached(what: string): void {
  const name = what.replace(/["'].*/s, "").replaceAll(/[0-9]+/g, "");
  const way = `${last}>${name}`;
  last = name;
  if (ways.has(way) || ways.size >= MOST_WAYS) return;
  ways.add(way);
  fresh = true;
}

/** Forgets all ways: another target begins. */
export function forgetWays(): void {
  ways = new Set();
  beginTrace();
}

/** An input begins. */
export function beginTrace(): void {
  last = "";
  fresh = false;
}

/** Whether the input that ran last went a new way. */
export function wentNewWay(): boolean {
  return fresh;
}
