// How streams and the connection end, and whether a stream may begin (RFC 9113, sections 5.1, 5.4 and 6.8).

import { ErrorCode, type Http2Error, streamError } from "./error.ts";
import type { Abuse } from "./abuse.ts";
import type { FlowControl } from "./flow_control.ts";
import { writeRstStream } from "./frame_writer.ts";
import type { Lifetime } from "./lifetime.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import type { Shutdown } from "./shutdown.ts";
import type { ConnectionSink } from "./sink.ts";
import { afterEvent, type Stream, StreamEvent, StreamState } from "./stream.ts";
import type { Streams } from "./streams.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { SEND_END_STREAM } = StreamEvent;
const { CLOSED } = StreamState;
const nextState = afterEvent;

/** The parts of a connection that an end concerns. */
export interface LifecycleParts {
  /** Which side of the connection we are. */
  readonly role: "client" | "server";
  /** Receives the end of the connection. */
  readonly sink: ConnectionSink;
  /** Where RST_STREAM is written. */
  readonly out: OutputBuffer;
  /** The open streams. */
  readonly streams: Streams;
  /** Whose windows a stream has used. */
  readonly flow: FlowControl;
  /** The GOAWAYs. */
  readonly shutdown: Shutdown;
  /** What late frames cost. */
  readonly abuse: Abuse;
  /** Since when no stream is open; undefined where that does not matter. */
  readonly lifetime: Lifetime | undefined;
}

/** What the clients of a server have asked, as the end of their connection concerns it. */
export interface OpenRequests {
  /** `stream` is about to fail with the connection's `error`. */
  dismiss(stream: Stream, error: Http2Error): void;
}

/** Ends the streams of one connection, and the connection. */
export class Lifecycle {
  /** Nothing is received or opened any more. */
  closed = false;
  /** What ended the connection; undefined while it runs, and where both sides were through with it. */
  error: Http2Error | undefined = undefined;
  /** Server: what its clients have asked. */
  requests: OpenRequests | undefined = undefined;

  /** `parts` are the connection's. */
  constructor(private readonly parts: LifecycleParts) {}

  /** Client: whether a stream may be opened now. */
  get canOpen(): boolean {
    const { parts } = this;
    return !this.closed && !parts.shutdown.draining && parts.streams.mayOpen;
  }

  /** Client: tells the sink where a stream may be opened and before could not be, `couldOpen`. */
  openings(couldOpen: boolean): void {
    if (!couldOpen && this.parts.role === "client" && this.canOpen) this.parts.sink.onCanOpen();
  }

  /**
   * END_STREAM was written. A server whose response is complete asks the client to stop sending the rest of its request
   * (section 8.1), unless the stream takes the whole.
   */
  endSent(stream: Stream): void {
    stream.state = nextState(stream.state, SEND_END_STREAM);
    if (stream.state === CLOSED) return this.close(stream, undefined);
    if (this.parts.role === "client") return;
    if (stream.takesWholeRequest && !this.parts.shutdown.drained) return;
    this.refuse(stream.id, ErrorCode.NO_ERROR, unsentOn(stream));
    this.close(stream, undefined);
  }

  /** END_STREAM was handed up: the stream is over if we had ended it before. */
  endReceived(stream: Stream): void {
    if (stream.state === CLOSED) this.close(stream, undefined);
  }

  /** Ends a stream with `error`, and with RST_STREAM unless both sides have ended it. */
  reset(stream: Stream, error: Http2Error): void {
    if (stream.closed) return;
    if (stream.state !== CLOSED) this.refuse(stream.id, error.code, unsentOn(stream));
    this.close(stream, error);
  }

  /** Sends RST_STREAM on a stream of which the peer may send `window` octets of DATA yet. */
  refuse(streamId: number, code: number, window: number): void {
    writeRstStream(this.parts.out, streamId, code);
    this.ignore(streamId, window);
  }

  /** HEADERS and DATA on a stream that we ended before the peer did are ignored; it may send `window` octets more. */
  ignore(streamId: number, window: number): void {
    const { streams, abuse, flow } = this.parts;
    streams.closeByUs(streamId);
    abuse.late.expect(window, flow.connectionWindow);
  }

  /** The same for a stream that is open: the peer's GOAWAY said that it was not processed. */
  abandon(stream: Stream, error: Http2Error): void {
    this.ignore(stream.id, unsentOn(stream));
    this.close(stream, error);
  }

  /** A connection that takes no more streams ends with its last one. */
  endIfDrained(): void {
    const { shutdown, streams } = this.parts;
    if (shutdown.takesNoStreams && streams.size === 0) this.end(shutdown.peerError);
  }

  /** The last GOAWAY of a graceful shutdown: the peer's streams are those that have come. */
  finishDrain(): void {
    const { role, shutdown, streams } = this.parts;
    shutdown.finish(streams.lastPeerId);
    for (const stream of role === "server" ? streams.all() : []) { // whose response is complete is not waited for
      if (stream.localClosed) this.reset(stream, streamError(ErrorCode.NO_ERROR, "the response is complete"));
    }
    this.endIfDrained();
  }

  /** Ends the connection with GOAWAY: every stream fails with `error`. */
  abort(error: Http2Error): void {
    if (this.closed) return;
    this.parts.shutdown.send(error.code, error.reason, this.parts.streams.lastPeerId);
    this.end(error);
  }

  /** Ends the connection: every stream fails with `error`. `unsentFrom`: of our streams from here on nothing was sent. */
  end(error: Http2Error | undefined, unsentFrom = Infinity): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    const thrown: unknown[] = [];
    const firstUnsent = this.parts.role === "client" && error?.kind === "io" ? unsentFrom : Infinity;
    for (const stream of this.parts.streams.all()) {
      try {
        this.requests?.dismiss(stream, error!); // without one no stream is open
        this.close(stream, stream.id < firstUnsent ? error : error!.ofUnsent);
      } catch (bug) { // the others must have their end
        thrown.push(bug);
      }
    }
    this.parts.sink.onClosed(error);
    if (thrown.length > 0) throw thrown.length === 1 ? thrown[0] : new AggregateError(thrown);
  }

  /** The stream is over, as it is where the peer sent RST_STREAM: its sink gets its last call. */
  close(stream: Stream, error: Http2Error | undefined): void {
    if (stream.closed) return;
    const { streams, flow, lifetime, out } = this.parts;
    const couldOpen = streams.mayOpen;
    stream.closed = true;
    if (error !== undefined && !isInOrder(error)) streams.failed++;
    streams.remove(stream);
    if (streams.size === 0) lifetime?.lastStreamEnded();
    if (stream.queue !== undefined) {
      stream.queue.clear();
      if (stream.queue.inRound) out.announce(); // what is written next leaves it out
    }
    flow.close(stream);
    stream.sink.onClosed(stream, error);
    if (!couldOpen) this.openings(false);
    this.endIfDrained();
  }
}

/** Octets of DATA that the peer may send on `stream` yet. */
function unsentOn({ remoteClosed, receiveWindow }: Stream): number {
  return remoteClosed ? 0 : receiveWindow.available;
}

/** Whether it is our RST_STREAM(NO_ERROR) after a whole response, which is no failure (section 8.1). */
function isInOrder({ kind, code, initiator }: Http2Error): boolean {
  return kind === "stream" && code === ErrorCode.NO_ERROR && initiator !== "remote";
}
