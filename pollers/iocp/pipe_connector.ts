// One connect to a named pipe: it opens at once, or nothing listens, or every instance is taken.

import type { NamedPipeAddress } from "../contract/address.ts";
import type { TaskHandle } from "../contract/engine.ts";
import type { ConnectAttempt } from "../core/base_engine.ts";
import { UNNAMED_PIPE } from "../core/pipe_address.ts";
import { ERROR_PIPE_BUSY } from "../ffi/windows_error_table.ts";
import type { IocpContext } from "./context.ts";
import { PipeEndpoint } from "./pipe_endpoint.ts";
import { windowsError } from "./sockets.ts";

/** The pause before another try where all instances are taken: the only call that waits for one blocks. */
const BUSY_PAUSE_MS = 10;

/** Opens a pipe, and reports to an attempt, never on its caller's stack. */
export class PipeConnector {
  private retry: TaskHandle | undefined = undefined;
  private aborted = false;

  /** See `EventEngine.connect`. */
  constructor(
    private readonly engine: IocpContext,
    private readonly to: NamedPipeAddress,
    private readonly attempt: ConnectAttempt,
  ) {
    attempt.abort = () => this.abort();
  }

  /** Begins. */
  start(): void {
    this.engine.run(() => this.open());
  }

  private open(): void {
    this.retry = undefined;
    if (this.aborted) return;
    const { engine, to } = this;
    const pipe = engine.pipes.open(to);
    if (typeof pipe !== "number") {
      this.attempt.succeed(new PipeEndpoint(engine, UNNAMED_PIPE, to, pipe));
    } else if (pipe === ERROR_PIPE_BUSY) {
      this.retry = engine.runAt(engine.now() + BUSY_PAUSE_MS, () => this.open());
    } else this.attempt.fail(windowsError(pipe, "connect", to));
  }

  private abort(): void {
    this.aborted = true;
    if (this.retry !== undefined) this.engine.cancel(this.retry);
  }
}
