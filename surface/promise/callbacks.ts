// The callbacks of one call, in order, each outermost in the turn: never on the stack of what caused them.

import type { ApplicationCallback, ExecCtx } from "../../pollers/mod.ts";
import type { CallFailure } from "./call_failure.ts";

/** Made for calls that have callbacks. */
export class Callbacks implements ApplicationCallback {
  callbackScheduled = false;
  /** What a callback has ended the call with, where it was over otherwise. */
  failure: CallFailure | undefined = undefined;
  private calls: Array<() => void> = [];

  /** Turns of `execCtx`. */
  constructor(private readonly execCtx: ExecCtx) {}

  /** Has `call` run, which must not throw. */
  add(call: () => void): void {
    this.calls.push(call);
    this.execCtx.schedule(this);
  }

  runCallback(): void {
    const { calls } = this;
    this.calls = [];
    for (const call of calls) call();
  }
}
