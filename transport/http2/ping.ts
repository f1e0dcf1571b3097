// PING (RFC 9113, section 6.7): the peer's, which are answered, and ours, each with what it is for.

import type { Instant } from "../../pollers/contract/engine.ts";
import type { Abuse } from "./abuse.ts";
import type { Http2Error } from "./error.ts";
import { writePing } from "./frame_writer.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import type { PingPolicy, PingStrikes } from "./ping_policy.ts";

/** What a PING of ours is for: the low half of its opaque data, the high half is 0. */
export const PingPurpose = {
  /** Its answer follows everything that the peer sent before it received the first GOAWAY (section 6.8). */
  DRAIN: 0x6472_6169,
  /** The time until its answer measures the path (`bdp_estimator.ts`). */
  BDP: 0x6264_7069,
  /** Any octet after it shows that the peer is there (gRFC A8). */
  KEEPALIVE: 0x6b65_6570,
} as const;

/** One of the purposes. */
export type PingPurpose = typeof PingPurpose[keyof typeof PingPurpose];

/** The PINGs of one connection. */
export class Pings {
  private drainOutstanding = false;
  private bdpOutstanding = false;
  /** PINGs of the application that were not answered. */
  private opaqueOutstanding = 0;
  /** Several, where other octets came before an answer. */
  private keepaliveOutstanding = 0;
  /** Of a peer that has sent PING. */
  private strikes: PingStrikes | undefined = undefined;

  /**
   * PINGs and answers are written to `out`; answers are counted in `abuse`, and a client's PINGs held to `policy` by what
   * `strikesOf` makes of it.
   */
  constructor(
    private readonly out: OutputBuffer,
    private readonly abuse: Abuse,
    private readonly policy?: PingPolicy,
    private readonly strikesOf?: (policy: PingPolicy) => PingStrikes,
  ) {}

  /** Sends the PING of a purpose. */
  send(purpose: PingPurpose): void {
    if (purpose === PingPurpose.DRAIN) this.drainOutstanding = true;
    else if (purpose === PingPurpose.BDP) this.bdpOutstanding = true;
    else this.keepaliveOutstanding++;
    writePing(this.out, 0, purpose, false);
  }

  /** Sends an application's PING. */
  sendOpaque(opaque: number): void {
    this.opaqueOutstanding++;
    writePing(this.out, 0, opaque, false);
  }

  /** Answers the peer's PING; the connection's error when there were too many. */
  answer(high: number, low: number, now: Instant, hasStreams: boolean): Http2Error | undefined {
    const { abuse, out, policy } = this;
    if (policy !== undefined) this.strikes ??= this.strikesOf?.(policy);
    const error = this.strikes?.count(now, hasStreams, out.carriedStreams) ?? abuse.pings.spend(now) ??
      abuse.countReply();
    out.carriedStreams = false;
    if (error === undefined) writePing(out, high, low, true);
    return error;
  }

  /** A PING with ACK came that answers none of ours; the connection's error when too many answered nothing at all. */
  opaqueAcknowledged(now: Instant): Http2Error | undefined {
    if (this.opaqueOutstanding === 0) return this.abuse.emptyFrames.spend(now);
    this.opaqueOutstanding--;
    return undefined;
  }

  /** A PING with ACK came. Returns the purpose of ours that it answers; undefined where it answers an application's. */
  acknowledged(opaque: number): PingPurpose | undefined {
    if (opaque === PingPurpose.DRAIN && this.drainOutstanding) {
      this.drainOutstanding = false;
      return opaque;
    }
    if (opaque === PingPurpose.BDP && this.bdpOutstanding) {
      this.bdpOutstanding = false;
      return opaque;
    }
    if (opaque === PingPurpose.KEEPALIVE && this.keepaliveOutstanding > 0) {
      this.keepaliveOutstanding--;
      return opaque;
    }
    return undefined;
  }
}
