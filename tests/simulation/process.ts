// Processes: a call as one sequence of steps, each of which goes on within the event or the reaction that it waits for.
//
// A promise would go on in a microtask of its own, and so never start an operation within a reaction.
import { ModelError } from "./model_error.ts";

/** Begins what a process waits for; `resume` is called once, at once or later. */
export type Begin = (resume: (value: unknown) => void) => void;

/** Steps that end with a `T`. */
export type Process<T> = Generator<Begin, T, unknown>;

/** Waits for the value that `begin` gives to its `resume`. */
export function* wait<T>(begin: (resume: (value: T) => void) => void): Process<T> {
  return (yield begin as Begin) as T;
}

/** Runs `process` to its end; exactly one of `done` and `failed` is called. */
export function run<T>(
  process: Process<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  let over = false;
  const fail = (error: unknown): void => {
    if (!over) failed(error);
    over = true;
  };
  const go = (value: unknown): void => {
    let step: IteratorResult<Begin, T>;
    try {
      step = process.next(value);
    } catch (error) {
      return fail(error);
    }
    if (step.done) {
      over = true;
      return done(step.value);
    }
    let resumed = false;
    try {
      step.value((value) => {
        if (resumed) return fail(new ModelError("a step of a process was resumed twice"));
        resumed = true;
        go(value);
      });
    } catch (error) {
      fail(error);
    }
  };
  go(undefined);
}

/** A process that runs beside another one. */
export class Fork<T> {
  private ended: { readonly value: T } | undefined = undefined;
  private resume: ((value: T) => void) | undefined = undefined;

  /** `failed`: what it throws; then it never ends. */
  constructor(process: Process<T>, failed: (error: unknown) => void) {
    run(process, (value) => {
      this.ended = { value };
      this.resume?.(value);
    }, failed);
  }

  /** Waits for its end. */
  *join(): Process<T> {
    if (this.ended !== undefined) return this.ended.value;
    return yield* wait<T>((resume) => void (this.resume = resume));
  }
}
