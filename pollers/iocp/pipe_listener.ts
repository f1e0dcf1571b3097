// One named pipe of a listener: several instances, each waiting for its other end.

import { type OperationOwner, tooManyOperations } from "../completion/operations.ts";
import type { NamedPipeAddress } from "../contract/address.ts";
import type { Endpoint } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { UNNAMED_PIPE } from "../core/pipe_address.ts";
import { ERROR_NO_DATA } from "../ffi/windows_error_table.ts";
import type { IocpContext } from "./context.ts";
import { hasFailed, type Operation } from "./operations.ts";
import { PipeEndpoint } from "./pipe_endpoint.ts";
import { CONNECTED_BEFORE, PACKET_COMES, type Pipe } from "./pipes.ts";
import { windowsError } from "./sockets.ts";

/** Instances that wait at the same time; who comes when all are taken tries again. */
const INSTANCES = 4;

/** What a bound socket or pipe calls its listener with. */
export interface AcceptOwner {
  /** Hands an endpoint up. */
  hand(endpoint: Endpoint): void;
  /** Accepting failed; `again` runs where the listener continues. */
  failed(error: IoError, again: () => void): void;
}

/** Instances without a client yet; the first one exists from the bind on, which is the backlog. */
export class ListeningPipe implements OperationOwner<Operation> {
  readonly listens = true;
  private readonly waiting = new Map<Operation, Pipe>();
  private next: Pipe | undefined;
  private closed = false;

  /** `first` is the instance that was bound. */
  constructor(
    private readonly listener: AcceptOwner,
    private readonly engine: IocpContext,
    first: Pipe,
    private readonly at: NamedPipeAddress,
  ) {
    this.next = first;
  }

  /** Has all instances wait. */
  start(): void {
    while (!this.closed && this.waiting.size < INSTANCES) {
      const error = this.accept();
      if (error === undefined) continue;
      if (this.waiting.size === 0) this.listener.failed(error, () => this.start());
      return; // else the next connection tries again
    }
  }

  /** A client connected, or the wait failed. */
  onComplete(operation: Operation, status: number): void {
    const pipe = this.waiting.get(operation)!;
    this.waiting.delete(operation);
    if (this.closed) return;
    this.start();
    if (hasFailed(status)) this.engine.pipes.close(pipe);
    else this.take(pipe);
  }

  /** Closes every instance that waits. */
  close(): void {
    this.closed = true;
    const { pipes } = this.engine;
    for (const pipe of this.waiting.values()) pipes.close(pipe);
    if (this.next !== undefined) pipes.close(this.next);
  }

  /** Has one instance wait; the error where that fails. */
  private accept(): IoError | undefined {
    const { pipes, operations } = this.engine;
    const pipe = this.next ?? pipes.create(this.at, false);
    this.next = undefined;
    if (typeof pipe === "number") return windowsError(pipe, "accept", this.at);
    const operation = operations.take(this);
    if (operation === undefined) {
      pipes.close(pipe);
      return tooManyOperations("accept", this.at);
    }
    const result = pipes.accept(pipe, operation);
    if (result === PACKET_COMES) {
      this.waiting.set(operation, pipe);
      return undefined;
    }
    operations.giveBack(operation);
    if (result === CONNECTED_BEFORE) this.engine.run(() => this.take(pipe));
    else pipes.close(pipe);
    // A client that connected and left at once is no reason to stop.
    return result === CONNECTED_BEFORE || result === ERROR_NO_DATA
      ? undefined
      : windowsError(result, "accept", this.at);
  }

  private take(pipe: Pipe): void {
    if (this.closed) return this.engine.pipes.close(pipe);
    this.listener.hand(new PipeEndpoint(this.engine, this.at, UNNAMED_PIPE, pipe));
  }
}
