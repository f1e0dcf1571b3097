// Keepalive and the lifetime of connections: what applications say of them (gRFC A8, A9 and A18), and what that means.

import type { EndpointOptions } from "../pollers/contract/engine.ts";
import type { KeepaliveTimes } from "./http2/keepalive.ts";
import type { ManagementOptions } from "./http2/parts.ts";

/** How long a peer has to answer: gRPC's. */
const DEFAULT_KEEPALIVE_TIMEOUT_MS = 20_000;

/** Silence before a server asks its client whether it is there: gRPC's, two hours. */
const DEFAULT_SERVER_KEEPALIVE_TIME_MS = 7_200_000;

/** How often a client may send PING: gRPC's, five minutes. */
const DEFAULT_PERMIT_KEEPALIVE_TIME_MS = 300_000;

/** Ages differ by up to this share either way, so that connections that began together do not end together. */
const AGE_JITTER = 0.1;

/** How a side makes sure that the other is there (gRFC A8). */
export interface KeepaliveOptions {
  /**
   * Milliseconds without a byte from the peer before it is sent a PING. Infinity: none is sent. Default of a channel:
   * Infinity, and less than 10,000 is 10,000; of a server: two hours, and less than 1,000 is 1,000.
   */
  readonly timeMs?: number;
  /**
   * Milliseconds after the PING. When no byte has come by then the connection is closed, and its calls fail with
   * UNAVAILABLE. It is the socket's TCP_USER_TIMEOUT too, where the poller can set that. Default 20,000.
   */
  readonly timeoutMs?: number;
  /**
   * Of a channel: PINGs are sent while no call runs, too. Of a server: clients may do that, as often as with calls.
   * Default false.
   */
  readonly permitWithoutCalls?: boolean;
}

/** The same of a server, and what it permits its clients. */
export interface ServerKeepaliveOptions extends KeepaliveOptions {
  /**
   * Milliseconds between two PINGs of a client: of one that does not wait as long the third one in a row ends the
   * connection, with GOAWAY ENHANCE_YOUR_CALM "too_many_pings". Without calls they are two hours, unless
   * `permitWithoutCalls`. 0: clients may send as many as they like. Default five minutes.
   */
  readonly permitTimeMs?: number;
}

/** How long a server lets connections stand (gRFC A9). */
export interface ConnectionLifetimeOptions {
  /** Milliseconds without a call after which a connection is ended. Default: none is. */
  readonly maxConnectionIdleMs?: number;
  /** Milliseconds, 10% more or less, after which a connection takes no new calls. Default: it always does. */
  readonly maxConnectionAgeMs?: number;
  /** Milliseconds that its calls have from there on; those that still run fail with UNAVAILABLE. Default: any time. */
  readonly maxConnectionAgeGraceMs?: number;
}

/** What a client's connection is managed by. */
export function clientManagement(keepalive: KeepaliveOptions | undefined): ManagementOptions {
  return { keepalive: keepaliveTimes(keepalive, Infinity) };
}

/** What a server's connections are managed by, but for their age, which is of each its own. */
export function serverManagement(
  options: ConnectionLifetimeOptions & { readonly keepalive?: ServerKeepaliveOptions },
): ManagementOptions {
  const { permitTimeMs = DEFAULT_PERMIT_KEEPALIVE_TIME_MS } = options.keepalive ?? {};
  const times = keepaliveTimes(options.keepalive, DEFAULT_SERVER_KEEPALIVE_TIME_MS);
  const { permitWithoutCalls } = times;
  const { maxConnectionIdleMs: idleMs = Infinity, maxConnectionAgeMs: ageMs = Infinity } = options;
  return {
    keepalive: { ...times, permitWithoutCalls: true }, // a server asks with and without calls (gRFC A9)
    ...(permitTimeMs === 0 ? {} : { pingPolicy: { permitTimeMs, permitWithoutCalls } }),
    ...(idleMs === Infinity && ageMs === Infinity
      ? {}
      : { lifetime: { idleMs, ageMs, graceMs: options.maxConnectionAgeGraceMs ?? Infinity } }),
  };
}

/** The same with an age for one connection; `random` gives a number from 0 to below 1. */
export function jittered(management: ManagementOptions, random: () => number): ManagementOptions {
  const { lifetime } = management;
  if (lifetime === undefined || lifetime.ageMs === Infinity) return management;
  const ageMs = lifetime.ageMs * (1 + AGE_JITTER * (2 * random() - 1));
  return { ...management, lifetime: { ...lifetime, ageMs } };
}

/** The options of a client's socket: with keepalive, what was sent has as long as its PING has (gRFC A18). */
export function clientEndpoint(
  endpoint: EndpointOptions | undefined,
  keepalive: KeepaliveOptions | undefined,
): EndpointOptions {
  return endpointOf(endpoint, keepaliveTimes(keepalive, Infinity));
}

/** The same of a server's. */
export function serverEndpoint(
  endpoint: EndpointOptions | undefined,
  keepalive: ServerKeepaliveOptions | undefined,
): EndpointOptions {
  return endpointOf(endpoint, keepaliveTimes(keepalive, DEFAULT_SERVER_KEEPALIVE_TIME_MS));
}

function endpointOf(endpoint: EndpointOptions | undefined, times: KeepaliveTimes): EndpointOptions {
  return times.timeMs === Infinity ? endpoint ?? {} : { userTimeoutMs: times.timeoutMs, ...endpoint };
}

function keepaliveTimes(options: KeepaliveOptions | undefined, defaultTimeMs: number): KeepaliveTimes {
  const { timeMs = defaultTimeMs, timeoutMs = DEFAULT_KEEPALIVE_TIMEOUT_MS, permitWithoutCalls = false } =
    options ?? {};
  return { timeMs, timeoutMs, permitWithoutCalls };
}
