// Binds a connection to an endpoint: one read loop, one coalesced write a turn, one timer.

import { formatAddress } from "../pollers/contract/address.ts";
import type { Endpoint, EventEngine, Instant, TaskHandle } from "../pollers/contract/engine.ts";
import type { Flushable } from "../pollers/contract/exec_ctx.ts";
import type { IoError } from "../pollers/contract/io_error.ts";
import { SliceBuffer } from "../pollers/contract/slice_buffer.ts";
import { defaultReporter, type Reporter, trace } from "../pollers/log/mod.ts";
import type { Connection } from "./http2/connection.ts";
import { ErrorCode, Http2Error } from "./http2/error.ts";
import type { FrameNotes, NoteFrames } from "./http2/frame_trace.ts";

/** Reads that may complete at once, one after another, before other connections get their turn. */
const READS_A_TURN = 4;

/**
 * How long frames of one connection are handled before the others get their turn, in milliseconds: a read of 64 KB, or
 * of 512 KB on Bun, has thousands of calls, and a peer can send the next one meanwhile. No turn of a peer that waits for
 * its answers is as long: 100 calls take a quarter of it.
 */
const TURN_MS = 0.5;

/** Octets of frames after which a turn looks at the clock. */
const STEP_BYTES = 2_048;

/** Output that ends a turn: what is written at once. */
const TURN_OUTPUT_BYTES = 262_144;

/**
 * While a client leaves this much of a server's output unread, nothing more of its input is taken, which would only
 * cause more. A client always reads: what it has to write is its application's own, and a server may be unable to read
 * it before its answers are taken.
 */
const UNREAD_OUTPUT_BYTES = 1024 * 1024;

/**
 * How long a connection whose streams have all ended waits for the last bytes of those streams to be written: as long as
 * a keepalive waits for its answer. A server's then waits as long again, at most, for a client that is not silent.
 */
const FINISHED_LINGER_MS = 20_000;

/**
 * How long a server's connection waits for the client to close it, from the last that came of it: one that is behind
 * still sends WINDOW_UPDATE. Closed first, with octets of the client unread or on their way, the connection would be
 * reset, and what the client has not read of its last answers would be lost.
 */
const PEER_CLOSE_MS = 1_000;

/**
 * The same for one that failed, or that a server ends in order: its last bytes are the GOAWAY with the reason. A server's
 * waits as long again for the client to close it, however much still comes.
 */
const FAILED_LINGER_MS = 1_000;

/** The same for one that the application closes, which ends its streams whatever the peer has read. */
const CLOSED_LINGER_MS = 100;

/**
 * How long a client reads on where a write failed. The peer has closed, and what it sent before is the end of calls, or
 * the GOAWAY that says which it has not processed: it lies in the system's buffer, and the end of the stream behind it.
 */
const UNREAD_INPUT_MS = 1_000;

/** Buffers for output that no connection is writing, of this thread. */
const spareOutputs: SliceBuffer[] = [];

/** As many are kept: the connections of a turn write one after another, and on Deno some writes are pending. */
const SPARE_OUTPUTS = 256;

/** Ends a connection where something threw while it was served. */
const INTERNAL_ERROR = new Http2Error(
  "connection",
  ErrorCode.INTERNAL_ERROR,
  "library",
  "internal error, which was logged",
);

/** Who made a driver. */
export interface DriverOwner {
  /** Once: the endpoint has been closed. */
  onReleased(): void;
}

/** Moves bytes between one connection and one endpoint until either is over. */
export class Driver implements Flushable {
  /** Owned by ExecCtx. */
  flushScheduled = false;
  /** Owned by ExecCtx. */
  flushedIn = -1;
  private readonly input = new SliceBuffer();
  /** What is being written; undefined while nothing is. */
  private output: SliceBuffer | undefined = undefined;
  private writing = false;
  private reading = false;
  private readPaused = false;
  /** When the frames that are left in `input` wait for another turn. */
  private turnEnds: Instant = 0;
  private over = false;
  private timer: TaskHandle | undefined = undefined;
  private timerAt: Instant = Infinity;
  private lingering = false;
  /** When it ends, whatever comes. */
  private lingerEnds: Instant = Infinity;
  /** The connection is closed and its last octets are written: what comes is dropped, until the peer closes too. */
  private awaitsClose = false;
  /** What the last write failed with: nothing more is written, and `lost` follows what the peer sent before. */
  private writeError: IoError | undefined = undefined;
  /** Something threw: the only thing still tried is to close the connection. */
  private broken = false;
  /** Where frames are traced. */
  private readonly received: FrameNotes | undefined;
  private readonly sent: FrameNotes | undefined;
  // Bound once, so that no read or write costs a closure.
  private readonly onRead = (error?: IoError): void => this.guard(this.readCompleted, error);
  private readonly onWritten = (error?: IoError): void => this.guard(this.writeCompleted, error);

