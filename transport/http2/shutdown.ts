// The end of a connection as GOAWAY announces it (RFC 9113, section 6.8): what we sent, and what the peer sent.
//
// A server ends gracefully in two steps, so that requests on their way are still served: a first GOAWAY with the
// greatest identifier and a PING; and a turn after that was answered, or when it took too long, a last GOAWAY with the
// greatest identifier it has taken. The turn is for clients that answer the PING ahead of requests they had begun (gRPC's
// core and Go's net/http do). A client sends one GOAWAY and opens no more streams.

import type { Instant } from "../../pollers/contract/engine.ts";
import { ErrorCode, errorCodeName, Http2Error } from "./error.ts";
import { writeGoAway } from "./frame_writer.ts";
import { readUint31, readUint32 } from "./frames.ts";
import { DRAIN_PING_TIMEOUT_MS, GOAWAY_DEBUG_BYTES, MAX_STREAM_ID } from "./limits.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { PingPurpose, type Pings } from "./ping.ts";
import { Timer, type Timers } from "./timers.ts";

/** The GOAWAYs of one connection. */
export class Shutdown {
  /** We open no streams any more: one side sent GOAWAY. */
  draining = false;
  /** Our last GOAWAY is out: streams above its number are not taken. */
  drained = false;
  /** The error of the peer's GOAWAY, where it gave one. */
  peerError: Http2Error | undefined = undefined;
  /** What the peer's last GOAWAY said, in a sentence; empty before the first one. */
  peerReason = "";
  /** The highest stream that the peer's last GOAWAY says it takes. */
  peerLastStreamId = MAX_STREAM_ID;
  /** The highest stream that our GOAWAYs said we take. */
  private lastTakenStreamId = MAX_STREAM_ID;
  private reason = "";

  /** The parts of the connection that a shutdown uses. */
  constructor(
    private readonly role: "client" | "server",
    private readonly out: OutputBuffer,
    private readonly pings: Pings,
    private readonly timers: Timers,
  ) {}

  /** A graceful shutdown begins; a client's is finished by {@linkcode finish} at once. */
  begin(reason: string, now: Instant): void {
    this.draining = true;
    this.reason = reason;
    if (this.role === "client") return;
    writeGoAway(this.out, MAX_STREAM_ID, ErrorCode.NO_ERROR, reason);
    this.timers.set(Timer.DRAIN_PING, now + DRAIN_PING_TIMEOUT_MS);
    this.pings.send(PingPurpose.DRAIN);
  }

  /** Sends the last GOAWAY, once; `lastPeerStreamId` is the highest stream that the peer opened. */
  finish(lastPeerStreamId: number): void {
    if (this.drained) return; // the answer to the PING came after its time
    this.drained = true;
    this.send(ErrorCode.NO_ERROR, this.reason, lastPeerStreamId);
  }

  /** Sends GOAWAY. Streams that came after an earlier one were not taken: the number may not grow. */
  send(code: number, reason: string, lastPeerStreamId: number): void {
    this.lastTakenStreamId = Math.min(this.lastTakenStreamId, lastPeerStreamId);
    writeGoAway(this.out, this.lastTakenStreamId, code, reason);
  }

  /** The peer's GOAWAY, `bytes[start, end)`, of 8 octets at least. Returns what it says, an error or none. */
  receive(bytes: Uint8Array, start: number, end: number): Http2Error {
    this.peerLastStreamId = readUint31(bytes, start);
    const code = readUint32(bytes, start + 4);
    const debugEnd = Math.min(end, start + 8 + GOAWAY_DEBUG_BYTES);
    const debug = new TextDecoder().decode(bytes.subarray(start + 8, debugEnd));
    const said = debug === "" ? "" : ` ${JSON.stringify(debug)}`;
    this.peerReason = `peer sent GOAWAY ${errorCodeName(code)}${said}`;
    const error = new Http2Error("connection", code, "remote", this.peerReason);
    if (this.role === "client") this.draining = true;
    // A peer that sends an error ends the connection with it, though some are slow to close it (section 5.4.1):
    // nothing that is still open will ever be answered.
    if (code !== ErrorCode.NO_ERROR) this.peerError = error;
    return error;
  }

  /** The error of a stream above the number of the peer's GOAWAY, which may be tried again elsewhere. */
  unprocessed(): Http2Error {
    return new Http2Error("connection", ErrorCode.REFUSED_STREAM, "remote", this.peerReason, true);
  }

  /** `error` ended the byte stream: with what the peer's GOAWAY had said before. */
  explain(error: Http2Error): Http2Error {
    const { kind, code, initiator, reason } = error;
    if (kind !== "io" || this.peerReason === "") return error;
    return new Http2Error(kind, code, initiator, `${reason}; before that the ${this.peerReason}`);
  }

  /** No stream is coming any more: the connection ends with its last one. */
  get takesNoStreams(): boolean {
    return this.role === "client" ? this.draining : this.drained;
  }
}
