// An endpoint of which a test decides when each read and write completes, and which holds its user to the contract.

import { assertEquals } from "@std/assert";
import type { SocketAddress } from "../../pollers/contract/address.ts";
import type { Endpoint, EventEngine, IoDone } from "../../pollers/contract/engine.ts";
import { endOfStream, IoError } from "../../pollers/contract/io_error.ts";
import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";

const HERE: SocketAddress = { family: "ipv4", host: "10.0.0.1", port: 1 };
const THERE: SocketAddress = { family: "ipv4", host: "10.0.0.2", port: 80 };

/** See the head of this file. */
export class ScriptedEndpoint implements Endpoint {
  readonly local = HERE;
  readonly peer = THERE;
  /** The bytes of each write, copied. */
  readonly writes: Uint8Array[] = [];
  /** Whether writes complete at once. */
  writesAtOnce = true;
  /** Calls of `read`. */
  reads = 0;
  /** Whether the last of them was to lend its bytes. */
  lending = false;
  lends = false;
  closed = false;
  private readonly arrived: Uint8Array[] = [];
  private readInto: SliceBuffer | undefined = undefined;
  private readDone: IoDone | undefined = undefined;
  private writing: { data: SliceBuffer; copy: Uint8Array; done: IoDone } | undefined = undefined;

  constructor(private readonly engine: EventEngine) {}

  read(into: SliceBuffer, done: IoDone, lend = false): boolean {
    if (this.closed) throw new Error("read after close");
    if (this.readDone !== undefined) throw new TypeError("Cannot read: a read is outstanding");
    this.reads++;
    this.lending = lend;
    const bytes = this.arrived.shift();
    if (bytes !== undefined) {
      into.append(bytes);
      return true;
    }
    this.readInto = into;
    this.readDone = done;
    return false;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    if (this.closed) throw new Error("write after close");
    if (this.writing !== undefined) throw new TypeError("Cannot write: a write is outstanding");
    const copy = data.join().slice();
    this.writes.push(copy);
    if (this.writesAtOnce) {
      data.clear();
      return true;
    }
    this.writing = { data, copy, done };
    return false;
  }

  close(reason: IoError = new IoError("closed", "read", THERE)): void {
    if (this.closed) return;
    this.closed = true;
    this.engine.run(() => {
      this.failRead(reason);
      this.completeWrite(reason);
    });
  }

  /** Whether a write is outstanding. */
  get isWriting(): boolean {
    return this.writing !== undefined;
  }

  /** Whether a read is outstanding. */
  get isReading(): boolean {
    return this.readDone !== undefined;
  }

  /** Bytes come from the peer. */
  arrive(...parts: Uint8Array[]): void {
    this.arrived.push(...parts);
    const { readInto, readDone } = this;
    if (readInto === undefined || readDone === undefined) return;
    this.readInto = this.readDone = undefined;
    readInto.append(this.arrived.shift()!);
    this.engine.execCtx.enter(readDone, undefined);
  }

  /** The outstanding read, if any, fails. */
  failRead(error: IoError = endOfStream(THERE)): void {
    const { readDone } = this;
    this.readInto = this.readDone = undefined;
    if (readDone !== undefined) this.engine.execCtx.enter(readDone, error);
  }

  /** The outstanding write, if any, is done; nobody may have changed its bytes. */
  completeWrite(error?: IoError): void {
    const { writing } = this;
    if (writing === undefined) return;
    this.writing = undefined;
    assertEquals(writing.data.join(), writing.copy, "bytes were changed while they were written");
    writing.data.clear();
    this.engine.execCtx.enter(writing.done, error);
  }
}
