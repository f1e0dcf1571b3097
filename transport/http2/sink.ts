// What an HTTP/2 connection tells the layer above: one method an event, so that no frame costs an object.
//
// Order for one stream: onHeaders once, onData any number of times, onTrailers at most once, and onClosed last,
// exactly once. Sinks are called synchronously from inside the connection's own methods; they may call commands
// of the connection (send, release, reset), and must not throw.

import type { HeaderList } from "../hpack/header_list.ts";
import type { Http2Error } from "./error.ts";
import type { PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** Hears of one stream. */
export interface StreamSink {
  /** The request or response header section; 1xx responses are swallowed below. `endStream`: nothing follows. */
  onHeaders(stream: Stream, headers: HeaderList, endStream: boolean): void;
  /**
   * Bytes of the stream: a view that is never overwritten. `bytes` may be empty when only END_STREAM came. Each
   * byte counts against the receive windows until `Connection.release` gives it back.
   */
  onData(stream: Stream, bytes: Uint8Array, endStream: boolean): void;
  /** The trailer section; it always ends the stream. */
  onTrailers(stream: Stream, trailers: HeaderList): void;
  /** What was queued by `sendData` has fallen to the low-water mark: a waiting producer may go on. */
  onWritable(stream: Stream): void;
  /** All of `bytes`, a large piece that `sendData` had queued, was copied into frames: it is the caller's again. */
  onSent(stream: Stream, bytes: Uint8Array): void;
  /** The stream is over. `error` is undefined when both sides ended it in order. The last call. */
  onClosed(stream: Stream, error: Http2Error | undefined): void;
}

/** Hears of the connection as a whole. */
export interface ConnectionSink {
  /** There is something to transmit: call `Connection.transmit` before going idle. May come often; must be cheap. */
  onOutput(): void;
  /** The peer's SETTINGS arrived; the first one completes the HTTP/2 handshake. */
  onSettings(settings: PeerSettings): void;
  /** Server: a stream was opened by the peer; gives the sink that will hear of it, from `onHeaders` on. */
  onStream(stream: Stream): StreamSink;
  /** Client: a stream can be opened again after `canOpen` had said no. */
  onCanOpen(): void;
  /** The peer sent GOAWAY: no new streams. Streams above `lastStreamId` are closed, unprocessed, right after. */
  onGoAway(lastStreamId: number, error: Http2Error): void;
  /** A PING of ours came back. */
  onPong(opaque: number): void;
  /** The connection is over: every stream has had its onClosed, and nothing follows but output left to transmit. */
  onClosed(error: Http2Error | undefined): void;
}
