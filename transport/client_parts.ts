// What connections of a client may have beside what all of them have: others hand it on, and look at nothing of it.

import { decoderMemory } from "./hpack/decoder_memory.ts";
import { newKeepalive } from "./http2/keepalive.ts";
import type { ManagementOptions } from "./http2/parts.ts";

/** A part of connections: {@linkcode keepalives} or {@linkcode headerMemory}. */
export interface ClientPart {
  /** What it is for. */
  readonly purpose: string;
}

/** A part as connections see it. */
export type MadePart = ClientPart & Pick<ManagementOptions, "makeKeepalive" | "memory">;

const KEEPALIVES: MadePart = { purpose: "keepalive", makeKeepalive: newKeepalive };
const MEMORY: MadePart = { purpose: "memory of values in responses", memory: decoderMemory };

/** Asks the server whether it is there. */
export const keepalives: ClientPart = KEEPALIVES;

/** Knows values that come again in responses. */
export const headerMemory: ClientPart = MEMORY;
