// Unary calls with a plain callback instead of a reactor: the callback is its `onDone`.

import { ClientUnaryReactor } from "./client_reactors.ts";
import type { DoneStatus } from "./done_status.ts";

/** Gets the status of a unary call, and with OK its response. */
export type UnaryCallback<Res> = (status: DoneStatus, response: Res | undefined) => void;

/** The reactor of a call that has a callback. */
export class CallbackReactor<Res> extends ClientUnaryReactor<Res> {
  /** `callback` is called once. */
  constructor(private readonly callback: UnaryCallback<Res>) {
    super();
  }

  override onDone(status: DoneStatus): void {
    return this.callback(status, status.ok ? this.response : undefined);
  }
}
