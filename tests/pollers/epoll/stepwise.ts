// Functions over shared words, run one atomic step at a time, and every order of the steps of two threads.
//
// The function is the library's own: its text with a pause before each use of Atomics. So what is checked for all
// interleavings is the code itself, not a model of it.

/** Runs up to the next atomic step, or to the end. */
export type Steps<R> = Generator<void, R, void>;

/** `fn` as a generator that pauses before each atomic step; `names` are what its text uses from its module. */
export function stepwise<A extends unknown[], R>(
  fn: (...values: A) => R,
  names: Readonly<Record<string, unknown>>,
): (...values: A) => Steps<R> {
  const text = fn.toString().replace(/^function\b/, "function*").replaceAll(
    /\bAtomics\./g,
    "(yield, Atomics).",
  );
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

/** Runs both to their ends, as `choices` says, which it completes; gives for each step whether there was a choice. */
function run(threads: readonly [Steps<unknown>, Steps<unknown>], choices: number[]): boolean[] {
  const running = [true, true];
  const free: boolean[] = [];
  for (let step = 0; running[0] || running[1]; step++) {
    if (step === MOST_STEPS) throw new Error(`Still running after ${step} steps: ${choices.join("")}`);
    free.push(running[0]! && running[1]!);
    const thread = choices[step] ??= running[0] ? 0 : 1;
    running[thread] = threads[thread]!.next().done !== true;
  }
  return free;
}
