// What one connection is made of, in the order in which the parts depend on each other.
//
// A part knows the parts before it and never the connection. For a frame it returns undefined, or an error of the stream
// or of the connection; the caller ends what the error ends.

import type { DecoderMemory } from "../hpack/decoder.ts";
import { Abuse } from "./abuse.ts";
import { FlowControl } from "./flow_control.ts";
import { HeaderSections } from "./header_sections.ts";
import type { Keepalive, KeepaliveTimes } from "./keepalive.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Lifetime, LifetimeLimits } from "./lifetime.ts";
import { OutputBuffer } from "./output_buffer.ts";
import type { PeerStreams } from "./peer_streams.ts";
import { Pings } from "./ping.ts";
import type { PingPolicy, PingStrikes } from "./ping_policy.ts";
import { SendQueue } from "./send_queue.ts";
import { type LocalSettings, PeerSettings } from "./settings.ts";
import { Shutdown } from "./shutdown.ts";
import type { ConnectionSink } from "./sink.ts";
import { Streams } from "./streams.ts";
import { Timers } from "./timers.ts";
import type { Unanswered } from "./unanswered.ts";

/** Makes what asks the peer whether it is there: `newKeepalive`. */
export type MakeKeepalive = (times: KeepaliveTimes, timers: Timers, pings: Pings) => Keepalive;

/** How a connection is kept, and for how long. */
export interface ManagementOptions {
  /** When the peer is asked whether it is there. Default: never. */
  readonly keepalive?: KeepaliveTimes;
  /** By what; a server has it. */
  readonly makeKeepalive?: MakeKeepalive | undefined;
  /** How often the peer may send PING. Default: within `BUDGETS.pings`. */
  readonly pingPolicy?: PingPolicy;
  /** How long the connection may stand. Default: for ever. */
  readonly lifetime?: LifetimeLimits;
  /** What is remembered of values that come in header sections. Default: a server's memory, and none of a client. */
  readonly memory?: DecoderMemory | undefined;
}

/** What a server's connection has besides: how it is made. A client's bundle has none of it. */
export interface ServerParts {
  /** What is known of the client's streams, of which `limit` may be open. */
  streams(limit: number): PeerStreams;
  /** `BUDGETS.resets` and `BUDGETS.unanswered`. */
  unanswered(): Unanswered;
  /** Whether the client is there. */
  readonly makeKeepalive: MakeKeepalive;
  /** How long the connection may stand. */
  lifetime(limits: LifetimeLimits, timers: Timers): Lifetime;
  /** Of a client that is held to `policy`. */
  strikes(policy: PingPolicy): PingStrikes;
  /** Of values that come in requests. */
  readonly memory: DecoderMemory;
}

/** The parts of one connection. */
export class Parts {
  /** Which side of the connection we are. */
  readonly role: "client" | "server";
  /** What the peer may cost us (section 10.5). */
  readonly abuse = new Abuse();
  /** What is waited for. */
  readonly timers = new Timers();
  /** What the peer told us (section 6.5). */
  readonly peerSettings = new PeerSettings();
  /** Frames that wait to be transmitted. */
  readonly out: OutputBuffer;
  /** The open streams (sections 5.1.1 and 5.1.2). */
  readonly streams: Streams;
  /** Section 6.7. */
  readonly pings: Pings;
  /** Whether the peer is there; undefined: nobody asks. */
  readonly keepalive: Keepalive | undefined;
  /** Server: the client's streams. */
  readonly ofPeer: PeerStreams | undefined;
  /** Server: streams that no handler answered. */
  readonly unanswered: Unanswered | undefined;
  /** How long the connection may stand; undefined: for ever. */
  readonly lifetime: Lifetime | undefined;
  /** Section 6.8. */
  readonly shutdown: Shutdown;
  /** Section 6.9. */
  readonly flow: FlowControl;
  /** Section 8. */
  readonly sections: HeaderSections;
  /** How streams and the connection end. */
  readonly lifecycle: Lifecycle;
  /** DATA that waits. */
  readonly queue: SendQueue;

  /** `settings` are ours. `server` makes what a server has; a client is given none. */
  constructor(
    server: ServerParts | undefined,
    readonly settings: LocalSettings,
    readonly sink: ConnectionSink,
    management: ManagementOptions = {},
  ) {
    this.role = server === undefined ? "client" : "server";
    const { keepalive, makeKeepalive = server?.makeKeepalive, pingPolicy, lifetime } = management;
    const { memory = server?.memory } = management;
    this.out = new OutputBuffer(sink);
    this.ofPeer = server?.streams(settings.maxConcurrentStreams);
    this.unanswered = server?.unanswered();
    this.streams = new Streams(this.ofPeer);
    this.pings = new Pings(this.out, this.abuse, pingPolicy, server?.strikes);
    const asks = keepalive !== undefined && keepalive.timeMs !== Infinity;
    this.keepalive = asks ? makeKeepalive?.(keepalive, this.timers, this.pings) : undefined;
    this.lifetime = lifetime && server?.lifetime(lifetime, this.timers);
    this.shutdown = new Shutdown(this.role, this.out, this.pings, this.timers);
    this.flow = new FlowControl(settings, this.out, this.pings);
    this.sections = new HeaderSections(settings, this.peerSettings, this.out, memory);
    this.lifecycle = new Lifecycle(this);
    this.queue = new SendQueue(this);
  }
}