  /**
   * Nothing happens before {@linkcode start}. `reporter` gets errors that the library, or a poller of the application, throws
   * while serving the connection, which they end. `noteFrames` is for the trace "http2".
   */
  constructor(
    private readonly engine: EventEngine,
    private readonly endpoint: Endpoint,
    private readonly connection: Connection,
    private readonly owner?: DriverOwner,
    private readonly reporter: Reporter = defaultReporter,
    noteFrames?: NoteFrames,
  ) {
    this.received = trace.http2
      ? this.notes("received", connection.role === "server", noteFrames)
      : undefined;
    this.sent = trace.http2 ? this.notes("sent", connection.role === "client", noteFrames) : undefined;
  }

  /** Sends what comes first and begins to read. */
  start(): void {
    this.connection.start(this.engine.now());
    this.armTimer();
    // Not at once: bytes that are there already could end the connection before its owner knows it.
    this.readMore();
  }

  /** There is output: it is written at the turn's end. */
  touch(): void {
    this.engine.execCtx.touch(this);
  }

  /** The application has closed the connection: if it has ended already, it waits no longer for its last bytes. */
  hurry(): void {
    if (!this.lingering || this.over) return;
    this.lingerEnds = this.engine.now() + CLOSED_LINGER_MS;
    this.linger(CLOSED_LINGER_MS);
  }

  /** Writes the connection's output, if no write is pending. Does not throw. */
  flush(): void {
    this.guard(this.write, undefined);
  }

  /** Runs `step`: a throw must not leave a connection that neither works nor ends. */
  private guard<A>(step: (this: Driver, argument: A) => void, argument: A): void {
    try {
      step.call(this, argument);
    } catch (error) {
      this.threw(error);
    }
  }

  /** Ends the connection, with GOAWAY where that can still be written; every call on it fails. */
  private threw(error: unknown): void {
    const { broken, reporter } = this;
    this.broken = true;
    reporter.report(error, { where: "connection", level: "error", ...this.peer });
    if (broken) return this.guard(this.closeEndpoint, undefined);
    this.guard(this.abort, undefined);
    if (!this.connection.closed) this.guard(this.terminate, undefined); // not even a GOAWAY could be queued
    this.guard(this.touch, undefined);
  }

  /** Of an endpoint that may be the application's. */
  private get peer(): { readonly peer?: string } {
    try {
      return { peer: formatAddress(this.endpoint.peer) };
    } catch {
      return {};
    }
  }

  private notes(way: string, fromClient: boolean, noteFrames?: NoteFrames): FrameNotes | undefined {
    return noteFrames?.(fromClient, (line) => this.trace(`${way} ${line}`));
  }

  private trace(line: string): void {
    const { connection: { role }, endpoint: { local, peer } } = this;
    this.reporter.trace("http2", `${role} ${formatAddress(local)} - ${formatAddress(peer)}: ${line}`);
  }

  private abort(): void {
    this.connection.abort(INTERNAL_ERROR);
  }

  private terminate(): void {
    this.connection.receiveEnd(INTERNAL_ERROR);
  }

  private write(): void {
    const { connection } = this;
    if (this.writeError !== undefined) return connection.closed ? this.closeEndpoint() : undefined;
    while (!this.writing && !this.over && connection.wantsTransmit) {
      const output = this.output ??= spareOutputs.pop() ?? new SliceBuffer();
      connection.transmit(output);
      if (output.byteLength === 0) break;
      if (this.sent !== undefined) traceSlices(this.sent, output);
      if (!this.endpoint.write(output, this.onWritten)) {
        this.writing = true;
        break;
      }
      connection.transmitted();
    }
    if (!this.writing && this.output !== undefined) this.giveOutputBack(this.output);
    if (connection.closed) return this.finish();
    const { requests } = connection;
    if (requests?.wantsTime) requests.takeTime(this.engine.now());
    if (connection.nextTimeout() !== this.timerAt) this.armTimer();
  }

  /** Nothing of it is left to write; only one that is empty is of use to others. */
  private giveOutputBack(output: SliceBuffer): void {
    this.output = undefined;
    if (output.byteLength === 0 && spareOutputs.length < SPARE_OUTPUTS) spareOutputs.push(output);
  }

  /**
   * Handles what the last turn left in `input`, then reads. More than one thing may have asked for it: the end
   * of a turn, of a pause, of the connection.
   */
  private nextTurn(): void {
    if (this.isDone || this.reading) return;
    const now = this.engine.now();
    this.turnEnds = now + TURN_MS;
    if (this.input.byteLength > 0) this.consume(now);
    this.readLoop(now);
  }

  /** A turn of the others first. No closure is kept for it: it comes with the beginning, and then with thousands of octets. */
  private readMore(): void {
    this.engine.run(() => this.guard(this.nextTurn, undefined));
  }

  private readLoop(now: Instant): void {
    for (let reads = 0; reads < READS_A_TURN; reads++) {
      if (this.isDone || this.readPaused || this.input.byteLength > 0) return;
      const lend = this.endpoint.lends === true && this.connection.received.next();
      this.reading = !this.endpoint.read(this.input, this.onRead, lend);
      if (this.reading) return;
      this.arrived(now);
    }
    if (this.input.byteLength === 0) this.readMore();
  }

