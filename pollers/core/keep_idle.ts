// How long a connection is idle before TCP asks whether its peer is there (TCP_KEEPIDLE).

/** The most that Linux takes. It refuses more, and a socket of Bun that is given more than 2^31 ms throws, uncaught. */
const MOST_SECONDS = 32_767;

/** The same in milliseconds. */
const MOST_MS = MOST_SECONDS * 1000;

/** `ms` in whole milliseconds, for systems that take those. */
export function keepIdleMs(ms: number): number {
  return Math.min(MOST_MS, Math.max(1, Math.ceil(ms)));
}

/** `ms` in whole seconds, rounded up: 0 would mean the system's own time. */
export function keepIdleSeconds(ms: number): number {
  return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(ms / 1000)));
}
