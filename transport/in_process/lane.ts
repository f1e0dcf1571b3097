// The events of one side of an in-process connection: they come in turns of its engine, never on the stack of the other
// side, which caused them. A turn of the loop lies between cause and event, so that two sides which answer each other leave
// the rest of the program its time.

import type { EventEngine, Instant } from "../../pollers/contract/engine.ts";

/** Something that has events for its side. */
export interface Deliverable {
  /** True while it waits in the lane's list; owned by {@linkcode Lane}, start it as false. */
  isDue: boolean;
  /** Hands the events up; called once for all that have come until then. */
  deliver(): void;
}

/** See the head of this file. */
export class Lane {
  /** When the turn began that delivers now. */
  now: Instant = 0;
  private due: Deliverable[] = [];
  private spare: Deliverable[] = [];
  private readonly run = (): void => this.deliver();

  /** `onThrow` gets what handing events up throws, which is a fault of the library or of a poller. */
  constructor(readonly engine: EventEngine, private readonly onThrow: (error: unknown) => void) {}

  /** `one` has events; they are delivered in the order of the calls. */
  schedule(one: Deliverable): void {
    if (one.isDue) return;
    one.isDue = true;
    if (this.due.push(one) === 1) this.engine.run(this.run);
  }

  private deliver(): void {
    const batch = this.due;
    this.due = this.spare;
    this.now = this.engine.now();
    for (let i = 0; i < batch.length; i++) {
      const one = batch[i]!;
      one.isDue = false;
      try {
        one.deliver();
      } catch (error) {
        this.onThrow(error);
      }
    }
    batch.length = 0;
    this.spare = batch;
  }
}
