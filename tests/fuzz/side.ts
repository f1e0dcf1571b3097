// One side of two connections that are wired together: an application that knows what it sent, and what must arrive.
import { SliceBuffer } from "../../pollers/mod.ts";
import { Connection } from "../../transport/http2/connection.ts";
import type { Http2Error } from "../../transport/http2/error.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import type { ConnectionSink, StreamSink } from "../../transport/http2/sink.ts";
import type { Stream } from "../../transport/http2/stream.ts";
import { REQUEST_LIST, RESPONSE_LIST, TRAILERS_LIST } from "../transport/http2/wire.ts";
import { sideOf } from "../transport/pair.ts";
import { invariant } from "./target.ts";
import { reached } from "./trace.ts";

/** What an application keeps of a stream. */
export interface Talk {
  readonly stream: Stream;
  sent: number;
  received: number;
  unread: number;
  /** The other side said that nothing follows. */
  ended: boolean;
  closed: boolean;
  error: Http2Error | undefined;
}

/** Content is what its place says, so that nothing can be lost, doubled or mixed up unseen. */
const PERIOD = 251;
/** More than this would only be more of the same. */
const MOST_SENT = 60_000;
const SCRIBBLE = 255;

/** An application on one connection. */
export class Side implements ConnectionSink, StreamSink {
  readonly connection: Connection;
  readonly talks: Talk[] = [];
  private readonly byStream = new Map<Stream, Talk>();
  over = false;

  constructor(readonly role: "client" | "server", settings: Partial<LocalSettings>) {
    this.connection = new Connection({ ...sideOf(role), settings }, this);
    this.connection.start(0);
  }

  onOutput(): void {}
  onSettings(): void {}
  onCanOpen(): void {
    reached("can open");
  }
  onGoAway(): void {
    reached(`${this.role} goaway`);
  }
  onPong(): void {
    reached(`${this.role} pong`);
  }
  onStream(stream: Stream): StreamSink {
    this.add(stream);
    return this;
  }
  onHeaders(stream: Stream, _headers: unknown, endStream: boolean): void {
    this.talk(stream).ended = endStream;
  }
  onData(stream: Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const talk = this.talk(stream);
    invariant(!talk.ended, "DATA came after the end");
    for (const byte of bytes.subarray(start, end)) {
      invariant(byte === talk.received % PERIOD, `octet ${talk.received} of stream ${stream.id} is ${byte}`);
      talk.received++;
    }
    talk.unread += end - start;
    talk.ended = endStream;
  }
  onTrailers(stream: Stream): void {
    this.talk(stream).ended = true;
  }
  onWritable(stream: Stream): void {
    reached(`${this.role} writable`);
    invariant(!this.talk(stream).stream.writeBlocked, "onWritable came while writeBlocked was true");
  }
  onSent(stream: Stream, bytes: Uint8Array): void {
    reached(`${this.role} sent`);
    this.talk(stream);
    bytes.fill(SCRIBBLE); // it is ours again
  }
  onClosed(streamOrError: Stream | Http2Error | undefined, error?: Http2Error): void {
    const talk = this.byStream.get(streamOrError as Stream);
    if (talk === undefined) {
      invariant(!this.over, "a connection closed twice");
      this.over = true;
      reached(`${this.role} over ${(streamOrError as Http2Error | undefined)?.reason}`);
      return;
    }
    invariant(!talk.closed, "a stream closed twice");
    talk.closed = true;
    talk.error = error;
    talk.unread = 0;
    reached(`${this.role} closed ${error?.reason}`);
  }

  open(): void {
    if (this.connection.canOpen) this.add(this.connection.open(REQUEST_LIST, undefined, false, this));
  }

  /** Sends the next `length` octets, and the end. The piece is overwritten as soon as it is ours again. */
  send({ stream }: Talk, length: number, end: boolean): void {
    const talk = this.byStream.get(stream)!;
    if (stream.closed || stream.localClosed || stream.endQueued || talk.sent + length > MOST_SENT) return;
    if (!stream.headersSent) this.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
    const piece = Uint8Array.from({ length }, (_, i) => (talk.sent + i) % PERIOD);
    talk.sent += length;
    if (this.connection.sendData(stream, piece, end)) piece.fill(SCRIBBLE);
  }

  /** A server's end of an answer. */
  sendTrailers({ stream }: Talk): void {
    if (stream.closed || stream.localClosed || stream.endQueued) return;
    if (!stream.headersSent) this.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
    this.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  }

  /** Gives back at most `most` octets of what came on a stream. */
  read(talk: Talk, most = Infinity): void {
    const bytes = Math.min(most, talk.unread);
    talk.unread -= bytes;
    this.connection.release(talk.stream, bytes);
  }

  /** One transmit, received by `other` in pieces of at most `piece` octets. */
  carry(other: Side, now: number, piece: number): number {
    const out = new SliceBuffer();
    this.connection.transmit(out);
    const bytes = out.join().slice();
    this.connection.transmitted();
    for (let at = 0; at < bytes.length; at += piece) {
      other.connection.receive(bytes.subarray(at, at + piece), now);
    }
    return bytes.length;
  }

  /** What the connection's window has and what is to be announced make the whole, whatever streams hold. */
  checkAccounts(): void {
    const { connection } = this;
    if (connection.closed) return;
    const { flow, settings } = connection;
    let grown = 0;
    for (const stream of connection.streams.all()) {
      grown += stream.receiveWindow.growth;
      invariant(
        stream.receiveWindow.unreleased === this.talk(stream).unread,
        "what is unread and what is unreleased differ",
      );
    }
    invariant(grown === flow.grown && grown <= settings.windowGrowthSize, `grown by ${grown}`);
    const free = flow.connectionWindow + flow["unclaimed"];
    invariant(free === settings.connectionWindowSize, `${free} of ${settings.connectionWindowSize} octets`);
  }

  private add(stream: Stream): void {
    const talk = { stream, sent: 0, received: 0, unread: 0, ended: false, closed: false, error: undefined };
    this.talks.push(talk);
    this.byStream.set(stream, talk);
  }

  private talk(stream: Stream): Talk {
    const talk = this.byStream.get(stream);
    invariant(
      talk !== undefined && !talk.closed && !this.over,
      "a stream was heard of before or after its life",
    );
    return talk;
  }
}
