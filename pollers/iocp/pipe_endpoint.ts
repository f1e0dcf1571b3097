// An endpoint over one end of a named pipe.
//
// A read posts a buffer of its own: pipes have no way to take what is there without one, and few are open. It is held
// while the read is outstanding and no longer. A pipe has no half of a stream to end: the other end has closed, or not.

import { type OperationOwner, tooManyOperations } from "../completion/operations.ts";
import type { SocketAddress } from "../contract/address.ts";
import { endOfStream, type IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { BaseEndpoint } from "../core/base_endpoint.ts";
import type { IocpContext } from "./context.ts";
import { hasFailed, type Operation } from "./operations.ts";
import { PACKET_COMES, type Pipe } from "./pipes.ts";
import { windowsError } from "./sockets.ts";

const NOTHING = new Uint8Array(0);

/** Reads and writes on one pipe. */
export class PipeEndpoint extends BaseEndpoint implements OperationOwner<Operation> {
  private reader: Operation | undefined = undefined;
  private writer: Operation | undefined = undefined;
  private unwritten: SliceBuffer | undefined = undefined;

  /** `pipe` is connected, and the endpoint's from here on. */
  constructor(
    protected override readonly engine: IocpContext,
    local: SocketAddress,
    peer: SocketAddress,
    private readonly pipe: Pipe,
  ) {
    super(engine, local, peer);
  }

  /** A packet of this endpoint came. */
  onComplete(operation: Operation, status: number, byteCount: number): void {
    const { pipes } = this.engine;
    const isRead = operation === this.reader; // neither that nor the write: closed meanwhile
    const bytes = isRead && !hasFailed(status) ? pipes.bytesRead(operation, byteCount) : NOTHING;
    pipes.finish(operation);
    if (operation === this.writer) this.onWritten(status, byteCount);
    else if (isRead) this.onRead(status, bytes);
  }

  protected override readNow(): boolean {
    return false;
  }

  protected override startRead(): void {
    if (this.ended === undefined) this.ended = this.post();
  }

  protected override startWrite(data: SliceBuffer): boolean {
    const error = this.push(data);
    if (error !== undefined) this.finishWriteLater(error);
    return false;
  }

  protected override release(): void {
    this.reader = this.writer = undefined; // their memory is released with their packets
    this.unwritten?.clear();
    this.unwritten = undefined;
    this.engine.pipes.close(this.pipe);
  }

  private post(): IoError | undefined {
    const { operations, pipes } = this.engine;
    const operation = operations.take(this);
    if (operation === undefined) return tooManyOperations("read", this.peer);
    const result = pipes.read(this.pipe, operation);
    if (result === PACKET_COMES) {
      this.reader = operation;
      return undefined;
    }
    pipes.finish(operation);
    operations.giveBack(operation);
    return this.endBy(result);
  }

  private onRead(status: number, bytes: Uint8Array): void {
    this.reader = undefined;
    if (hasFailed(status)) this.ended = this.endBy(status);
    else if (bytes.length > 0) this.readInto!.append(bytes);
    else { // a write of nothing
      this.startRead();
      if (this.ended === undefined) return;
    }
    this.finishRead(this.ended);
  }

  /** Writes the next piece; the error where that fails. */
  private push(data: SliceBuffer): IoError | undefined {
    const { operations, pipes } = this.engine;
    const operation = operations.take(this);
    if (operation === undefined) return tooManyOperations("write", this.peer);
    const result = pipes.write(this.pipe, data.slices, operation);
    if (result === PACKET_COMES) {
      this.writer = operation;
      this.unwritten = data;
      return undefined;
    }
    pipes.finish(operation);
    operations.giveBack(operation);
    return windowsError(result, "write", this.peer);
  }

  private onWritten(status: number, byteCount: number): void {
    const data = this.unwritten!;
    this.writer = this.unwritten = undefined;
    if (hasFailed(status)) return this.finishWrite(windowsError(status, "write", this.peer));
    data.drop(byteCount);
    const error = data.byteLength > 0 ? this.push(data) : undefined;
    if (error !== undefined || this.writer === undefined) this.finishWrite(error);
  }

  /** A pipe whose other end has closed is at its end. */
  private endBy(value: number): IoError {
    const error = windowsError(value, "read", this.peer);
    return error.code === "EPIPE" || error.code === "EOF" ? endOfStream(this.peer) : error;
  }
}
