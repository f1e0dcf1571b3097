// One stream (RFC 9113, section 5.1): the states as a table of states and events, and the record of an open stream.
//
//             send or receive HEADERS
//    idle ─────────────────────────────▶ open ──┬─ send END_STREAM ────▶ half-closed (local)  ─┐
//                                               └─ receive END_STREAM ─▶ half-closed (remote) ─┤ END_STREAM of the
//                                                                                              ▼ other side
//                                 send or receive RST_STREAM, in any of these states ────▶ closed
//
// There is no push, so there are no reserved states. Two states of the RFC are divided by what a frame means there:
//
//  - idle: the peer may open the stream, or it may not (`IDLE_OURS`), for its identifier is ours, or of no stream at all;
//  - closed: the peer ended the stream, or knows its end (`CLOSED`), so that HEADERS and DATA are its error; or we ended
//    it, and its frames may have crossed ours (`CLOSED_BY_US`), so that they are ignored: their header block is decoded,
//    for the sake of the dynamic table, their octets go back to the connection's window, and they cost a budget
//    (`abuse.ts`); or a later stream passed over its identifier (`PASSED_OVER`, section 5.1.1).
//
// Some peers send on a stream even after their own END_STREAM: gRPC's C++ server answers a call at its deadline and
// again when the handler ends. That may not cost the other calls of the connection, so at a client every closed stream
// is `CLOSED_BY_US`. At a server those are the streams that it reset, refused, answered before the request's end, or
// did not take after its GOAWAY.

import type { HeaderList } from "../hpack/header_list.ts";
import { connectionError, ErrorCode, type Http2Error, streamError } from "./error.ts";
import { ReceiveWindow, Window } from "./flow_control.ts";
import { QUEUE_HIGH_WATER_BYTES } from "./limits.ts";
import type { StreamQueue } from "./stream_queue.ts";

// Local: see docs/STYLE.md, "Hot paths".
const SendWindow = Window;
const Incoming = ReceiveWindow;

/** States of a stream. Of an open stream's, bit 0 says that we ended it and bit 1 that the peer did. */
export const StreamState = {
  OPEN: 0,
  HALF_CLOSED_LOCAL: 1,
  HALF_CLOSED_REMOTE: 2,
  CLOSED: 3,
  IDLE: 4,
  IDLE_OURS: 5,
  PASSED_OVER: 6,
  CLOSED_BY_US: 7,
} as const;

/** What happens to a stream: a frame or flag that is received or sent. CONTINUATION is a part of HEADERS. */
export const StreamEvent = {
  RECEIVE_HEADERS: 0,
  RECEIVE_DATA: 1,
  RECEIVE_END_STREAM: 2,
  RECEIVE_RST_STREAM: 3,
  RECEIVE_WINDOW_UPDATE: 4,
  RECEIVE_PRIORITY: 5,
  RECEIVE_PUSH_PROMISE: 6,
  SEND_HEADERS: 7,
  SEND_DATA: 8,
  SEND_END_STREAM: 9,
  SEND_RST_STREAM: 10,
} as const;

/** What an event is where the table has no state for it. */
export const Refusal = {
  /** STREAM_CLOSED, an error of the stream. */
  STREAM_CLOSED: 8,
  /** STREAM_CLOSED, an error of the connection. */
  CONNECTION_CLOSED: 9,
  /** PROTOCOL_ERROR, an error of the connection. */
  PROTOCOL: 10,
  /** A frame that we may not send: a mistake of the caller. */
  MISUSE: 11,
} as const;

const { OPEN: O, HALF_CLOSED_LOCAL: HL, HALF_CLOSED_REMOTE: HR, CLOSED: C } = StreamState;
const { IDLE: I, IDLE_OURS: IO, PASSED_OVER: PO, CLOSED_BY_US: CU } = StreamState;
const { STREAM_CLOSED: s, CONNECTION_CLOSED: c, PROTOCOL: p, MISUSE: m } = Refusal;

/**
 * The state after each event in each state, or what is refused. HEADERS and DATA that are received in `CLOSED_BY_US`
 * are ignored, as RST_STREAM, WINDOW_UPDATE and PRIORITY are in every closed state. What we would send on a closed
 * stream is dropped, for its end may have crossed the command.
 */
// deno-fmt-ignore
export const STREAM_TABLE: Readonly<Record<keyof typeof StreamEvent, readonly number[]>> = {
  //                       O   HL  HR  C   I   IO  PO  CU
  RECEIVE_HEADERS:       [ O,  HL, s,  c,  O,  p,  p,  CU ],
  RECEIVE_DATA:          [ O,  HL, s,  c,  p,  p,  c,  CU ],
  RECEIVE_END_STREAM:    [ HR, C,  s,  c,  p,  p,  c,  CU ],
  RECEIVE_RST_STREAM:    [ C,  C,  C,  C,  p,  p,  PO, CU ],
  RECEIVE_WINDOW_UPDATE: [ O,  HL, HR, C,  p,  p,  PO, CU ],
  RECEIVE_PRIORITY:      [ O,  HL, HR, C,  I,  IO, PO, CU ],
  RECEIVE_PUSH_PROMISE:  [ p,  p,  p,  p,  p,  p,  p,  p  ],
  SEND_HEADERS:          [ O,  m,  HR, C,  m,  O,  m,  CU ],
  SEND_DATA:             [ O,  m,  HR, C,  m,  m,  m,  CU ],
  SEND_END_STREAM:       [ HL, m,  C,  C,  m,  m,  m,  CU ],
  SEND_RST_STREAM:       [ CU, CU, CU, C,  CU, m,  m,  CU ],
};

