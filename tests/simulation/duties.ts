// What the library owes: one event or reaction for each operation that it accepted.
import { ModelError } from "./model_error.ts";

/** One operation that was accepted. */
export class Duty<T> {
  private settled = false;

  /** Only by {@linkcode Duties}. */
  constructor(
    readonly what: string,
    private readonly duties: Duties,
    private readonly resume: (value: T) => void,
  ) {}

  /** Its event or reaction has come. */
  settle(value: T): void {
    if (this.settled) throw new ModelError(`${this.what}: a second event`);
    this.close();
    this.resume(value);
  }

  /** The library has refused the operation: nothing may come of it. */
  refuse(): void {
    this.close();
  }

  private close(): void {
    this.settled = true;
    this.duties.open.delete(this as Duty<unknown>);
  }
}

/** All operations of a world. */
export class Duties {
  /** Those whose event has not come. */
  readonly open: Set<Duty<unknown>> = new Set();

  /** An operation is about to be started; `resume` gets what comes of it. */
  begin<T>(what: string, resume: (value: T) => void): Duty<T> {
    const duty = new Duty(what, this, resume);
    this.open.add(duty as Duty<unknown>);
    return duty;
  }

  /** Throws ModelError where something was not settled; `when` says until when. */
  checkNone(when: string): void {
    if (this.open.size === 0) return;
    const all = [...this.open].map(({ what }) => what);
    throw new ModelError(`${when} ${all.length} operations had no event: ${all.slice(0, 5).join("; ")}`);
  }
}
