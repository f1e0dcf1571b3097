// What an HTTP/2 connection says to the layer above: one method an event, so that no frame costs an object.
//
// Sinks are called synchronously from inside the connection's own methods; they may call commands of the connection
// (send, release, reset), and must not throw. `stream.ts` has the sink of one stream, and its order of events.

import type { Http2Error } from "./error.ts";
import type { PeerSettings } from "./settings.ts";
import type { Stream, StreamSink } from "./stream.ts";

export type { StreamSink } from "./stream.ts";

/** Receives the events of the connection as a whole. */
export interface ConnectionSink {
  /**
   * There is something to transmit: call `Connection.transmit` before going idle, but not from inside, for the frame is
   * still being written. May come often; must be cheap.
   */
  onOutput(): void;
  /** The peer's SETTINGS arrived; the first one completes the HTTP/2 handshake. */
  onSettings(settings: PeerSettings): void;
  /** Server: the peer opened a stream. Returns the sink of its events, from `onHeaders` on. */
  onStream(stream: Stream): StreamSink;
  /** Client: a stream can be opened again after `canOpen` was false. */
  onCanOpen(): void;
  /** The peer sent GOAWAY: no new streams. Streams above `lastStreamId` are closed, unprocessed, right after. */
  onGoAway(lastStreamId: number, error: Http2Error): void;
  /** A PING of ours was answered. */
  onPong(opaque: number): void;
  /** `Producers.stalled`, which was asked, is over. Must not use the connection at once. */
  onUnstalled?(): void;
  /** The connection is over: every stream has had its onClosed, and nothing follows but output left to transmit. */
  onClosed(error: Http2Error | undefined): void;
}
