// What a header section of a client begins at its server (RFC 9113, sections 5.1.1, 5.1.2 and 8.1).

import { DecodeFailure } from "../hpack/decoder.ts";
import { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, type Http2Error } from "./error.ts";
import { malformedReason } from "./header_validation.ts";
import { writeRstStream } from "./frame_writer.ts";
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
 * order, for `reason`.
 */
export type UnavailableResponse = (stream: Stream, reason: string, peer: PeerSettings) => HeaderList;

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
  /** A refusal of one stream: the connection's error where there were too many. */
  streamErrorCost(): Http2Error | undefined;
}

/** The requests of one connection. */
export class Requests {
  /** `parts` are the connection's, and `ofPeer` and `unanswered` those that a server has. */
  constructor(
    private readonly parts: Parts,
    private readonly ofPeer: PeerStreams,
    private readonly unanswered: Unanswered,
    private readonly answers: ServerAnswers = {},
  ) {}

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
    if (streams.size >= ofPeer.limit) return this.refuse(streamId, ErrorCode.REFUSED_STREAM, window, owner);
    const isTooLarge = fields instanceof Failure;
    if (!isTooLarge && malformation(fields, "request", rules) !== undefined) {
      return this.refuse(streamId, ErrorCode.PROTOCOL_ERROR, window, owner);
    }
    const stream = new OpenStream(streamId, parts.peerSettings.initialWindowSize, flow.initialStreamWindow);
    if (isTooLarge) return this.refuseTooLarge(stream, fields.reason, endStream, owner);
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
   * The connection is about to end with `error`, in order: what is open is answered, for a client closes a connection that
   * goes away when it has no requests on it any more, having read all that was sent. A message of which a part waits for
   * the client's window cannot be ended by trailers: its stream ends with the connection.
   */
  dismiss({ code, reason }: Http2Error): void {
    const { parts: { lifecycle, sections, streams, out, peerSettings }, answers: { unavailable } } = this;
    if (code !== ErrorCode.NO_ERROR || lifecycle.closed || unavailable === undefined) return;
    for (const stream of streams.all()) {
      if (stream.hasQueued) continue;
      if (!stream.localClosed) {
        sections.write(stream, unavailable(stream, reason, peerSettings), undefined, true);
      }
      if (!stream.remoteClosed) writeRstStream(out, stream.id, ErrorCode.NO_ERROR);
    }
  }

  private refuse(
    streamId: number,
    code: number,
    window: number,
    owner: RequestOwner,
  ): Http2Error | undefined {
    this.parts.lifecycle.refuse(streamId, code, window);
    return owner.streamErrorCost();
  }

  /** A complete response, then RST_STREAM(NO_ERROR) so that the client stops sending (section 8.1). */
  private refuseTooLarge(
    stream: Stream,
    reason: string,
    endStream: boolean,
    owner: RequestOwner,
  ): Http2Error | undefined {
    const { sections, lifecycle } = this.parts;
    const { tooLarge = answerTooLarge } = this.answers;
    sections.write(stream, tooLarge(reason), undefined, true);
    if (!endStream) return this.refuse(stream.id, ErrorCode.NO_ERROR, stream.receiveWindow.available, owner);
    lifecycle.ignore(stream.id, 0);
    return owner.streamErrorCost();
  }
}
