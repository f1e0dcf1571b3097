// A call, whichever side it is seen from: where it stands, that it ends once, and its deadline.
//
//                STARTED   STREAM_OPENED   STREAM_LOST   ENDED
//    IDLE        WAITING   OPEN            -             OVER
//    WAITING     -         OPEN            -             OVER
//    OPEN        -         -               WAITING       OVER
//    OVER        -         -               -             -
//
// A client's call waits for a stream, has one, and waits for another where the server did not process the first one
// (`client/client_call.ts`); one with a retry or hedging policy is open while its attempts are. A server's call is there
// because its stream is. "-": the event comes too late, or means nothing there, and whoever caused it has to do nothing.
//
// A call is octets, header lists and a status. What an application sends and gets is the matter of an API style, and a
// style is a subclass of `ClientCall` and of `ServerCallCore`: so a call is one object in every style, and no style
// stands on another one. Everything happens on the engine's thread, and nothing here or below waits for a promise.

import type { EventEngine, Instant, TaskHandle } from "../../pollers/mod.ts";

/** States of a call. */
export const CallState = { IDLE: 0, WAITING: 1, OPEN: 2, OVER: 3 } as const;

/** What changes the state. */
export const CallEvent = { STARTED: 0, STREAM_OPENED: 1, STREAM_LOST: 2, ENDED: 3 } as const;

/** Where the table has no state for an event. */
const NONE = 4;

const { IDLE, WAITING: W, OPEN: O, OVER } = CallState;

/** The state after each event in each state, or that the event means nothing (4). */
// deno-fmt-ignore
export const CALL_TABLE: Readonly<Record<keyof typeof CallEvent, readonly number[]>> = {
  //               IDLE  W     O     OVER
  STARTED:       [ W,    NONE, NONE, NONE ],
  STREAM_OPENED: [ O,    O,    NONE, NONE ],
  STREAM_LOST:   [ NONE, NONE, W,    NONE ],
  ENDED:         [ OVER, OVER, OVER, NONE ],
};

const STATES = Object.keys(CallState).length;
const NEXT = Uint8Array.from(Object.values(CALL_TABLE).flat());

/**
 * JavaScriptCore gives an object as much room as the constructor that makes it could fill, which of a call is that of
 * `CallCore`. Fields of subclasses beyond it lie in memory of their own, which moves each time it doubles: three times a
 * call, a tenth of a unary call and more. So that constructor says that it might assign as many fields as calls have.
 */
type Room = Record<string, undefined>;

/** One side's half of a call. */
export abstract class CallCore {
  /** When the call's time is over, on the engine's clock; Infinity where there is no deadline. */
  declare deadlineAt: Instant;
  declare private state: number;
  declare private deadlineTask: TaskHandle | undefined;

  // Fields of calls are assigned, not initialised (docs/STYLE.md, "Hot paths").
  constructor() {
    this.deadlineAt = Infinity;
    this.state = IDLE;
    this.deadlineTask = undefined;
    if (this.deadlineTask !== undefined) { // never: see `Room`
      const room = this as unknown as Room;
      // deno-fmt-ignore
      room.a = room.b = room.c = room.d = room.e = room.f = room.g = room.h = room.i = room.j = room.k = room.l =
        room.m = room.n = room.o = room.p = room.q = room.r = room.s = room.t = room.u = room.v = room.w = room.x = room.y =
        room.z = room.aa = room.ab = undefined;
    }
  }

  /** Whose clock and thread it is. */
  protected abstract get engine(): EventEngine;

  /** Whether the call has its status, or what stands for it. */
  get isOver(): boolean {
    return this.state === OVER;
  }

  /** Whether {@linkcode CallEvent} STARTED has come, or a stream. */
  protected get isStarted(): boolean {
    return this.state !== IDLE;
  }

  /** Changes the state by the table; false where `event` means nothing. */
  protected advance(event: number): boolean {
    const next = NEXT[event * STATES + this.state]!;
    if (next === NONE) return false;
    this.state = next;
    return true;
  }

  /** How long ago the deadline was, in milliseconds; negative before it. */
  protected get lateMs(): number {
    return this.engine.now() - this.deadlineAt;
  }

  /** Has {@linkcode onDeadline} called at `at`. */
  protected armDeadline(at: Instant): void {
    this.deadlineAt = at;
    if (at === Infinity) return;
    this.deadlineTask = this.engine.runAt(at, () => {
      this.deadlineTask = undefined;
      this.onDeadline();
    });
  }

  /** The deadline does not matter any more. */
  protected disarmDeadline(): void {
    if (this.deadlineTask !== undefined) this.engine.cancel(this.deadlineTask);
    this.deadlineTask = undefined;
  }

  /** The time is over. */
  protected abstract onDeadline(): void;
}
