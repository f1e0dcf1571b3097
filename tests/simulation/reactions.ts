// The reactions of one call, on either side: each must answer to an operation, outermost, and none may come after onDone.
import type { Duty } from "./duties.ts";
import { ModelError } from "./model_error.ts";
import { type Process, wait } from "./process.ts";
import type { Setting } from "./setting.ts";

/** What a reactor starts that has a reaction. */
export type Operation = "read" | "write" | "writes done" | "metadata";

/** See the head of this file. */
export class Reactions {
  private readonly outstanding = new Map<Operation, Duty<unknown>>();
  private readonly done: Duty<void>;
  private isDone = false;
  private reacting = false;

  /** `later`: the process goes on outside of the reaction. */
  constructor(
    protected readonly world: Setting,
    private readonly name: string,
    private readonly later: boolean,
  ) {
    this.done = world.duties.begin(`${name}: onDone`, () => {});
  }

  /** Starts an operation, and waits for its reaction. */
  *run<T>(operation: Operation, start: () => void): Process<T> {
    const value = yield* wait<T>((resume) => {
      this.outstanding.set(
        operation,
        this.world.duties.begin(`${this.name}: ${operation}`, resume) as Duty<unknown>,
      );
      this.calling(start);
    });
    if (this.later) yield* this.world.sleep(0);
    return value;
  }

  /** Runs what calls the library: no reaction may come within it. */
  calling(call: () => void): void {
    this.world.calling++;
    try {
      call();
    } finally {
      this.world.calling--;
    }
  }

  /** The reaction of `operation`. */
  settle(operation: Operation, value: unknown): void {
    this.react(operation, () => {
      const duty = this.outstanding.get(operation);
      this.outstanding.delete(operation);
      if (duty === undefined) this.problem(`a reaction to ${operation}, which was not started`);
      else duty.settle(value);
    });
  }

  /** Any reaction. */
  react(what: string, reaction: () => void): void {
    if (this.isDone) this.problem(`${what} after onDone`);
    if (this.reacting) this.problem(`${what} within another reaction`);
    if (this.world.calling > 0) this.problem(`${what} on the stack of what the application called`);
    this.reacting = true;
    try {
      reaction();
    } catch (error) {
      this.world.problem(error);
    }
    this.reacting = false;
  }

  /** From onDone. */
  protected end(): void {
    for (const operation of this.outstanding.keys()) {
      this.problem(`onDone before the reaction to ${operation}`);
    }
    this.isDone = true;
    this.done.settle();
  }

  /** There will be no reactions: the call has no reactor. */
  dismiss(): void {
    this.done.refuse();
  }

  protected problem(what: string): void {
    this.world.problem(new ModelError(`${this.name}: ${what}`));
  }
}
