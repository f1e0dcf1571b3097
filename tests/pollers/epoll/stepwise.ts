// Functions over shared words, run one atomic step at a time, and every order of the steps of two threads.
//
// The function is the library's own: its text with a pause before each use of Atomics. So what is checked for all
// interleavings is the code itself, not a model of it.

/** Runs up to the next atomic step, or to the end; gives a condition where it can go on only once that holds. */
export type Steps<R> = Generator<(() => boolean) | void, R, void>;

/**
 * `fn` as a generator that pauses before each atomic step; `names` are what its text uses from its module. Calls in
 * `blocking`, by their text up to the bracket, are to stepwise functions themselves.
 */
export function stepwise<A extends unknown[], R>(
  fn: (...values: A) => R,
  names: Readonly<Record<string, unknown>>,
  blocking: readonly string[] = [],
): (...values: A) => Steps<R> {
  let text = fn.toString().replace(/^function\b/, "function*").replaceAll(
    /\bAtomics\./g,
    "(yield, Atomics).",
  );
  for (const call of blocking) text = text.replaceAll(`${call}(`, `yield* ${call}(`);
  if (!text.startsWith("function*") || !text.includes("(yield, Atomics)")) {
    throw new Error(`Cannot run stepwise: ${text}`);
  }
  return new Function(...Object.keys(names), `return ${text}`)(...Object.values(names));
}

/** More steps than two threads take in any order: a loop that never ends is found out. */
const MOST_STEPS = 200;

/**
 * Runs a fresh pair of threads in every order of their steps: `begin` makes them, and `end` looks at what came of it,
 * with the order ("0110") for its messages. Gives the number of orders.
 */
export function everyOrder(
  begin: () => readonly [Steps<unknown>, Steps<unknown>],
  end: (order: string) => void,
): number {
  for (let choices: number[] = [], orders = 1;; orders++) {
    const free = run(begin(), choices);
    end(choices.join(""));
    // The next order: the last choice that can be made differently is.
    const at = choices.findLastIndex((choice, step) => choice === 0 && free[step]);
    if (at < 0) return orders;
    choices = [...choices.slice(0, at), 1];
  }
}

/**
 * Runs both to their ends, as `choices` says, which it completes; gives for each step whether there was a choice. Throws
 * where both wait for ever.
 */
function run(threads: readonly [Steps<unknown>, Steps<unknown>], choices: number[]): boolean[] {
  const running = [true, true];
  const free: boolean[] = [];
  const until: Array<(() => boolean) | void> = [undefined, undefined];
  const goesOn = (thread: number): boolean => running[thread]! && until[thread]?.() !== false;
  for (let step = 0; running[0] || running[1]; step++) {
    if (step === MOST_STEPS) throw new Error(`Still running after ${step} steps: ${choices.join("")}`);
    const can = [goesOn(0), goesOn(1)];
    if (!can[0] && !can[1]) throw new Error(`Both wait for ever: ${choices.join("")}`);
    free.push(can[0]! && can[1]!);
    const thread = choices[step] ??= can[0] ? 0 : 1;
    const { done, value } = threads[thread]!.next();
    running[thread] = done !== true;
    until[thread] = done === true ? undefined : value;
  }
  return free;
}