  /** Nothing is read any more. */
  private get isDone(): boolean {
    return this.over || (this.connection.closed && !this.awaitsClose);
  }

  private readCompleted(error: IoError | undefined): void {
    this.reading = false;
    if (error !== undefined) return this.lost(error);
    const now = this.engine.now();
    this.turnEnds = now + TURN_MS;
    this.arrived(now);
    this.readLoop(now);
  }

  private arrived(now: Instant): void {
    if (this.received !== undefined) traceSlices(this.received, this.input);
    this.connection.received.arrived(this.input.byteLength);
    if (this.awaitsClose) this.linger(PEER_CLOSE_MS);
    this.consume(now);
  }

  /** Handles the frames of `input`; what is left when the turn is over waits for the next one. */
  private consume(now: Instant): void {
    const { connection, input } = this;
    let taken = 0;
    const { slices } = input;
    for (let i = 0; i < slices.length; i++) {
      const slice = slices[i]!;
      let at = 0;
      while (at < slice.length) {
        const end = connection.receive(slice, now, at, at + STEP_BYTES);
        taken += end - at;
        at = end;
        if (connection.closed || (taken < input.byteLength && this.turnIsOver)) break;
      }
      if (at < slice.length) break;
    }
    const isWhole = taken === input.byteLength || connection.closed;
    if (isWhole) input.clear();
    else input.drop(taken);
    this.readPaused = this.writing && connection.outputBytes > UNREAD_OUTPUT_BYTES &&
      connection.role === "server";
    if (!isWhole && !this.readPaused) this.readMore();
    if (connection.closed || connection.requests?.wantsTime || connection.nextTimeout() !== this.timerAt) {
      this.touch();
    }
  }

  private get turnIsOver(): boolean {
    return this.engine.now() >= this.turnEnds || this.connection.outputBytes > TURN_OUTPUT_BYTES;
  }

  private writeCompleted(error: IoError | undefined): void {
    this.writing = false;
    if (error !== undefined) return this.writeFailed(error);
    this.connection.transmitted();
    this.write();
    if (!this.readPaused) return;
    this.readPaused = false;
    this.nextTurn();
  }

  /** A server loses the connection at once: requests that it reads yet would be calls whose answers nobody hears. */
  private writeFailed(error: IoError): void {
    if (this.connection.closed || this.connection.role === "server" || error.kind !== "reset") {
      return this.lost(error);
    }
    if (trace.http2) this.trace(error.message);
    this.writeError = error;
    this.disarmTimer();
    this.timer = this.engine.runAt(this.engine.now() + UNREAD_INPUT_MS, () => this.guard(this.lost, error));
  }

  private lost(error: IoError): void {
    error = this.writeError ?? error; // which came first
    const reason = error.kind === "end-of-stream" ? "connection closed by the peer" : error.message;
    if (trace.http2 && !this.over) this.trace(reason);
    this.connection.receiveEnd(new Http2Error("io", ErrorCode.INTERNAL_ERROR, "remote", reason));
    this.closeEndpoint();
  }

  /**
   * The connection has ended: its remaining output is written, then the endpoint closes; that of a server when the client
   * has closed, unless nothing was ever asked on it.
   */
  private finish(): void {
    if (this.over || this.awaitsClose) return;
    const { error, role, streams: { opened } } = this.connection;
    const ms = error === undefined ? FINISHED_LINGER_MS : FAILED_LINGER_MS;
    if (!this.writing) {
      if (role === "client" || (opened === 0 && error?.code === ErrorCode.NO_ERROR)) {
        return this.closeEndpoint();
      }
      this.awaitsClose = true;
      this.readPaused = false;
      this.lingerEnds = Math.min(this.lingerEnds, this.engine.now() + ms);
      this.linger(PEER_CLOSE_MS);
      return this.readMore();
    }
    if (!this.lingering) this.linger(error?.initiator === "user" ? CLOSED_LINGER_MS : ms);
  }

  private linger(ms: number): void {
    this.lingering = true;
    this.disarmTimer();
    const at = Math.min(this.engine.now() + ms, this.lingerEnds);
    this.timer = this.engine.runAt(at, () => this.closeEndpoint());
  }

  private closeEndpoint(): void {
    if (this.over) return;
    this.over = true;
    if (trace.http2) this.trace("closed");
    try {
      this.disarmTimer();
      this.endpoint.close();
      this.connection.transmitFailed();
    } finally {
      this.owner?.onReleased();
    }
  }

  private armTimer(): void {
    this.disarmTimer();
    this.timerAt = this.connection.nextTimeout();
    if (this.timerAt !== Infinity) {
      this.timer = this.engine.runAt(this.timerAt, () => this.guard(this.timerFired, undefined));
    }
  }

  private disarmTimer(): void {
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.timer = undefined;
  }

  private timerFired(): void {
    this.timer = undefined;
    this.timerAt = Infinity;
    this.connection.handleTimeout(this.engine.now());
    this.touch();
  }
}

function traceSlices(tracer: FrameNotes, { slices }: SliceBuffer): void {
  for (const slice of slices) tracer.take(slice);
}
