// What the handler of a call does in every style but promises, one operation after another.
import type { StatusCode } from "pollwire";
import { Status } from "pollwire";
import type { Process } from "../process.ts";
import { bodyOf, checkPart, type Job, type Kind, type Part } from "../service.ts";
import type { Setting } from "../setting.ts";

/** How a handler ends its call. */
export interface Finish {
  readonly code: StatusCode;
  readonly details: string;
  /** Trailing metadata. */
  readonly metadata: Record<string, string>;
}

/** One call of a server, by operations. */
export interface ServerSession {
  /** The next request; undefined: there is none any more. */
  read(): Process<Job | undefined>;
  /** Sends one response; false: the call is dead. */
  write(part: Part): Process<boolean>;
  /** Ends the call, once; `part` is sent before the status, and is the one response where there is one. */
  finish(finish: Finish, part: Part | undefined): Process<void>;
  /** Cancels the call; it is still to be finished. */
  cancel(): void;
}

const OK: Finish = { code: Status.OK, details: "", metadata: {} };
/** What a handler finishes a call with that is over for it: nobody gets it. */
const DEAD: Finish = { code: Status.ABORTED, details: "the call was dead", metadata: {} };

/** Serves one call; `kind` says how. */
export function* serve(world: Setting, kind: Kind, session: ServerSession): Process<void> {
  world.handling++;
  yield* new Handler(world, session)[kind]();
  world.handling--;
}

class Handler {
  private steps = 0;
  private cancelAt = 0;

  constructor(private readonly world: Setting, private readonly session: ServerSession) {}

  *unary(): Process<void> {
    const job = yield* this.read(0);
    if (job === undefined) return yield* this.session.finish(DEAD, undefined);
    const id = job.call ?? 0;
    this.world.executed(id);
    yield* this.pause(job);
    const part = { call: id, place: 0, body: bodyOf(id, 0, job.size ?? 0) };
    const finish = finishOf(job);
    yield* this.session.finish(finish, finish.code === Status.OK ? part : undefined);
  }

  *download(): Process<void> {
    const job = yield* this.read(0);
    if (job === undefined) return yield* this.session.finish(DEAD, undefined);
    const { call = 0, count = 0, size = 0 } = job;
    const together = count > 0 && this.world.choices.chance(0.4);
    for (let place = 0; place < (together ? count - 1 : count); place++) {
      if (place % 5 === 4) yield* this.pause(job);
      if (!(yield* this.write({ call, place, body: bodyOf(call, place, size) }))) {
        return yield* this.session.finish(DEAD, undefined);
      }
    }
    const place = count - 1;
    yield* this.session.finish(
      finishOf(job),
      together ? { call, place, body: bodyOf(call, place, size) } : undefined,
    );
  }

  *upload(): Process<void> {
    let call = 0;
    for (let place = 0;; place++) {
      const job = yield* this.read(place);
      if (job === undefined) return yield* this.session.finish(OK, { call, place });
      call = job.call ?? 0;
      yield* this.pause(job);
      if (job.failWith) return yield* this.session.finish(finishOf(job), undefined);
    }
  }

  *chat(): Process<void> {
    for (let place = 0;; place++) {
      const job = yield* this.read(place);
      if (job === undefined) return yield* this.session.finish(OK, undefined);
      const { call = 0, size = 0 } = job;
      yield* this.pause(job);
      if (job.failWith) return yield* this.session.finish(finishOf(job), undefined);
      if (!(yield* this.write({ call, place, body: bodyOf(call, place, size) }))) {
        return yield* this.session.finish(DEAD, undefined);
      }
    }
  }

  private *read(place: number): Process<Job | undefined> {
    const job = yield* this.session.read();
    if (job !== undefined) {
      checkPart(job, job.call ?? 0, place);
      this.cancelAt = job.cancelAt ?? 0;
    }
    this.next();
    return job;
  }

  private *write(part: Part): Process<boolean> {
    const alive = yield* this.session.write(part);
    this.next();
    return alive;
  }

  private *pause({ pauseMs }: Job): Process<void> {
    if (pauseMs) yield* this.world.sleep(pauseMs);
    this.next();
  }

  private next(): void {
    if (++this.steps === this.cancelAt) this.session.cancel();
  }
}

function finishOf({ call, failWith }: Job): Finish {
  if (!failWith) return OK;
  const code = failWith as StatusCode;
  return { code, details: `asked to ${call}`, metadata: { "x-call": `${call}` } };
}
