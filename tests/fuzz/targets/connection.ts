// Whole HTTP/2 connections on either side, fed arbitrary bytes split anywhere.
import { SliceBuffer } from "../../../pollers/mod.ts";
import { Connection } from "../../../transport/http2/connection.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { PREFACE, REQUEST_LIST, setting } from "../../transport/http2/wire.ts";
import { sideOf } from "../../transport/pair.ts";
import { CANCEL, CheckedSink } from "../checked_sink.ts";
import { OutputChecker } from "../output_checker.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { frames, inPieces } from "./frames.ts";

/** What a peer can make us hold for these inputs: their own size and answers to their frames. */
const MOST_OUTPUT_BYTES = 1_000_000;
const CONNECTION_WINDOW = 70_000;

/** Feeds a connection; its application's manners, and what it does meanwhile, follow from the input's last octets. */
class Feeding {
  readonly connection: Connection;
  readonly sink: CheckedSink;
  readonly output: OutputChecker;
  private now = 0;
  private pieces = 0;

  constructor(private readonly role: "client" | "server", private readonly input: Uint8Array) {
    const mood = input.at(-1) ?? 0;
    this.sink = new CheckedSink(mood & 7);
    this.output = new OutputChecker(role);
    // Windows below the protocol's initial ones go below zero when SETTINGS are acknowledged (section 6.9.2).
    const initialWindowSize = (mood & 8) === 0 ? CONNECTION_WINDOW : 1_000;
    this.connection = new Connection({
      ...sideOf(role),
      settings: {
        initialWindowSize,
        maxWindowSize: (mood & 16) === 0 ? initialWindowSize : 200_000,
        windowGrowthSize: (mood & 64) === 0 ? 150_000 : 1_000_000,
        connectionWindowSize: CONNECTION_WINDOW,
        maxConcurrentStreams: 50,
        headerTableSize: (mood & 32) === 0 ? 4_096 : 100,
      },
    }, this.sink);
    this.sink.connection = this.connection;
  }

  run(): void {
    const { connection, input, output } = this;
    connection.start(0);
    this.drainOutput();
    // Nearly every change to what must come first is the end, so few inputs bring it themselves.
    const mood = input.at(-1) ?? 0;
    if (this.role === "server" && mood < 250) connection.receive(PREFACE, 0);
    if (mood < 240) connection.receive(setting(), 0);
    inPieces(input, (piece) => this.step(piece));
    for (const stream of connection.streams.all()) this.sink.read(stream);
    this.drainOutput();
    invariant(
      output.bytes < MOST_OUTPUT_BYTES + 20 * input.length,
      `${output.bytes} bytes of answers to ${input.length}`,
    );
    connection.receiveEnd(new Http2Error("io", ErrorCode.INTERNAL_ERROR, "remote", "end"));
    invariant(connection.closed && this.sink.over, "a connection without a peer is not over");
    invariant(connection.activeStreams === 0, "streams outlive their connection");
    for (const heard of this.sink.heard.values()) invariant(heard.closed, "a stream never closed");
    connection.receive(PREFACE, this.now);
    this.drainOutput();
  }

  private step(piece: Uint8Array): void {
    const { connection } = this;
    const pace = this.input.at(-2) ?? 0;
    this.now += [0, 1, 50, 4_000][pace & 3]!;
    if (this.now >= connection.nextTimeout()) connection.handleTimeout(this.now);
    if (this.role === "client" && connection.canOpen && connection.activeStreams < 3) this.open();
    connection.receive(piece, this.now);
    if (this.pieces++ === (pace >> 2 & 15)) this.interfere();
    this.checkAccounts();
    // A peer that does not read, for a while.
    if ((pace & 64) === 0 || this.pieces % 8 === 0) this.drainOutput();
  }

  private open(): void {
    const stream = this.connection.open(REQUEST_LIST, undefined, false, this.sink);
    this.sink.opened(stream);
    this.sink.answer(stream);
  }

  /** What an application does of its own accord. */
  private interfere(): void {
    const { connection } = this;
    const [first] = connection.streams.all();
    switch ((this.input.at(-3) ?? 0) & 7) {
      case 0:
        return connection.drain("fuzz", this.now);
      case 1:
        return connection.ping(7, this.now);
      case 2:
        return connection.abort(new Http2Error("connection", ErrorCode.INTERNAL_ERROR, "user", "fuzz"));
      case 3:
        if (first !== undefined) connection.reset(first, CANCEL);
        return;
      case 4:
        for (const stream of connection.streams.all()) this.sink.read(stream);
    }
  }

  /** Every octet of the connection's window is free or to be announced, whatever streams hold. */
  private checkAccounts(): void {
    const { connection } = this;
    const { flow, settings } = connection;
    invariant(flow.connectionWindow >= 0, "the connection's receive window is negative");
    invariant(connection.flow.sendWindow.available >= 0, "more was sent than the peer let in");
    if (connection.closed) return;
    let grown = 0;
    for (const stream of connection.streams.all()) {
      invariant(
        stream.receiveWindow.unreleased >= 0 && stream.receiveWindow.unclaimed >= 0,
        "more was released than was received",
      );
      invariant(!stream.closed, "a closed stream is among the open ones");
      grown += stream.receiveWindow.growth;
    }
    invariant(grown === flow.grown && grown <= settings.windowGrowthSize, `grown by ${grown}`);
    const free = flow.connectionWindow + flow["unclaimed"];
    invariant(free === settings.connectionWindowSize, `${free} of ${settings.connectionWindowSize} octets`);
  }

  private drainOutput(): void {
    const { connection } = this;
    for (let i = 0; connection.wantsTransmit; i++) {
      invariant(i < 1_000, "output without end");
      const out = new SliceBuffer();
      connection.transmit(out);
      for (const slice of out.slices) this.output.receive(slice);
      connection.transmitted();
    }
  }
}

/** A server whose client is anything. */
export const connectionAsServer: FuzzTarget = {
  name: "server",
  about:
    "a server's connection never throws, sends what RFC 9113 lets it, keeps its sink's contract, windows and memory",
  mostBytes: 8_000,
  framed: true,
  seeds: () => frames(true),
  run: (input) => new Feeding("server", input).run(),
};

/** A client whose server is anything. */
export const connectionAsClient: FuzzTarget = {
  name: "client",
  about:
    "a client's connection never throws, sends what RFC 9113 lets it, keeps its sink's contract, windows and memory",
  mostBytes: 8_000,
  framed: true,
  seeds: () => frames(false),
  run: (input) => new Feeding("client", input).run(),
};
