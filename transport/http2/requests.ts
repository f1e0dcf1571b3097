// The requests of a server's clients: what a header section begins (RFC 9113, sections 5.1.1, 5.1.2 and 8.1), and what becomes
// of those that are refused, that nobody answers, or that are open when the connection ends.

import type { Instant } from "../../pollers/contract/engine.ts";
import { DecodeFailure } from "../hpack/decoder.ts";
import { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, Http2Error } from "./error.ts";
import { writeRstStream } from "./frame_writer.ts";
import { malformedReason } from "./header_validation.ts";
import type { OpenRequests } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import type { PeerStreams } from "./peer_streams.ts";
import { requestRules } from "./request_validation.ts";
import type { PeerSettings } from "./settings.ts";
import { Stream } from "./stream.ts";
import type { Unanswered } from "./unanswered.ts";

// Local: see docs/STYLE.md, "Hot paths".
const OpenStream = Stream;
const Failure = DecodeFailure;
const malformation = malformedReason;
const rules = requestRules;

/** Gives the response to a request whose header list is above our limit, for `reason`. */
export type TooLargeResponse = (reason: string) => HeaderList;

/**
 * Gives the trailers, or the whole response where none was begun, of a request that is open when its connection ends in
 * order, for `reason`; undefined where the application has not got it, so that the client may send it again (section 8.7).
 */
export type UnavailableResponse = (
  stream: Stream,
  reason: string,
  peer: PeerSettings,
) => HeaderList | undefined;

/** What a server answers that its application does not. */
export interface ServerAnswers {
  /** Default: `:status` 431 alone (RFC 6585, section 5). */
  readonly tooLarge?: TooLargeResponse;
  /** Default: such requests end with their connection. */
  readonly unavailable?: UnavailableResponse;
}

const TOO_LARGE = HeaderList.of([[":status", "431"]]);
const answerTooLarge: TooLargeResponse = () => TOO_LARGE;

/** Who receives the frames of the connection. */
export interface RequestOwner {
  /** Hands a request's header section up. */
  begin(stream: Stream, headers: HeaderList, endStream: boolean): Http2Error | undefined;
}

/** The requests of one connection. */
export class Requests implements OpenRequests {
  /** `parts` are the connection's, and `ofPeer` and `unanswered` those that a server has. */
  constructor(
    private readonly parts: Parts,
    private readonly ofPeer: PeerStreams,
    private readonly unanswered: Unanswered,
    private readonly answers: ServerAnswers = {},
  ) {
    parts.lifecycle.requests = this;
  }

  /** {@linkcode takeTime} is to be called: what ended a stream may not have known the time. */
  get wantsTime(): boolean {
    const { unanswered, parts: { lifetime } } = this;
    return unanswered.wantsTime || (lifetime !== undefined && lifetime.wantsTime);
  }

  /** It is `now`. */
  takeTime(now: Instant): void {
    const { unanswered, parts: { lifetime, lifecycle, streams, timers } } = this;
    timers.now = now;
    if (lifetime?.wantsTime) lifetime.idle(now);
    const flood = unanswered.wantsTime ? unanswered.judge(streams.finished, now) : undefined;
    if (flood !== undefined) lifecycle.abort(flood);
  }

  /** A header section came on an idle stream. */
  begin(
    streamId: number,
    fields: HeaderList | DecodeFailure,
    endStream: boolean,
    owner: RequestOwner,
  ): Http2Error | undefined {
    const { parts, parts: { streams, flow }, ofPeer } = this;
    ofPeer.use(streamId);
    this.unanswered.opened(streamId, parts.timers.now);
    const window = endStream ? 0 : flow.initialStreamWindow;
    if (parts.shutdown.drained) {
      parts.lifecycle.ignore(streamId, window);
      return parts.abuse.late.section(streamId, streams.opened, parts.timers.now);
    }
    if (streams.size >= ofPeer.limit) return this.refuse(streamId, ErrorCode.REFUSED_STREAM, window);
    const isTooLarge = fields instanceof Failure;
    if (!isTooLarge && malformation(fields, "request", rules) !== undefined) {
      return this.refuse(streamId, ErrorCode.PROTOCOL_ERROR, window);
    }
    const stream = new OpenStream(streamId, parts.peerSettings.initialWindowSize, flow.initialStreamWindow);
    if (isTooLarge) return this.refuseTooLarge(stream, fields.reason, endStream);
    streams.add(stream);
    stream.sink = parts.sink.onStream(stream);
    return owner.begin(stream, fields, endStream);
  }

  /**
   * RST_STREAM came on an idle stream, which is `error`; but after our GOAWAY it costs a budget and nothing else. gRPC's client
   * in Go drops calls that it has numbered and not sent when it is told to go, and sends RST_STREAM for those that are
   * cancelled; all others of the connection would fail with them (gRPC's servers in Go and C++ take no notice).
   */
  idleReset(streamId: number, error: Http2Error): Http2Error | undefined {
    const { shutdown, abuse, streams, timers } = this.parts;
    if (!shutdown.draining || (streamId & 1) === 0) return error;
    return abuse.late.reset(streamId, streams.opened, timers.now);
  }

  /**
   * The connection ends in order: what is open is answered, for a client closes a connection that goes away when it has no
   * requests on it any more, having read all that was sent. A message of which a part waits for the client's window cannot
   * be ended by trailers: its stream ends with the connection.
   */
  dismiss(stream: Stream, { code, reason }: Http2Error): void {
    const { parts: { sections, out, peerSettings }, answers: { unavailable } } = this;
    if (code !== ErrorCode.NO_ERROR || unavailable === undefined || stream.closed || stream.hasQueued) return;
    if (!stream.localClosed) {
      const response = unavailable(stream, reason, peerSettings);
      if (response === undefined) return writeRstStream(out, stream.id, ErrorCode.REFUSED_STREAM);
      sections.write(stream, response, undefined, true);
    }
    if (!stream.remoteClosed) writeRstStream(out, stream.id, ErrorCode.NO_ERROR);
  }

  /**
   * Refuses a stream that is open, whose request its application has not got, so that the client may send it again
   * (section 8.7).
   */
  refuseOpen(stream: Stream, reason: string): void {
    if (stream.closed) return;
    const { lifecycle, abuse, timers } = this.parts;
    lifecycle.reset(stream, new Http2Error("stream", ErrorCode.REFUSED_STREAM, "library", reason, true));
    const cost = abuse.streamError(timers.now);
    if (cost !== undefined) lifecycle.abort(cost);
  }

  /** No handler has answered `stream`, which the library ends or has ended. Many such streams are a flood. */
  endUnanswered({ id }: Stream): void {
    const { lifecycle, timers } = this.parts;
    if (!lifecycle.closed) this.unanswered.end(id, timers.now);
  }

  private refuse(streamId: number, code: number, window: number): Http2Error | undefined {
    const { lifecycle, abuse, timers } = this.parts;
    lifecycle.refuse(streamId, code, window);
    return abuse.streamError(timers.now);
  }

  /** A complete response, then RST_STREAM(NO_ERROR) so that the client stops sending (section 8.1). */
  private refuseTooLarge(
    stream: Stream,
    reason: string,
    endStream: boolean,
  ): Http2Error | undefined {
    const { sections, lifecycle, abuse, timers } = this.parts;
    const { tooLarge = answerTooLarge } = this.answers;
    sections.write(stream, tooLarge(reason), undefined, true);
    if (!endStream) return this.refuse(stream.id, ErrorCode.NO_ERROR, stream.receiveWindow.available);
    lifecycle.ignore(stream.id, 0);
    return abuse.streamError(timers.now);
  }
}
