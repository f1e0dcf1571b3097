// What a call of a style that is no promise's does, one operation after another, and what it must see of it.
import { Status } from "pollwire";
import { ModelError } from "../model_error.ts";
import { type CallEnd, expect, jobOf, nameOf, type Plan } from "../plan.ts";
import { Fork, type Process } from "../process.ts";
import { checkPart, type Job, type Part, streamsRequests, streamsResponses } from "../service.ts";

/** One call of a client, by operations. */
export interface ClientSession {
  /** Makes the call; `request`: where it has one. */
  start(request: Job | undefined): void;
  /** The next response; undefined: there is none any more. */
  read(): Process<Part | undefined>;
  /** Sends one request, which may be the last; false: the call is dead. */
  write(job: Job, last: boolean): Process<boolean>;
  /** Ends the requests. */
  writesDone(): Process<boolean>;
  /** Ends the call. */
  cancel(): void;
  /** Waits for so many milliseconds, outside of what the library calls. */
  sleep(ms: number): Process<void>;
  /** Nothing more is started. */
  release(): void;
  /** How the call has ended; undefined where its queue refused to say that. */
  end(): Process<CallEnd | undefined>;
}

/** Counts the operations of a call, and has one of them interrupted. */
export class Steps {
  private count = 0;
  /** The application has ended the call, or left it. */
  hasLeft = false;
  /** A message came that was asked for after that. */
  hasReadOn = false;

  constructor(
    private readonly at: number | undefined,
    private readonly interrupt: () => void,
    private readonly cancel: () => void,
  ) {}

  /** Before an operation is started, and after it. */
  next(): void {
    if (++this.count === this.at) this.interrupt();
  }

  /** Cancels the call. */
  leave(): void {
    this.hasLeft = true;
    this.cancel();
  }
}

/** The whole call; undefined where its queue refused to tell its end. */
export function* clientCall(
  plan: Plan,
  session: ClientSession,
  steps: Steps,
  failed: (error: unknown) => void,
): Process<CallEnd | undefined> {
  const { kind } = plan;
  steps.next();
  session.start(streamsRequests(kind) ? undefined : jobOf(plan, 0));
  steps.next();
  const writing = streamsRequests(kind) ? new Fork(writeAll(plan, session, steps), failed) : undefined;
  const count = streamsResponses(kind) ? yield* readAll(plan, session, steps) : 0;
  if (writing !== undefined) yield* writing.join();
  session.release();
  const end = yield* session.end();
  if (end !== undefined) checkEnd(plan, end, count, steps);
  return end;
}

function* readAll(plan: Plan, session: ClientSession, steps: Steps): Process<number> {
  for (let place = 0;; place++) {
    if (place > 0 && place === plan.leaveAfter) steps.leave();
    steps.next();
    const { hasLeft } = steps;
    const part = yield* session.read();
    steps.next();
    if (part === undefined) return place;
    if (hasLeft) steps.hasReadOn = true;
    checkPart(part, plan.id, place);
    expect(plan, "bytes", part.body?.length ?? 0, plan.size);
    if (plan.readerPauseMs > 0) yield* session.sleep(plan.readerPauseMs);
  }
}

function* writeAll(plan: Plan, session: ClientSession, steps: Steps): Process<void> {
  const { choices } = plan.style;
  const together = choices.chance(0.5);
  for (let place = 0; place < plan.count; place++) {
    if (place % 7 === 6) yield* session.sleep(1);
    const last = together && place === plan.count - 1;
    steps.next();
    const alive = yield* session.write(jobOf(plan, place), last);
    steps.next();
    if (last) return;
    if (!alive && choices.chance(0.8)) return;
  }
  yield* session.writesDone();
  steps.next();
}

function checkEnd(plan: Plan, end: CallEnd, count: number, { hasLeft, hasReadOn }: Steps): void {
  const { id, kind } = plan;
  const isAsked = end.code === plan.failWith && end.details === `asked to ${id}`;
  if (hasReadOn) {
    throw new ModelError(`${nameOf(plan)}: a message that was asked for after its cancel`);
  }
  if (kind === "download" && (end.code === Status.OK || isAsked) && !hasLeft) {
    if (end.code === Status.OK || plan.style.client === "reactor") {
      expect(plan, "messages", count, plan.count);
    }
  }
  if (end.code !== Status.OK) return;
  if (kind === "chat" && !hasLeft) expect(plan, "messages", count, plan.count);
  if (streamsResponses(kind)) return;
  if (end.response === undefined) throw new ModelError(`${nameOf(plan)}: OK without a response`);
  if (kind === "upload") return expect(plan, "messages counted", end.response.place ?? 0, plan.count);
  checkPart(end.response, id, 0);
  expect(plan, "bytes", end.response.body?.length ?? 0, plan.size);
}
