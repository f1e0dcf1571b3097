// HTTP/2 fed arbitrary bytes, split anywhere: the frame reader alone, and whole connections on either side.
import { SliceBuffer } from "../../../pollers/mod.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { Connection } from "../../../transport/http2/connection.ts";
import { type FrameHandler, Receiver } from "../../../transport/http2/receiver.ts";
import type { ConnectionSink, StreamSink } from "../../../transport/http2/sink.ts";
import type { Stream } from "../../../transport/http2/stream.ts";
import {
  concat,
  data,
  frame,
  goAway,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { readCorpus, vectorsMissing } from "../../vectors.ts";
import { type FuzzTarget, invariant } from "../target.ts";

/** What a peer can make us hold for these inputs: their own size and answers to their frames. */
const MOST_OUTPUT_BYTES = 1_000_000;

/** ":method GET, :scheme http, :path /" and a te header, as indexes and a literal without indexing. */
const BLOCK = Uint8Array.of(0x83, 0x86, 0x84, 0, 2, 116, 101, 8, ...new TextEncoder().encode("trailers"));
const RESPONSE = Uint8Array.of(0x88);

/** Frames of a calm connection, for mutants to differ from. */
function frames(fromClient: boolean): Uint8Array[] {
  const block = fromClient ? BLOCK : RESPONSE;
  const all = [
    setting([4, 100_000]),
    concat(setting([4, 100_000]), SETTINGS_ACK, frame("HEADERS", 4, 1, block), data(1, 30, 1)),
    concat(
      setting(),
      frame("HEADERS", 4, 1, block),
      data(1, 300),
      frame("HEADERS", 5, 1, Uint8Array.of(0x88)),
    ),
    concat(
      setting(),
      frame("HEADERS", 0, 1, block),
      frame("CONTINUATION", 4, 1, new Uint8Array(0)),
      rst(1, 8),
    ),
    concat(
      setting([1, 0], [5, 20_000]),
      frame("PING", 0, 0, new Uint8Array(8)),
      windowUpdate(0, 10),
      goAway(1, 0),
    ),
    concat(
      setting(),
      frame("HEADERS", 4 | 8 | 32, 1, Uint8Array.of(1, 0, 0, 0, 0, 9, ...block, 0)),
      windowUpdate(1, 5),
    ),
  ];
  const corpus = vectorsMissing("fuzz/corpus") === undefined ? readCorpus("fuzz/corpus") : [];
  return fromClient
    ? [...all.map((one) => concat(PREFACE, one)), ...corpus]
    : [...all, ...corpus.map((one) => one.subarray(PREFACE.length))];
}

/** Gives `input` in pieces, whose sizes follow from the input itself. */
function inPieces(input: Uint8Array, give: (piece: Uint8Array) => void): void {
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = [1, 3, 9, 64, 500, 16_384][(input[i % input.length]! + i) % 6]!;
    give(input.slice(at, at + size));
    at += size;
  }
}

/** The frame reader, against itself: pieces must not matter. */
export const frameReceiver: FuzzTarget = {
  name: "frames",
  about: "the frame reader never throws, and gives the same frames however the bytes are split",
  mostBytes: 4_000,
  seeds: () => frames(false),
  run(input) {
    const whole = framesOf((receiver) => receiver.receive(input.slice()));
    const split = framesOf((receiver) => inPieces(input, (piece) => receiver.receive(piece)));
    invariant(whole === split, `frames differ:\n${whole}\n${split}`);
  },
};

function framesOf(feed: (receiver: Receiver) => void): string {
  const seen: string[] = [];
  let content: number[] = [];
  const handler: FrameHandler & { closed: boolean } = {
    closed: false,
    beginData: (id, bytes, contentBytes, end) => {
      content = [];
      seen.push(`data ${id} ${bytes} ${contentBytes} ${end}`);
    },
    data: (bytes, end) => {
      for (const byte of bytes) content.push(byte);
      if (end) seen.push(`content ${content.join()}`);
    },
    frame: (type, flags, id, bytes, start, end) => {
      seen.push(`frame ${type} ${flags} ${id} ${bytes.subarray(start, end).join()}`);
    },
    abort: (error) => {
      handler.closed = true;
      seen.push(`abort ${error.code}`);
    },
  };
  feed(new Receiver(handler, 16_384, false));
  return seen.join("\n");
}

/** What a sink is promised, checked with every call. */
class CheckedSink implements ConnectionSink, StreamSink {
  over = false;
  readonly states = new Map<Stream, { headers: boolean; ended: boolean; closed: boolean }>();
  connection!: Connection;

  constructor(private readonly answers: boolean) {}

