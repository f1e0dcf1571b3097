// HTTP/2: frames read and written, DATA that waits, and whole calls between two connections without a socket.
import type { Bench } from "tinybench";
import { SliceBuffer } from "../../pollers/core/slice_buffer.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { Connection } from "../../transport/http2/connection.ts";
import { writeData } from "../../transport/http2/frame_writer.ts";
import { OutputBuffer } from "../../transport/http2/output_buffer.ts";
import { type FrameHandler, Receiver } from "../../transport/http2/receiver.ts";
import type { ConnectionSink, StreamSink } from "../../transport/http2/sink.ts";

const REQUEST = HeaderList.of([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/bench.Echo/Unary"],
  [":authority", "localhost"],
]);
const RESPONSE = HeaderList.of([[":status", "200"]]);
const TRAILERS = HeaderList.of([["grpc-status", "0"]]);
const BODY = new Uint8Array(23);

/** Adds the measurements. */
export function addHttp2(bench: Bench): void {
  addFrames(bench);
  addCalls(bench);
  addQueue(bench);
}

function addFrames(bench: Bench): void {
  const out = new OutputBuffer();
  const written = new SliceBuffer();
  bench.add("http2 frame writer: 1,000 DATA frames of 23 B", () => {
    for (let i = 0; i < 1_000; i++) writeData(out, 1, BODY, 0, BODY.length, false);
    written.clear();
    out.moveTo(written);
    out.recycle();
  });
  for (let i = 0; i < 1_000; i++) writeData(out, 1, BODY, 0, BODY.length, false);
  const source = new SliceBuffer();
  out.moveTo(source);
  const bytes = source.join().slice(); // the chunk is used again
  let contentBytes = 0;
  const handler: FrameHandler = {
    closed: false,
    beginData() {},
    data: (piece) => void (contentBytes += piece.length),
    frame() {},
    abort: (error) => {
      throw new Error(error.reason);
    },
  };
  const receiver = new Receiver(handler, 16_384, false);
  bench.add("http2 frame reader: 1,000 DATA frames of 23 B", () => {
    contentBytes = 0;
    receiver.receive(bytes);
    if (contentBytes !== 23_000) throw new Error("frames were read wrongly");
  });
}

/** A client and a server that carry bytes to each other by hand. */
class Wire {
  answered = 0;
  readonly client: Connection;
  readonly server: Connection;
  readonly clientSink: StreamSink;

  constructor(initialWindowSize = 1_048_576) {
    const nothing = { onOutput() {}, onSettings() {}, onCanOpen() {}, onGoAway() {}, onPong() {} };
    const stream = {
      onHeaders() {},
      onData() {},
      onTrailers() {},
      onWritable() {},
      onSent() {},
      onClosed() {},
    };
    this.clientSink = {
      ...stream,
      onData: (one, bytes) => this.client.release(one, bytes.length),
      onClosed: () => void this.answered++,
    };
    const serverSink: StreamSink = {
      ...stream,
      onData: (one, bytes, end) => {
        this.server.release(one, bytes.length);
        if (!end) return;
        this.server.sendHeaders(one, RESPONSE, undefined, false);
        this.server.sendData(one, BODY, false);
        this.server.sendHeaders(one, TRAILERS, undefined, true);
      },
    };
    const sink = (onStream: () => StreamSink): ConnectionSink => ({ ...nothing, onStream, onClosed() {} });
    const settings = { initialWindowSize };
    this.client = new Connection({ role: "client", settings }, sink(() => this.clientSink));
    this.server = new Connection({ role: "server", settings }, sink(() => serverSink));
    this.client.start(0);
    this.server.start(0);
    this.carry();
  }

  /** Until neither side has anything to say. */
  carry(): void {
    while (this.client.wantsTransmit || this.server.wantsTransmit) {
      move(this.client, this.server);
      move(this.server, this.client);
    }
  }
}

function move(from: Connection, to: Connection): void {
  const out = new SliceBuffer();
  from.transmit(out);
  for (const slice of out.slices) to.receive(slice.slice(), 0);
  from.transmitted();
}

function addCalls(bench: Bench): void {
  const wire = new Wire();
  bench.add("http2 100 calls, both sides, no socket", () => {
    wire.answered = 0;
    for (let i = 0; i < 100; i++) {
      const stream = wire.client.open(REQUEST, undefined, false, wire.clientSink);
      wire.client.sendData(stream, BODY, true);
    }
    wire.carry();
    if (wire.answered !== 100) throw new Error(`${wire.answered} of 100 calls were answered`);
  });
}

function addQueue(bench: Bench): void {
  const wire = new Wire(16_384);
  const large = new Uint8Array(256 * 1_024);
  bench.add("http2 send queue: 256 KiB through a window of 16 KiB", () => {
    wire.answered = 0;
    const stream = wire.client.open(REQUEST, undefined, false, wire.clientSink);
    wire.client.sendData(stream, large, true);
    wire.carry();
    if (wire.answered !== 1) throw new Error("the call was not answered");
  });
}