const STATES = Object.keys(StreamState).length;
const NEXT = Uint8Array.from(Object.values(STREAM_TABLE).flat());

/** The state after `event` in `state`, or a {@linkcode Refusal}. */
export function afterEvent(state: number, event: number): number {
  return NEXT[event * STATES + state]!;
}

/** Whether the table had no state for an event. */
export function isRefusal(next: number): boolean {
  return next >= STATES;
}

/** The error of a peer that sent a frame which its stream's state refuses. `frame`: its type's name. */
export function refusalError(refusal: number, state: number, frame: string, streamId: number): Http2Error {
  if (refusal === Refusal.STREAM_CLOSED) {
    return streamError(ErrorCode.STREAM_CLOSED, `${frame} after END_STREAM`);
  }
  if (refusal === Refusal.CONNECTION_CLOSED) {
    return connectionError(ErrorCode.STREAM_CLOSED, `${frame} on closed stream ${streamId}`);
  }
  const reason = state === StreamState.PASSED_OVER
    ? `${frame} on stream ${streamId}, which a later stream has already passed over`
    : `${frame} on idle stream ${streamId}`;
  return connectionError(ErrorCode.PROTOCOL_ERROR, reason);
}

/** An open stream. `lifecycle.ts` changes its state, `flow_control.ts` its windows, `send_queue.ts` its queue. */
export class Stream {
  /** Receives the events of the stream; set when it is opened. */
  sink!: StreamSink;
  /** A {@linkcode StreamState}. */
  state: number = StreamState.OPEN;
  /** The sink has had its last call. */
  closed = false;
  /** The request or response header section came. */
  headersReceived = false;
  /** We sent a header section. */
  headersSent = false;
  /** Server: a response that is complete does not ask for RST_STREAM: the request is taken to its end (section 8.1). */
  takesWholeRequest = false;
  /** What the peer lets us send, in octets. */
  readonly sendWindow: Window;
  /** What we let the peer send, in octets. */
  readonly receiveWindow: ReceiveWindow;
  /** DATA, END_STREAM and trailers that wait for window or turn; undefined until something does. */
  queue: StreamQueue | undefined = undefined;
  /** Octets that content-length still promises; -1 where there is none (section 8.1.1). */
  private contentLeft = -1;

  /** A stream numbered `id` with the initial windows of both sides. */
  constructor(readonly id: number, sendWindow: number, receiveWindow: number) {
    this.sendWindow = new SendWindow(sendWindow);
    this.receiveWindow = new Incoming(receiveWindow);
  }

  /** We sent END_STREAM. */
  get localClosed(): boolean {
    return (this.state & 1) !== 0;
  }

  /** The peer sent END_STREAM. */
  get remoteClosed(): boolean {
    return (this.state & 2) !== 0;
  }

  /** Octets of DATA that wait. */
  get queuedBytes(): number {
    return this.queue === undefined ? 0 : this.queue.bytes;
  }

  /** END_STREAM waits for the DATA before it. */
  get endQueued(): boolean {
    return this.queue !== undefined && this.queue.endStream;
  }

  /** DATA, END_STREAM or trailers wait. */
  get hasQueued(): boolean {
    return this.queue !== undefined && !this.queue.isEmpty;
  }

  /** Whether a producer should wait for `onWritable`. */
  get writeBlocked(): boolean {
    return this.queuedBytes > QUEUE_HIGH_WATER_BYTES;
  }

  /** content-length promises this much content (section 8.1.1). */
  expectContent(bytes: number): void {
    this.contentLeft = bytes;
  }

  /** `bytes` of content came, the last of it with `end`; false where content-length promised more or less. */
  countContent(bytes: number, end: boolean): boolean {
    if (this.contentLeft < 0) return true;
    this.contentLeft -= bytes;
    return this.contentLeft === 0 || (this.contentLeft > 0 && !end);
  }
}

/**
 * Receives the events of one stream: onHeaders once, onData any number of times, onTrailers at most once, and onClosed
 * last, exactly once. It is called from inside the connection's own methods, may call commands of the connection (send,
 * release, reset), and must not throw.
 */
export interface StreamSink {
  /** The request or response header section; 1xx responses are not handed up. `endStream`: nothing follows. */
  onHeaders(stream: Stream, headers: HeaderList, endStream: boolean): void;
  /**
   * Content of the stream, `bytes[start, end)`, of which views are kept by `Connection.received` alone; empty when only
   * END_STREAM came. Each octet counts against the receive window until `Connection.release` returns it.
   */
  onData(stream: Stream, bytes: Uint8Array, start: number, end: number, endStream: boolean): void;
  /** The trailer section; it always ends the stream. */
  onTrailers(stream: Stream, trailers: HeaderList): void;
  /** What was queued by `sendData` has fallen to the low-water mark: a waiting producer may go on. */
  onWritable(stream: Stream): void;
  /** All of `bytes`, a large piece that `sendData` had queued, was copied into frames: it is the caller's again. */
  onSent(stream: Stream, bytes: Uint8Array): void;
  /** The stream is over. `error` is undefined when both sides ended it in order. The last call. */
  onClosed(stream: Stream, error: Http2Error | undefined): void;
}
