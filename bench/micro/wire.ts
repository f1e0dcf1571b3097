// A client's and a server's connection that carry bytes to each other by hand: no socket, no clock.
import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import { requestTemplate, RESPONSE_HEADERS, statusHeaders } from "../../transport/grpc/headers.ts";
import type { HeaderList } from "../../transport/hpack/header_list.ts";
import { Connection } from "../../transport/http2/connection.ts";
import { serverHalf } from "../../transport/http2/server_half.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import type { ConnectionSink, StreamSink } from "../../transport/http2/sink.ts";
import type { Stream } from "../../transport/http2/stream.ts";

const REQUEST = requestTemplate("/bench.Echo/Unary", "localhost", "http", "bench/1.0").headers;
const TRAILERS: HeaderList = statusHeaders(0, "", false);

const NO_CONNECTION_EVENTS = {
  onOutput() {},
  onSettings() {},
  onCanOpen() {},
  onGoAway() {},
  onPong() {},
  onClosed() {},
};
const NO_STREAM_EVENTS: StreamSink = {
  onHeaders() {},
  onData() {},
  onTrailers() {},
  onWritable() {},
  onSent() {},
  onClosed() {},
};

/** Two connections; the server answers each request, once it is whole, with `body`. */
export class Wire {
  /** Calls that ended in order. */
  answered = 0;
  /** Octets of requests that the server took. */
  received = 0;
  /** Where a check wants to see what the server takes. */
  onRequestBytes: ((bytes: Uint8Array) => void) | undefined = undefined;
  readonly client: Connection;
  readonly server: Connection;
  private readonly clientSink: StreamSink;
  private now = 0;

  /** `settings` of both sides. */
  constructor(body: Uint8Array, settings: Partial<LocalSettings> = {}) {
    this.clientSink = {
      ...NO_STREAM_EVENTS,
      onData: (stream, _bytes, start, end) => this.client.release(stream, end - start),
      onClosed: (_stream, error) => {
        if (error !== undefined) throw new Error(`Cannot finish a call: ${error.reason}`);
        this.answered++;
      },
    };
    const serverSink: StreamSink = {
      ...NO_STREAM_EVENTS,
      onData: (stream, bytes, start, end, endStream) => {
        this.received += end - start;
        this.onRequestBytes?.(bytes.subarray(start, end));
        this.server.release(stream, end - start);
        if (!endStream) return;
        this.server.sendHeaders(stream, RESPONSE_HEADERS, undefined, false);
        this.server.sendData(stream, body, false);
        this.server.sendHeaders(stream, TRAILERS, undefined, true);
      },
    };
    const sink = (of: StreamSink): ConnectionSink => ({ ...NO_CONNECTION_EVENTS, onStream: () => of });
    this.client = new Connection({ settings }, sink(this.clientSink));
    this.server = new Connection({ server: serverHalf, settings }, sink(serverSink));
    this.client.start(0);
    this.server.start(0);
    this.carry();
  }

  /** A call whose request headers are sent. */
  open(): Stream {
    return this.client.open(REQUEST, undefined, false, this.clientSink);
  }

  /** Until neither side has anything to say; a millisecond passes, so that budgets against floods fill again. */
  carry(): void {
    this.now++;
    while (this.client.wantsTransmit || this.server.wantsTransmit) {
      this.move(this.client, this.server);
      this.move(this.server, this.client);
    }
  }

  private move(from: Connection, to: Connection): void {
    const out = new SliceBuffer();
    from.transmit(out);
    for (const slice of out.slices) to.receive(slice.slice(), this.now); // chunks are used again, views are kept
    from.transmitted();
  }
}
