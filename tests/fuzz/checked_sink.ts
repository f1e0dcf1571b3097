// A sink that holds a connection to what sinks are promised, and answers in the ways of many applications.
import type { HeaderList } from "../../transport/hpack/header_list.ts";
import type { Connection } from "../../transport/http2/connection.ts";
import { ErrorCode, Http2Error } from "../../transport/http2/error.ts";
import type { ConnectionSink, StreamSink } from "../../transport/http2/sink.ts";
import type { Stream } from "../../transport/http2/stream.ts";
import { RESPONSE_LIST, TRAILERS_LIST } from "../transport/http2/wire.ts";
import { invariant } from "./target.ts";
import { reached } from "./trace.ts";

export const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "fuzz");

/** What was heard of one stream. */
interface Heard {
  headers: boolean;
  ended: boolean;
  closed: boolean;
  unread: number;
}

/** Large answers a run: each may stay in memory until the peer gives window. */
const LARGE_ANSWERS = 3;

/** Checks every call. `mood` chooses, with a stream's number, what the application does with it. */
export class CheckedSink implements ConnectionSink, StreamSink {
  over = false;
  readonly heard = new Map<Stream, Heard>();
  connection!: Connection;
  private largeAnswers = 0;

  constructor(private readonly mood: number) {}

  onOutput(): void {}
  onSettings(): void {
    this.live();
    reached("settings");
  }
  onStream(stream: Stream): StreamSink {
    this.live();
    this.opened(stream);
    return this;
  }
  onCanOpen(): void {
    this.live();
    reached("can open");
    invariant(this.connection.canOpen, "onCanOpen came while canOpen was false");
  }
  onGoAway(): void {
    this.live();
    reached("goaway");
  }
  onPong(): void {
    this.live();
    reached("pong");
  }

  onHeaders(stream: Stream, _headers: HeaderList, endStream: boolean): void {
    const heard = this.of(stream);
    reached(`headers ${endStream}`);
    invariant(!heard.headers, "onHeaders came twice");
    heard.headers = true;
    heard.ended = endStream;
    if (this.manner(stream) === 1) this.answer(stream, 10); // before the request is complete
    if (this.manner(stream) === 2) this.connection.reset(stream, CANCEL);
    if (endStream) this.answer(stream);
  }

  onData(stream: Stream, _bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const heard = this.of(stream);
    reached(`data ${endStream}`);
    invariant(heard.headers && !heard.ended, "onData came before onHeaders or after the end");
    heard.ended = endStream;
    heard.unread += end - start;
    invariant(
      heard.unread <= stream.receiveWindow.unreleased,
      "bytes were handed up that nobody accounted for",
    );
    if (this.manner(stream) === 3) this.connection.reset(stream, CANCEL);
    else if (this.manner(stream) !== 4) this.read(stream);
    if (endStream) this.answer(stream);
  }

  onTrailers(stream: Stream): void {
    const heard = this.of(stream);
    reached("trailers");
    invariant(heard.headers && !heard.ended, "onTrailers came before onHeaders or after the end");
    heard.ended = true;
    this.answer(stream);
  }

  onWritable(stream: Stream): void {
    reached("writable");
    this.of(stream);
    if (this.manner(stream) === 6) this.connection.reset(stream, CANCEL);
  }

  onSent(stream: Stream): void {
    reached("sent");
    this.of(stream);
    if (this.manner(stream) === 7) this.connection.reset(stream, CANCEL);
    // Who streams small messages in the lull of a large one: they are joined, and sent after it.
    else if (!stream.endQueued && !stream.localClosed) {
      this.connection.sendData(stream, new Uint8Array(700), false);
    }
  }

  onClosed(streamOrError: unknown, streamError?: Http2Error): void {
    const heard = this.heard.get(streamOrError as Stream);
    const error = heard === undefined ? streamOrError as Http2Error | undefined : streamError;
    reached(`${heard === undefined ? "over" : "closed"} ${error?.initiator} ${error?.reason}`);
    if (heard !== undefined) {
      invariant(!heard.closed, "a stream closed twice");
      invariant(!this.over, "a stream closed after its connection");
      heard.closed = true;
      return;
    }
    invariant(!this.over, "the connection closed twice");
    this.over = true;
    for (const one of this.heard.values()) invariant(one.closed, "a stream outlived its connection");
  }

  /** A stream that hears of itself through this sink. */
  opened(stream: Stream): void {
    this.heard.set(stream, { headers: false, ended: false, closed: false, unread: 0 });
  }

  /** Gives back what has not been read. */
  read(stream: Stream): void {
    const heard = this.heard.get(stream)!;
    if (!heard.closed) this.connection.release(stream, heard.unread);
    heard.unread = 0;
  }

  /** Sends a body, and then its end in one of its forms. */
  answer(stream: Stream, bytes = this.manner(stream) >= 5 ? 40_000 : 100): void {
    const { connection } = this;
    if (stream.closed || stream.localClosed || stream.endQueued) return;
    if (bytes > 1_000 && ++this.largeAnswers > LARGE_ANSWERS) bytes = 100;
    if (!stream.headersSent) connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
    connection.sendData(stream, new Uint8Array(bytes), false);
    if (bytes > 1_000) connection.sendData(stream, new Uint8Array(30_000), false);
    if (this.manner(stream) === 7) return; // the end comes later, if at all
    if (connection.role === "client") connection.sendData(stream, new Uint8Array(0), true);
    else connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  }

  private manner(stream: Stream): number {
    return (this.mood + (stream.id >> 1)) & 7;
  }

  private of(stream: Stream): Heard {
    this.live();
    const heard = this.heard.get(stream);
    invariant(heard !== undefined && !heard.closed, "a stream was heard of before or after its life");
    return heard;
  }

  private live(): void {
    invariant(!this.over, "something came after the connection's end");
  }
}
