// A connect of the runtime's own sockets, which must not keep the process alive where nothing holds it.
//
// Every other resource of a runtime can be unref'd; a pending connect cannot, and where packets are lost it takes
// minutes. So one that takes long while nothing holds the process is cancelled and begun again a moment later. In
// between nothing of ours keeps the process: it ends, or the application keeps it alive, and then the connect is
// tried again.

import type { Endpoint, IoResult } from "../contract/engine.ts";
import type { ConnectAttempt, Loop } from "../core/base_engine.ts";
import type { ProcessHold } from "../core/process_hold.ts";

/** How long the first try may take; each further one has twice as long, for peers that are far away. */
const FIRST_TRY_MS = 500;

/** Longer than a runtime takes to see that nothing is left to wait for, on a busy machine too. */
const PAUSE_MS = 50;

/** Begins a connect; returns what cancels it, or undefined where the runtime cannot do that. */
export type BeginConnect = (done: (result: IoResult<Endpoint>) => void) => (() => void) | undefined;

/** One attempt, of one try or more. */
export class PatientConnect {
  private tryMs = FIRST_TRY_MS;
  private timer: unknown = undefined;
  private takeBack: (() => void) | undefined = undefined;
  /** Reports the present try; undefined between two. */
  private done: ((result: IoResult<Endpoint>) => void) | undefined = undefined;
  private readonly begin = (): void => this.beginTry();
  private readonly check = (): void => this.checkHold();

  /** Begins at once; `attempt` has its end. */
  constructor(
    private readonly loop: Loop,
    private readonly processHold: ProcessHold,
    private readonly attempt: ConnectAttempt,
    private readonly connect: BeginConnect,
  ) {
    attempt.abort = () => this.end();
    this.beginTry();
  }

  private beginTry(): void {
    const done = (result: IoResult<Endpoint>): void => {
      if (this.done !== done) { // it was cancelled
        if (result.ok) result.value.close();
        return;
      }
      this.takeBack = undefined;
      this.end();
      if (result.ok) this.attempt.succeed(result.value);
      else this.attempt.fail(result.error);
    };
    this.done = done;
    this.takeBack = this.connect(done);
    if (this.takeBack !== undefined) this.timer = this.loop.arm(this.tryMs, this.check);
  }

  private checkHold(): void {
    if (this.processHold.active) {
      this.tryMs = FIRST_TRY_MS;
      this.timer = this.loop.arm(this.tryMs, this.check);
      return;
    }
    this.end();
    this.tryMs *= 2;
    this.timer = this.loop.arm(PAUSE_MS, this.begin);
  }

  private end(): void {
    this.done = undefined;
    this.loop.disarm(this.timer);
    this.takeBack?.();
    this.takeBack = undefined;
  }
}
