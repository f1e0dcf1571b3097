// Base of endpoints over sockets that bring what comes by themselves, until they are paused.

import type { IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import { NativeEndpoint } from "./endpoint.ts";

/** An endpoint whose socket is paused while no read is outstanding. */
export abstract class PushedEndpoint extends NativeEndpoint {
  /** What came while no read was outstanding: at most what was on its way when the socket was paused. */
  private readonly waiting: Uint8Array[] = [];
  /** The socket brings nothing; a subclass whose socket begins so sets it. */
  protected paused = false;

  /** Something came. `bytes` are the endpoint's, and nothing overwrites them. */
  onData(bytes: Uint8Array): void {
    if (this.readInto !== undefined) {
      this.readInto.append(bytes);
      this.finishRead(undefined);
      // A reader that wants more has asked again by now; otherwise the kernel's window must close.
      if (this.reading) return;
    } else this.waiting.push(bytes);
    if (this.paused || this.closedBy !== undefined) return;
    this.paused = true;
    this.pauseSocket();
  }

  /** The peer's FIN, or the socket is gone: nothing more will be read. */
  onEnd(error: IoError): void {
    this.ended ??= error;
    if (this.reading && this.waiting.length === 0) this.finishRead(this.ended);
  }

  protected override readNow(into: SliceBuffer): boolean {
    if (this.waiting.length === 0) return false;
    for (const bytes of this.waiting) into.append(bytes);
    this.waiting.length = 0;
    return true;
  }

  protected override startRead(): void {
    if (!this.paused) return;
    this.paused = false;
    this.resumeSocket();
  }

  protected override release(): void {
    this.waiting.length = 0;
    super.release();
  }

  /** The socket is to bring nothing more. */
  protected abstract pauseSocket(): void;
  /** The socket is to bring what comes. */
  protected abstract resumeSocket(): void;
}
