// Every attack: its name, what it does in a sentence, and what holds while it goes on.
import connections from "./attacks/connections.mjs";
import frames from "./attacks/frames.mjs";
import headers from "./attacks/headers.mjs";
import messages from "./attacks/messages.mjs";
import resets from "./attacks/resets.mjs";
import tls from "./attacks/tls.mjs";

/** What holds while an attack goes on, unless it says otherwise. */
export const BOUNDS = {
  /** MB that the server may have more than before. */
  memoryMb: 128,
  /** What the honest client keeps of the calls a second that it has alone. */
  share: 1 / 3,
  /** Milliseconds in which 99 of 100 of its calls are answered. */
  p99Ms: 1_000,
  /** Handlers that run at once, for each connection that attackers made: those of a closed one run to their end. */
  handlers: Infinity,
};

/**
 * `secure`: it goes to the port of the server that wants TLS.
 *
 * @type {Array<{ name: string, says: string, run(attack: any): unknown, secure?: boolean, seconds?: number, bounds?: Partial<typeof BOUNDS> }>}
 */
export const ATTACKS = [...resets, ...frames, ...headers, ...messages, ...connections, ...tls];
