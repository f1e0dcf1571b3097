// Options of keepalive and of the lifetime of connections: what is wrong with them, and what is less than allowed.

import type {
  ConnectionLifetimeOptions,
  KeepaliveOptions,
  ServerKeepaliveOptions,
} from "../transport/mod.ts";
import { checkNumber, checkOptions, checkType, type OptionNames } from "./options.ts";

/** The least silence before a client's PING, as every library of gRPC has it: servers forbid more (gRFC A8). */
const MIN_CLIENT_KEEPALIVE_TIME_MS = 10_000;

/** The same of a server. */
const MIN_SERVER_KEEPALIVE_TIME_MS = 1_000;

/** What {@linkcode checkServerKeepalive} looks at. */
export interface CheckedOptions extends ConnectionLifetimeOptions {
  readonly keepalive?: ServerKeepaliveOptions;
}

const CLIENT_NAMES: OptionNames<KeepaliveOptions> = {
  timeMs: true,
  timeoutMs: true,
  permitWithoutCalls: true,
};
const SERVER_NAMES: OptionNames<ServerKeepaliveOptions> = { ...CLIENT_NAMES, permitTimeMs: true };

/** Throws TypeError for an unknown name in a server's `keepalive`, and RangeError for a value outside its range. */
export function checkServerKeepalive(purpose: string, options: CheckedOptions): void {
  const { keepalive, maxConnectionIdleMs, maxConnectionAgeMs, maxConnectionAgeGraceMs } = options;
  checkMs(purpose, "maxConnectionIdleMs", maxConnectionIdleMs, 1);
  checkMs(purpose, "maxConnectionAgeMs", maxConnectionAgeMs, 1);
  checkMs(purpose, "maxConnectionAgeGraceMs", maxConnectionAgeGraceMs, 0);
  if (keepalive === undefined) return;
  checkTimes(purpose, keepalive, SERVER_NAMES);
  checkMs(purpose, "keepalive.permitTimeMs", keepalive.permitTimeMs, 0);
}

/** A channel's keepalive, no more often than is allowed. Throws as {@linkcode checkServerKeepalive} does. */
export function readClientKeepalive(keepalive: KeepaliveOptions): KeepaliveOptions {
  checkTimes("make a channel", keepalive, CLIENT_NAMES);
  return atLeast(keepalive, MIN_CLIENT_KEEPALIVE_TIME_MS);
}

function checkTimes(
  purpose: string,
  keepalive: KeepaliveOptions,
  names: object,
): void {
  checkOptions(`${purpose}, keepalive`, keepalive, names);
  checkMs(purpose, "keepalive.timeMs", keepalive.timeMs, 1);
  checkMs(purpose, "keepalive.timeoutMs", keepalive.timeoutMs, 1);
  checkType(purpose, "keepalive.permitWithoutCalls", keepalive.permitWithoutCalls, "boolean");
}

/** A server's keepalive, no more often than is sensible. */
export function serverKeepalive(keepalive: ServerKeepaliveOptions): ServerKeepaliveOptions {
  return atLeast(keepalive, MIN_SERVER_KEEPALIVE_TIME_MS);
}

function atLeast<O extends KeepaliveOptions>(keepalive: O, leastMs: number): O {
  const { timeMs } = keepalive;
  return timeMs === undefined ? keepalive : { ...keepalive, timeMs: Math.max(timeMs, leastMs) };
}

function checkMs(purpose: string, name: string, value: number | undefined, least: number): void {
  checkNumber(purpose, name, value, least, `a number of milliseconds, ${least} or more, or Infinity`);
}
