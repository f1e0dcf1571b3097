// What a header section of a client begins at its server (RFC 9113, sections 5.1.1, 5.1.2 and 8.1).

import { DecodeFailure } from "../hpack/decoder.ts";
import { HeaderList } from "../hpack/header_list.ts";
import { ErrorCode, type Http2Error } from "./error.ts";
import { malformedReason } from "./header_validation.ts";
import type { Parts } from "./parts.ts";
import type { PeerStreams } from "./peer_streams.ts";
import { requestRules } from "./request_validation.ts";
import { Stream } from "./stream.ts";
import type { Unanswered } from "./unanswered.ts";

// Local: see docs/STYLE.md, "Hot paths".
const OpenStream = Stream;
const Failure = DecodeFailure;
const malformation = malformedReason;
const rules = requestRules;

/** Gives the response to a request whose header list is above our limit, for `reason`. */
export type TooLargeResponse = (reason: string) => HeaderList;

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
    private readonly tooLarge: TooLargeResponse = answerTooLarge,
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
    sections.write(stream, this.tooLarge(reason), undefined, true);
    if (!endStream) return this.refuse(stream.id, ErrorCode.NO_ERROR, stream.receiveWindow.available, owner);
    lifecycle.ignore(stream.id, 0);
    return owner.streamErrorCost();
  }
}