  onOutput(): void {}
  onSettings(): void {
    this.live();
  }
  onStream(stream: Stream): StreamSink {
    this.live();
    this.opened(stream);
    return this;
  }
  onCanOpen(): void {}
  onGoAway(): void {
    this.live();
  }
  onPong(): void {}
  onHeaders(stream: Stream, _headers: HeaderList, endStream: boolean): void {
    const state = this.state(stream);
    invariant(!state.headers, "onHeaders came twice");
    state.headers = true;
    if (endStream) this.ended(stream);
  }
  onData(stream: Stream, bytes: Uint8Array, endStream: boolean): void {
    const state = this.state(stream);
    invariant(state.headers && !state.ended, "onData came before onHeaders or after the end");
    if (bytes.length > 0 && stream.id % 4 === 1) this.connection.release(stream, bytes.length);
    if (endStream) this.ended(stream);
  }
  onTrailers(stream: Stream): void {
    const state = this.state(stream);
    invariant(state.headers && !state.ended, "onTrailers came before onHeaders or after the end");
    this.ended(stream);
  }
  onWritable(): void {}
  onSent(): void {}
  onClosed(streamOrError: unknown): void {
    const state = this.states.get(streamOrError as Stream);
    if (state === undefined) {
      invariant(!this.over, "the connection closed twice");
      this.over = true;
      for (const one of this.states.values()) invariant(one.closed, "a stream outlived its connection");
      return;
    }
    invariant(!state.closed, "a stream closed twice");
    state.closed = true;
  }
  opened(stream: Stream): void {
    this.states.set(stream, { headers: false, ended: false, closed: false });
  }
  private ended(stream: Stream): void {
    this.states.get(stream)!.ended = true;
    if (!this.answers || stream.closed) return;
    this.connection.sendHeaders(stream, HeaderList.of([[":status", "200"]]), undefined, false);
    this.connection.sendData(stream, new Uint8Array(100), false);
    this.connection.sendHeaders(stream, HeaderList.of([["grpc-status", "0"]]), undefined, true);
  }
  private state(stream: Stream): { headers: boolean; ended: boolean; closed: boolean } {
    this.live();
    const state = this.states.get(stream);
    invariant(state !== undefined && !state.closed, "a stream was heard of before or after its life");
    return state;
  }
  private live(): void {
    invariant(!this.over, "something came after the connection's end");
  }
}

function runConnection(role: "client" | "server", input: Uint8Array): void {
  const sink = new CheckedSink(role === "server");
  const connection = new Connection({
    role,
    settings: { initialWindowSize: 70_000, maxConcurrentStreams: 50 },
  }, sink);
  sink.connection = connection;
  connection.start(0);
  let outputBytes = drained(connection);
  let now = 0;
  inPieces(input, (piece) => {
    if (role === "client" && connection.canOpen && connection.activeStreams < 3) {
      const stream = connection.open(
        HeaderList.of([[":method", "POST"], [":path", "/"], [":scheme", "http"]]),
        undefined,
        false,
        sink,
      );
      sink.opened(stream);
      connection.sendData(stream, new Uint8Array(50), true);
    }
    connection.receive(piece, now += 1);
    invariant(connection.receiveWindow >= 0, "the connection's receive window is negative");
    for (const stream of connection.streams.all()) {
      invariant(stream.receiveWindow >= 0, "a receive window is negative");
      invariant(stream.unreleased >= 0, "more was released than was received");
    }
    outputBytes += drained(connection);
  });
  invariant(
    outputBytes < MOST_OUTPUT_BYTES + 20 * input.length,
    `${outputBytes} bytes of answers to ${input.length}`,
  );
  connection.receiveEnd(
    { kind: "io", code: 0, initiator: "remote", reason: "end", unprocessed: false } as never,
  );
  invariant(connection.closed && connection.activeStreams === 0, "a connection without a peer is not over");
  for (const state of sink.states.values()) invariant(state.closed, "a stream never closed");
}

function drained(connection: Connection): number {
  const out = new SliceBuffer();
  let bytes = 0;
  for (let i = 0; connection.wantsTransmit; i++) {
    invariant(i < 1_000, "output without end");
    connection.transmit(out);
    bytes += out.byteLength;
    out.clear();
    connection.transmitted();
  }
  return bytes;
}

/** A server whose client is anything. */
export const connectionAsServer: FuzzTarget = {
  name: "server",
  about: "a server's connection never throws, keeps its sink's contract, its windows and its memory",
  mostBytes: 8_000,
  seeds: () => frames(true),
  run: (input) => runConnection("server", input),
};

/** A client whose server is anything. */
export const connectionAsClient: FuzzTarget = {
  name: "client",
  about: "a client's connection never throws, keeps its sink's contract, its windows and its memory",
  mostBytes: 8_000,
  seeds: () => frames(false),
  run: (input) => runConnection("client", input),
};
