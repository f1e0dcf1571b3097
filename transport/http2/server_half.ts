// The half of a connection that only a server's has, as the parts that it is made of (decision 66): a connection that is
// given none is a client's.

import { decoderMemory } from "../hpack/decoder_memory.ts";
import { newKeepalive } from "./keepalive.ts";
import { Lifetime, type LifetimeLimits } from "./lifetime.ts";
import type { Parts, ServerParts } from "./parts.ts";
import { PeerStreams } from "./peer_streams.ts";
import { type PingPolicy, PingStrikes } from "./ping_policy.ts";
import { Preface } from "./preface.ts";
import { Producers } from "./producers.ts";
import { Requests, type ServerAnswers } from "./requests.ts";
import type { Timers } from "./timers.ts";
import { Unanswered } from "./unanswered.ts";

/** Makes them. */
export interface ServerHalf extends ServerParts {
  /** Which producers of its streams wait. */
  producers(parts: Parts): Producers;
  /** What the client sends first. */
  preface(): Preface;
  /** What header sections of the client begin; `parts` were made with this half. */
  requests(parts: Parts, answers: ServerAnswers | undefined): Requests;
}

/** The one that there is. */
export const serverHalf: ServerHalf = {
  streams: (limit: number) => new PeerStreams(limit),
  unanswered: () => new Unanswered(),
  makeKeepalive: newKeepalive,
  lifetime: (limits: LifetimeLimits, timers: Timers) => new Lifetime(limits, timers),
  strikes: (policy: PingPolicy) => new PingStrikes(policy),
  memory: decoderMemory,
  producers: ({ queue, sink }) => new Producers(queue, sink),
  preface: () => new Preface(),
  requests: (parts, answers) => new Requests(parts, parts.ofPeer!, parts.unanswered!, answers),
};
